"""Draws heap bytes an entry over the number of entries, from the rows of the example:

    cargo run --release --features track --example footprint_curves > docs/footprint.tsv
    python3 docs/footprint_python.py >> docs/footprint.tsv
    python3 docs/draw_footprint.py < docs/footprint.tsv > docs/footprint.svg

Standard library only. The picture follows the reader's light or dark setting.
"""

import csv
import math
import sys

from page import page

WIDTH, LEFT, RIGHT, TOP, HIGH = 800, 56, 120, 70, 330
HEIGHT = TOP + HIGH + 48
PANEL = WIDTH - LEFT - RIGHT
POWERS = (0, 7)
MOST = 140  # bytes an entry
PAYLOAD = 16

LIGHT = """
  .grid { stroke: #d1d9e0 } .axis { stroke: #8c959f; fill: none }
  path { fill: none; stroke-width: 2; stroke-linejoin: round }
  .line0 { stroke: #8c959f } .line1 { stroke: #656d76; stroke-dasharray: 6 3 }
  .line2 { stroke: #8250df } .line3 { stroke: #bc4c00 } .line4 { stroke: #0969da }
  .line5 { stroke: #1a7f37 }
  .of0, .of1 { fill: #59636e } .of2 { fill: #8250df } .of3 { fill: #bc4c00 }
  .of4 { fill: #0969da } .of5 { fill: #1a7f37 } .payload { stroke: #8c959f; stroke-dasharray: 2 4 }
"""
DARK = """
    .grid { stroke: #2b323b } .axis { stroke: #656c76 }
    .line0 { stroke: #656c76 } .line1 { stroke: #9198a1 }
    .line2 { stroke: #a371f7 } .line3 { stroke: #f0883e } .line4 { stroke: #4493f8 }
    .line5 { stroke: #3fb950 }
    .of0, .of1 { fill: #9198a1 } .of2 { fill: #a371f7 } .of3 { fill: #f0883e }
    .of4 { fill: #4493f8 } .of5 { fill: #3fb950 }
"""

MAPS = ["Python dict", "std HashMap", "OrderedMap", "Map", "CompactMap", "IntMap"]


def x_of(entries):
    return LEFT + PANEL * (math.log10(entries) - POWERS[0]) / (POWERS[1] - POWERS[0])


def y_of(bytes_each):
    return TOP + HIGH * (1 - min(bytes_each, MOST) / MOST)


def line(x1, y1, x2, y2, classes="grid"):
    return f'<line class="{classes}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x, y, said, anchor="start", classes="small"):
    return f'<text class="{classes}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{said}</text>'


def frame():
    out = []
    for mark in range(0, MOST + 1, 20):
        out += [line(LEFT, y_of(mark), LEFT + PANEL, y_of(mark))]
        out += [text(LEFT - 6, y_of(mark) + 4, mark, "end")]
    labels = ("1", "10", "100", "1,000", "10⁴", "10⁵", "10⁶", "10⁷")
    for power, label in zip(range(POWERS[0], POWERS[1] + 1), labels):
        x = x_of(10**power)
        out += [line(x, TOP, x, TOP + HIGH), text(x, TOP + HIGH + 18, label, "middle")]
    out.append(line(LEFT, y_of(PAYLOAD), LEFT + PANEL, y_of(PAYLOAD), "payload"))
    out.append(f'<rect class="axis" x="{LEFT}" y="{TOP}" width="{PANEL}" height="{HIGH}"/>')
    return out


def spread(ends):
    """Labels beside the ends of their lines, moved apart where they would touch."""
    placed, last = [], math.inf
    for y, label in sorted(ends, reverse=True):
        last = min(y, last - 16)
        placed.append((last, label))
    return placed


def draw(rows):
    out = [text(16, 48, "u64 to u64, entries put in one by one; dotted: the 16 bytes of an entry; "
                "Python's with its numbers")]
    out += frame()
    ends = []
    for color, name in enumerate(MAPS):
        mine = [(int(r["entries"]), int(r["heap_bytes"])) for r in rows if r["map"] == name]
        points = [(x_of(n), y_of(held / n)) for n, held in mine if n]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(f'<path class="line{color}" d="M{path}"/>')
        ends.append((points[-1][1] + 4, (color, name)))
    for y, (color, name) in spread(ends):
        out.append(text(LEFT + PANEL + 8, y, name, classes=f"of{color}"))
    out.append(text(LEFT + PANEL, HEIGHT - 8, "entries", "end"))
    title = "Heap bytes an entry while a map grows"
    return page(WIDTH, HEIGHT, title, describe(rows), LIGHT, DARK, out)


def describe(rows):
    most = max(int(row["entries"]) for row in rows)
    last = [row for row in rows if int(row["entries"]) == most]
    return ", ".join(f"{row['map']} {int(row['heap_bytes']) / most:.1f}" for row in last)


sys.stdout.write(draw(list(csv.DictReader(sys.stdin, delimiter="\t"))))
