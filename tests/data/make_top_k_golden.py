#!/usr/bin/env python3
"""Completes tests/data/top_k_golden.tsv: what Apache DataSketches says of frequent items.

    pip install datasketches==5.2.0
    LESSRAM_BLESS=1 cargo test --test top_k
    python3 tests/data/make_top_k_golden.py

Lines, by their first column:

same  numbers or strings, lg_max, n; the image of the keys 0 to n-1, key i counted i % 7 + 1 times,
      in hex. No key was purged.
read  a name, an image of ours in hex (which the test writes); the total, the largest error, and
      each item with its bounds, separated by spaces
"""

import pathlib

import datasketches as ds

PATH = pathlib.Path(__file__).with_name("top_k_golden.tsv")


def image(sketch, strings):
    return sketch.serialize() if strings else sketch.serialize(ds.PyLongsSerDe())


def same(kind, lg_max, n):
    strings = kind == "strings"
    sketch = ds.frequent_strings_sketch(lg_max) if strings else ds.frequent_items_sketch(lg_max)
    for key in range(n):
        sketch.update(f"key-{key}" if strings else key, key % 7 + 1)
    return ["same", kind, str(lg_max), str(n), image(sketch, strings).hex()]


def read(name, ours):
    if name.startswith("strings"):
        sketch = ds.frequent_strings_sketch.deserialize(bytes.fromhex(ours))
    else:
        sketch = ds.frequent_items_sketch.deserialize(bytes.fromhex(ours), ds.PyLongsSerDe())
    every = ds.frequent_items_error_type.NO_FALSE_NEGATIVES
    items = sketch.get_frequent_items(every, 0)
    items = sorted((item, lower, upper) for item, _, lower, upper in items)
    offset = items[0][2] - items[0][1] if items else 0
    items = [f"{item} {lower} {upper}" for item, lower, upper in items]
    return ["read", name, ours, str(sketch.total_weight), str(offset), *items]


def main():
    lines = [line.split("\t") for line in PATH.read_text().splitlines()]
    rows = [read(*line[1:3]) for line in lines if line[0] == "read"]
    for kind in ("numbers", "strings"):
        rows += [same(kind, lg_max, n) for lg_max, n in [(8, 0), (8, 1), (8, 6), (8, 7), (10, 100)]]
    PATH.write_text("".join("\t".join(row) + "\n" for row in rows))


main()
