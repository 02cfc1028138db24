#!/usr/bin/env python3
"""Writes tests/data/theta_golden.tsv: what Apache DataSketches says Theta has to be.

    pip install datasketches==5.2.0
    python3 tests/data/make_theta_golden.py > tests/data/theta_golden.tsv

Images are in hex up to 800 bytes, else their length and FNV-1a-64; doubles are the hex digits of
their 64 bits. Lines, by their first column:

one      lg_k, keys, n; estimate; the trimmed compact image, plain and compressed
set      operation, two sketches as lg_k:keys:first:end; estimate; the result's images. Both
         sketches are trimmed first
jaccard  two sketches; the estimate of their similarity
raw      lg_k, keys, n; image of a sketch that was not trimmed and not ordered
"""

import struct

import datasketches as ds

FNV_START, FNV_PRIME, MASK = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


def fnv(data, state=FNV_START):
    for byte in data:
        state = (state ^ byte) * FNV_PRIME & MASK
    return state


def bits(x):
    return struct.pack(">d", x).hex()


def image(data):
    return data.hex() if len(data) <= 800 else f"{len(data)}:{fnv(data):016x}"


def key(kind, i):
    if kind == "int":
        return i
    if kind == "str":
        return f"key-{i}"
    return float("nan") if i == 3 else -0.0 if i == 8 else i * 0.25 - 2.0


def sketch(lg_k, kind, first, end):
    result = ds.update_theta_sketch(lg_k)
    for i in range(first, end):
        result.update(key(kind, i))
    result.trim()
    return result


def images(compact):
    plain, compressed = bytes(compact.serialize()), bytes(compact.serialize(compress=True))
    return [bits(compact.get_estimate()), image(plain), image(compressed)]


def main():
    def line(*columns):
        print("\t".join(columns))

    for lg_k in (5, 8, 12):
        for kind in ("int", "str", "float"):
            for n in (0, 1, 2, 3, 5, 8, 9, 17, 32, 33, 100, 256, 257, 4_096, 4_097, 60_000):
                line("one", str(lg_k), kind, str(n), *images(sketch(lg_k, kind, 0, n).compact()))
    pairs = [
        ((8, "int", 0, 100), (8, "int", 50, 120)),
        ((8, "int", 0, 10_000), (8, "int", 5_000, 15_000)),
        ((12, "int", 0, 100_000), (12, "int", 50_000, 150_000)),
        ((12, "int", 0, 100_000), (10, "int", 50_000, 150_000)),
        ((10, "int", 0, 0), (10, "int", 0, 5_000)),
        ((10, "int", 0, 5_000), (10, "int", 0, 0)),
        ((10, "int", 0, 30), (10, "int", 10, 50_000)),
        ((10, "int", 0, 5_000), (10, "str", 0, 5_000)),
    ]
    for first, second in pairs:
        a, b = sketch(*first), sketch(*second)
        names = [":".join(map(str, part)) for part in (first, second)]
        union = ds.theta_union(first[0])
        union.update(a)
        union.update(b)
        line("set", "union", *names, *images(union.get_result()))
        both = ds.theta_intersection()
        both.update(a)
        both.update(b)
        line("set", "intersection", *names, *images(both.get_result()))
        line("set", "difference", *names, *images(ds.theta_a_not_b().compute(a, b)))
        line("jaccard", *names, bits(ds.theta_jaccard_similarity.jaccard(a, b)[1]))
    for lg_k, n in ((5, 20), (5, 50), (8, 400)):
        raw = ds.update_theta_sketch(lg_k)
        for i in range(n):
            raw.update(i)
        line("raw", str(lg_k), "int", str(n), bytes(raw.compact(False).serialize()).hex())


main()
