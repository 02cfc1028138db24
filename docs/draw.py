"""Draws the bytes of each structure, from the JSON of the command:

    cargo run --release --features cli -- compare --json | python3 docs/draw.py > docs/compare.svg

Standard library only. The picture follows the reader's light or dark setting.
"""

import json
import sys
from html import escape

from page import page

ROW, LEFT, BAR, WIDTH, TOP = 26, 170, 430, 760, 64

LIGHT = "  .ours { fill: #0969da } .peer { fill: #8c959f }"
DARK = "    .ours { fill: #4493f8 } .peer { fill: #656c76 }"


def draw(table):
    rows = [row for row in table["rows"] if row["heap_bytes"]]
    rows.sort(key=lambda row: row["heap_bytes"])
    widest = rows[-1]["heap_bytes"]
    items = table["items"]
    height = TOP + ROW * len(rows) + 16
    title = f"Heap bytes per item, {items:,} {table['kind']}"
    out = [
        '<text class="small" x="16" y="48">requested from the allocator; '
        "at the right, ns for a random look-up of a present key; "
        "~ approximate, does not hold its keys</text>",
    ]
    for i, row in enumerate(rows):
        y = TOP + i * ROW
        length = max(2, BAR * row["heap_bytes"] / widest)
        kind = "peer" if row["peer"] else "ours"
        hit = f"{row['hit_ns']:.0f} ns" if row["hit_ns"] else ""
        name = row["structure"] + ("" if row["exact"] else " ~")
        out += [
            f'<text x="16" y="{y + 16}">{escape(name)}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{y + 3}" width="{length:.1f}" '
            f'height="{ROW - 8}" rx="2"/>',
            f'<text x="{LEFT + length + 8:.1f}" y="{y + 16}">{row["heap_bytes"] / items:.1f}</text>',
            f'<text class="small" x="{WIDTH - 16}" y="{y + 16}" text-anchor="end">{hit}</text>',
        ]
    return page(WIDTH, height, title, describe(rows, items), LIGHT, DARK, out)


def describe(rows, items):
    return ", ".join(f"{row['structure']} {row['heap_bytes'] / items:.1f}" for row in rows)


sys.stdout.write(draw(json.load(sys.stdin)))
