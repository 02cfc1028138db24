#!/usr/bin/env python3
"""Writes tests/data/hll_golden.tsv: what Apache DataSketches says HyperLogLog has to be.

    pip install datasketches==5.2.0
    python3 tests/data/make_hll_golden.py > tests/data/hll_golden.tsv

Lines, by their first column; doubles are the hex digits of their 64 bits, images are their length
and FNV-1a-64:

one        lg_k, keys, n; estimate, lower bounds 1..3, upper bounds 1..3; the updatable image and
           its first 40 bytes; the compact image; the updatable image after reading the compact one
union      sketches as lg_k:keys:first:end, merged in their order into the first; the same columns.
           `exact` or `running` comes first: `running` marks unions of a list or a set with a larger
           array, in which version 5.2.0 goes on counting with the sums of an empty array. Lessram
           takes those of the folded array, so the running estimate alone differs.
composite  lg_k, number of estimates, FNV-1a-64 of their bits: over the whole interpolation table
narrow     4 or 6, lg_k, keys, n; the updatable and the compact image of a stream, in hex
as         4 or 6, sketches as for union; its result as updatable and as compact image
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
    return [str(len(data)), f"{fnv(data):016x}"]


def key(kind, i):
    if kind == "int":
        return i
    if kind == "minus":
        return -i
    if kind == "mix":
        mixed = i * 0x9E3779B97F4A7C15 & MASK
        return mixed - (1 << 64) if mixed >> 63 else mixed
    if kind == "str":
        return f"key-{i}"
    if kind == "float":
        return float("nan") if i == 3 else -0.0 if i == 8 else i * 0.25 - 2.0
    raise ValueError(kind)


def sketch(lg_k, kind, first, end):
    result = ds.hll_sketch(lg_k, ds.HLL_8)
    for i in range(first, end):
        result.update(key(kind, i))
    return result


def answers(s):
    bounds = [s.get_lower_bound(d) for d in (1, 2, 3)] + [s.get_upper_bound(d) for d in (1, 2, 3)]
    updatable, compact = s.serialize_updatable(), s.serialize_compact()
    reread = ds.hll_sketch.deserialize(compact).serialize_updatable()
    figures = [bits(x) for x in [s.get_estimate(), *bounds]]
    start = bytes(updatable[:40]).hex()
    return [*figures, *image(updatable), start, *image(compact), *image(reread)]


def ones():
    for n in (0, 1, 5, 7, 8, 9, 24, 25, 100, 200, 384, 385, 1_000, 10_000, 100_000):
        yield 12, "int", n
    for lg_k in (4, 5, 6, 7, 8, 10, 11, 13, 14, 17, 21):
        for n in (0, 1, 7, 8, 24, 25, 300, 3_000, 60_000):
            yield lg_k, "mix", n
    for kind in ("minus", "str", "float", "mix"):
        for n in (1, 7, 40, 1_000, 30_000):
            yield 12, kind, n
    yield 21, "mix", 196_608
    yield 21, "mix", 196_609
    yield 21, "int", 400_000


# lg_k, keys, first, end
UNIONS = [
    [(12, "int", 0, 10_000), (12, "int", 5_000, 15_000)],
    [(12, "int", 0, 100_000), (12, "int", 50_000, 150_000)],
    [(12, "int", 0, 500), (12, "int", 400, 900)],
    [(12, "int", 0, 1_500), (12, "int", 1_500, 3_000)],
    [(12, "int", 0, 100), (12, "int", 50, 150)],
    [(12, "int", 0, 5), (12, "int", 3, 9)],
    [(12, "int", 0, 5), (12, "int", 3, 6)],
    [(12, "int", 0, 0), (12, "int", 0, 100)],
    [(12, "int", 0, 100), (12, "int", 0, 0)],
    [(12, "int", 0, 0), (12, "int", 0, 10_000)],
    [(12, "int", 0, 10_000), (12, "int", 20_000, 20_005)],
    [(12, "int", 0, 10_000), (12, "int", 20_000, 20_100)],
    [(12, "int", 0, 5), (12, "int", 100, 10_000)],
    [(12, "int", 0, 300), (12, "int", 100, 10_000)],
    [(12, "int", 0, 300), (12, "int", 200, 600)],
    [(12, "int", 0, 2_000), (12, "mix", 0, 2_000), (12, "str", 0, 2_000)],
    [(12, "int", 0, 2_000), (12, "mix", 0, 2_000), (12, "str", 0, 20)],
    [(12, "int", 0, 20_000), (10, "int", 10_000, 30_000)],
    [(10, "int", 0, 20_000), (12, "int", 10_000, 30_000)],
    [(12, "int", 0, 2_000), (10, "int", 2_000, 2_500)],
    [(10, "int", 0, 300), (14, "int", 200, 3_000)],
    [(12, "int", 0, 20), (10, "int", 10, 5_000)],
    [(12, "int", 0, 0), (10, "int", 10, 5_000)],
    [(10, "int", 0, 0), (14, "int", 10, 5_000)],
    [(10, "int", 0, 0), (12, "int", 10, 100)],
    [(10, "int", 0, 5_000), (12, "int", 10, 100)],
    [(12, "int", 0, 100), (8, "int", 10, 30)],
    [(8, "int", 0, 20), (12, "int", 10, 100)],
    [(14, "int", 0, 20_000), (12, "int", 0, 20_000), (10, "int", 0, 20_000)],
    [(10, "int", 0, 100_000), (10, "int", 100_000, 200_000)],
    [(4, "int", 0, 6), (4, "int", 6, 12)],
    [(4, "mix", 0, 20), (4, "mix", 20, 40)],
    [(4, "mix", 0, 100), (4, "mix", 100, 1_000)],
    [(5, "mix", 0, 30), (5, "mix", 20, 60)],
    [(6, "mix", 0, 60), (6, "mix", 50, 90)],
    [(7, "mix", 0, 200), (7, "mix", 150, 900)],
    [(8, "mix", 0, 200), (8, "mix", 150, 900)],
    [(11, "mix", 0, 1_000), (11, "mix", 500, 1_600)],
    [(13, "mix", 0, 5_000), (13, "mix", 5_000, 9_000)],
    [(16, "mix", 0, 40_000), (16, "mix", 20_000, 90_000)],
    [(18, "mix", 0, 60_000), (18, "mix", 60_000, 90_000)],
    [(10, "int", 0, 40), (14, "int", 40, 3_000)],
    [(12, "int", 0, 300), (13, "int", 10_000, 10_800)],
]


def unite(parts, target=ds.HLL_8):
    exact, result = True, sketch(*parts[0])
    for lg_k, kind, start, end in parts[1:]:
        other = sketch(lg_k, kind, start, end)
        # A union for each step: version 5.2.0 takes one that has just been folded for an empty one,
        # and the next sketch replaces what it held.
        union = ds.hll_union(result.lg_config_k)
        union.update(result)
        union.update(other)
        coupons_met_array = result.serialize_updatable()[0] != 10 == other.serialize_updatable()[0]
        exact &= not coupons_met_array or result.is_empty() or lg_k <= result.lg_config_k
        last = union.get_result(target)
        result = union.get_result(ds.HLL_8)
    result = last
    return "exact" if exact else "running", result


def composite(lg_k):
    """Estimates of merged images with sums of our choice, all over the table and beyond."""
    k, state, count = 1 << lg_k, FNV_START, 0
    registers = bytes(k)
    for j in range(300, 6_000, 3 if lg_k < 18 else 7):
        total, zeros = k * 400.0 / j, j * 7_919 % (k + 1)
        head = bytes([10, 1, 7, lg_k, 0, 16, 0, 10])
        sums = struct.pack("<dddII", 0.0, total, 0.0, zeros, 0)
        estimate = ds.hll_sketch.deserialize(head + sums + registers).get_estimate()
        state = fnv(struct.pack("<d", estimate), state)
        count += 1
    return [str(lg_k), str(count), f"{state:016x}"]


def main():
    def line(*columns):
        print("\t".join(columns))

    for lg_k, kind, n in ones():
        line("one", str(lg_k), kind, str(n), *answers(sketch(lg_k, kind, 0, n)))
    for parts in UNIONS:
        exact, result = unite(parts)
        names = " ".join(":".join(map(str, part)) for part in parts)
        line("union", exact, names, *answers(result))
    for lg_k in range(4, 22):
        line("composite", *composite(lg_k))
    for bits, kind in (("4", ds.HLL_4), ("6", ds.HLL_6)):
        for lg_k in (4, 6, 8):
            for n in (0, 3, 11, 24, 100, 1_000, 30_000):
                other = ds.hll_sketch(lg_k, kind)
                for i in range(n):
                    other.update(key("mix", i))
                images = (other.serialize_updatable(), other.serialize_compact())
                line("narrow", bits, str(lg_k), "mix", str(n), *(bytes(x).hex() for x in images))
        for parts in UNIONS:
            if unite(parts)[0] == "exact":
                names = " ".join(":".join(map(str, part)) for part in parts)
                result = unite(parts, kind)[1]
                images = (result.serialize_updatable(), result.serialize_compact())
                line("as", bits, names, *image(images[0]), *image(images[1]))


main()
