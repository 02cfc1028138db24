#!/usr/bin/env python3
"""Writes tests/data/kll_golden.tsv: what Apache DataSketches says a KLL sketch has to be.

    pip install datasketches==5.2.0
    python3 tests/data/make_kll_golden.py > tests/data/kll_golden.tsv

Lines: `double` or `float`, k, n, whether the bytes are the same in every sketch of these numbers
(nothing was thinned out), the image in hex, and then of that image: min, max, retained numbers,
the quantiles 0, 0.1 .. 1, the ranks of the numbers 0, 1000 .. 10000, both inclusive (get_quantile of
C++ and Python is exclusive unless told so). Doubles are the hex digits of
their 64 bits. Number i of a sketch is i * 7919 mod 10007, less 2 in the first place.
"""

import struct

import datasketches as ds


def bits(x):
    return struct.pack(">d", x).hex()


for name, make in [("double", ds.kll_doubles_sketch), ("float", ds.kll_floats_sketch)]:
    for k, n in [(200, 0), (200, 1), (200, 2), (200, 9), (200, 200), (8, 8), (20, 500),
                 (200, 201), (200, 2_000), (50, 100_000)]:
        sketch = make(k)
        for i in range(n):
            sketch.update(i * 7919 % 10007 - 2 * (i == 0))
        exact = int(not sketch.is_estimation_mode())
        columns = [name, k, n, exact, sketch.serialize().hex()]
        if n > 0:
            columns += [bits(sketch.get_min_value()), bits(sketch.get_max_value())]
            columns.append(sketch.num_retained)
            columns += [bits(sketch.get_quantile(q / 10, True)) for q in range(11)]
            columns += [bits(sketch.get_rank(x * 1000, True)) for x in range(11)]
        print(*columns, sep="\t")
