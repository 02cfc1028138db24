"""Heap bytes of Python's dict of numbers as it grows, for the rows of the example:

    python3 docs/footprint_python.py >> docs/footprint.tsv

The table, and an object for each key and each value, in the steps of 16 bytes that Python's own
allocator has. Standard library only.
"""

import csv
import sys


def step(size):
    return (size + 15) // 16 * 16


def key(i):
    mixed = i * 0x9E3779B97F4A7C15 % 2**64
    mixed = (mixed << 31 | mixed >> 33) % 2**64
    return mixed * 0xD6E8FEB86659FD93 % 2**64


def main():
    with open("docs/footprint.tsv", encoding="ascii") as file:
        sizes = sorted({int(row["entries"]) for row in csv.DictReader(file, delimiter="\t")})
    entries, objects, empty = {}, 0, sys.getsizeof({})
    for size in sizes:
        for i in range(len(entries), size):
            entries[key(i)] = i
            objects += step(sys.getsizeof(key(i))) + step(sys.getsizeof(i))
        print("Python dict", size, sys.getsizeof(entries) - empty + objects, sep="\t")


main()
