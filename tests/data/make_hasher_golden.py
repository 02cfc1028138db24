#!/usr/bin/env python3
"""Writes tests/data/hasher_golden.tsv: scikit-learn's columns and signs.

    pip install scikit-learn==1.9.1
    python3 tests/data/make_hasher_golden.py > tests/data/hasher_golden.tsv

Lines: columns, 1 with signs or 0 without, `words` or `pairs`, the features of a row separated by
spaces, the row as column:number separated by spaces. Of pairs, `name:value`, values that are numbers
end in `n`.
"""

import random

from sklearn.feature_extraction import FeatureHasher

MASK = (1 << 32) - 1


def rotate(x, bits):
    return (x << bits | x >> (32 - bits)) & MASK


def scramble(block):
    return rotate(block * 0xCC9E2D51 & MASK, 15) * 0x1B873593 & MASK


def word_of_the_smallest_hash():
    """A word of 8 letters whose hash is -2^31, the one that has no absolute value."""
    inverse = {c: pow(c, -1, 1 << 32) for c in (0xCC9E2D51, 0x1B873593, 5, 0x85EBCA6B, 0xC2B2AE35)}
    h = 1 << 31
    h ^= h >> 16
    h = h * inverse[0xC2B2AE35] & MASK
    h ^= h >> 13 ^ h >> 26
    h = h * inverse[0x85EBCA6B] & MASK
    h ^= h >> 16
    h ^= 8
    after = (h - 0xE6546B64) * inverse[5] & MASK
    after = rotate(after, 19)
    chooser = random.Random(1)
    while True:
        first = bytes(chooser.choice(b"abcdefghijklmnopqrstuvwxyz") for _ in range(4))
        state = rotate(scramble(int.from_bytes(first, "little")), 13) * 5 + 0xE6546B64 & MASK
        block = (after ^ state) * inverse[0x1B873593] & MASK
        block = rotate(block, 17) * inverse[0xCC9E2D51] & MASK
        second = block.to_bytes(4, "little")
        if second.isalnum():
            return (first + second).decode()


WORDS = ["a", "ab", "abc", "abcd", "foo", "Zwiebel", "na\u00efve", "\u65e5\u672c\u8a9e", "x" * 100,
         "the", "quick", "brown", "fox", "dog=1", word_of_the_smallest_hash()]
WORDS += [f"word-{i * i}" for i in range(40)]
PAIRS = [("colour", "red"), ("colour", "blue"), ("n\u00e4me", "\u00e9t\u00e9"), ("size", 2.5),
         ("size", -1.0), ("weight", 0.0), ("x", "")]


def row(matrix):
    matrix = matrix.tocsr()
    return " ".join(f"{c}:{v:g}" for c, v in zip(matrix.indices, matrix.data))


for columns in [1, 2, 7, 16, 1000, 1 << 20, (1 << 31) - 1]:
    for signs in [True, False]:
        words = FeatureHasher(columns, input_type="string", alternate_sign=signs)
        pairs = FeatureHasher(columns, input_type="pair", alternate_sign=signs)
        for part in [WORDS[:15], WORDS[15:], ["foo"], WORDS[14:15]]:
            print(columns, int(signs), "words", " ".join(part), row(words.transform([part])), sep="\t")
        told = " ".join(f"{n}:{v}" if isinstance(v, str) else f"{n}:{v}n" for n, v in PAIRS)
        print(columns, int(signs), "pairs", told, row(pairs.transform([PAIRS])), sep="\t")
