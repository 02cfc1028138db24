"""Draws the errors of distinct counts over the number of keys, from the rows of the example:

    cargo run --release --example error_curves > docs/errors.tsv
    python3 docs/draw_errors.py < docs/errors.tsv > docs/errors.svg

Standard library only. The picture follows the reader's light or dark setting.
"""

import csv
import math
import sys
from html import escape

from page import page

WIDTH, LEFT, GAP, TOP = 800, 56, 18, 116
PANEL, HIGH, LOW = 228, 280, 90  # a panel's width, the height of errors and of biases
BIAS_TOP = TOP + HIGH + 44
HEIGHT = BIAS_TOP + LOW + 46
KEYS = (1, 6)  # powers of ten
ERRORS = (0.001, 0.3)
MOST_BIAS = 5  # in standard deviations of the mean

# Sketches, and the sizes of theirs that are drawn: from the most error to the least.
SKETCHES = [("ExaLogLog", (8, 11, 14)), ("HyperLogLog", (8, 12, 16)), ("Theta", (8, 12, 16))]

LIGHT = """
  .head { font-weight: 600 } .band { fill: #eaeef2 }
  .grid { stroke: #d1d9e0 } .axis { stroke: #8c959f; fill: none }
  path, .key { fill: none; stroke-width: 2; stroke-linejoin: round }
  .size0 { stroke: #bc4c00 } .size1 { stroke: #0969da } .size2 { stroke: #1a7f37 }
  .of0 { fill: #bc4c00 } .of1 { fill: #0969da } .of2 { fill: #1a7f37 }
  .merged { stroke-dasharray: 6 3 } .running { stroke-dasharray: 2 3 }
  .stated { stroke: #8c959f; stroke-width: 5; opacity: 0.45 }
"""
DARK = """
    .band { fill: #1c2330 }
    .grid { stroke: #2b323b } .axis { stroke: #656c76 }
    .size0 { stroke: #f0883e } .size1 { stroke: #4493f8 } .size2 { stroke: #3fb950 }
    .of0 { fill: #f0883e } .of1 { fill: #4493f8 } .of2 { fill: #3fb950 }
    .stated { stroke: #656c76 }
"""


def x_of(panel, keys):
    left = LEFT + panel * (PANEL + GAP)
    return left + PANEL * (math.log10(keys) - KEYS[0]) / (KEYS[1] - KEYS[0])


def y_of_error(error):
    low, high = map(math.log, ERRORS)
    share = (math.log(min(max(error, ERRORS[0]), ERRORS[1])) - low) / (high - low)
    return TOP + HIGH * (1 - share)


def y_of_bias(deviations):
    share = max(-MOST_BIAS, min(MOST_BIAS, deviations)) / MOST_BIAS
    return BIAS_TOP + LOW / 2 * (1 - share)


def path(classes, points):
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<path class="{classes}" d="M{line}"/>'


def line(x1, y1, x2, y2, classes="grid"):
    return f'<line class="{classes}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def small(x, y, text, anchor="start"):
    return f'<text class="small" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def box(left, top, height, classes):
    return (
        f'<rect class="{classes}" x="{left}" y="{top:.1f}" width="{PANEL}" height="{height:.1f}"/>'
    )


def frame(panel, name):
    left = LEFT + panel * (PANEL + GAP)
    out = [f'<text class="head" x="{left}" y="{TOP - 12}">{escape(name)}</text>']
    out.append(box(left, y_of_bias(3), y_of_bias(-3) - y_of_bias(3), "band"))
    marks = [(y_of_error(e), f"{e * 100:g} %") for e in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)]
    marks += [(y_of_bias(d), f"{d:+d}" if d else "0") for d in (-3, 0, 3)]
    for y, label in marks:
        out.append(line(left, y, left + PANEL, y))
        if panel == 0:
            out.append(small(left - 6, y + 4, label, "end"))
    for power in range(KEYS[0], KEYS[1] + 1):
        x = x_of(panel, 10**power)
        out += [line(x, top, x, top + height) for top, height in ((TOP, HIGH), (BIAS_TOP, LOW))]
        if power % 2 == 0 or panel == 0 and power == 1:
            label = ("10", "100", "1,000", "10⁴", "10⁵", "10⁶")[power - 1]
            out.append(small(x, BIAS_TOP + LOW + 16, label, "middle"))
    return out + [box(left, TOP, HIGH, "axis"), box(left, BIAS_TOP, LOW, "axis")]


def curves(panel, name, sizes, rows):
    """Errors and biases, the thick lines of theory below all others."""
    stated, drawn = [], []
    for color, size in enumerate(sizes):
        for sketch, form, dashes in (
            (name, "one", ""),
            (name, "merged", " merged"),
            (f"{name}, running", "one", " running"),
        ):
            want = (sketch, form, str(size))
            mine = [r for r in rows if (r["sketch"], r["form"], r["log2_size"]) == want]
            seen = [row for row in mine if float(row["rms"]) >= ERRORS[0]]
            if not seen:
                continue
            late = mine[mine.index(seen[0]):]
            at = lambda row: x_of(panel, int(row["keys"]))
            stated.append(path("stated", [(at(r), y_of_error(float(r["stated"]))) for r in late]))
            classes = f"size{color}{dashes}"
            drawn.append(path(classes, [(at(r), y_of_error(float(r["rms"]))) for r in late]))
            drawn.append(path(classes, [(at(r), y_of_bias(deviations(r))) for r in mine]))
        last = [r for r in rows if r["sketch"] == name and int(r["log2_size"]) == size][-1]
        kilobytes = int(last["bytes"]) / 1000
        x, y = LEFT + panel * (PANEL + GAP) + PANEL - 8, TOP + 17 + 16 * color
        drawn.append(
            f'<text class="of{color}" x="{x}" y="{y}" text-anchor="end" style="font-size:13px">'
            f"2^{size}: {kilobytes:.{1 if kilobytes < 100 else 0}f} KB</text>"
        )
    return stated + drawn


def deviations(row):
    rms, bias = float(row["rms"]), float(row["bias"])
    return bias / (rms / math.sqrt(int(row["trials"]))) if rms > 5e-5 else 0.0


def draw(rows):
    title = "Error of distinct counts over the number of keys"
    trials = rows[0]["trials"]
    out = [
        small(16, 48, f"relative rms error over {trials} streams; below, the mean error in its own "
              "standard deviations: within the band, no bias is seen"),
    ]
    x = 16
    for classes, label in (
        ("key size1", "one stream"),
        ("key size1 merged", "two halves, merged"),
        ("key size1 running", "running estimate"),
        ("key stated", "stated by the sketch (theory)"),
    ):
        out += [line(x, 70, x + 34, 70, classes), small(x + 42, 74, label)]
        x += 62 + 7 * len(label)
    for panel, (name, sizes) in enumerate(SKETCHES):
        out += frame(panel, name) + curves(panel, name, sizes, rows)
    out.append(small(LEFT, BIAS_TOP - 8, "mean error"))
    out.append(small(WIDTH - 16, HEIGHT - 8, "keys", "end"))
    return page(WIDTH, HEIGHT, title, describe(rows), LIGHT, DARK, out)


def describe(rows):
    last = [row for row in rows if int(row["keys"]) == 10 ** KEYS[1]]
    return ", ".join(
        f"{row['sketch']} 2^{row['log2_size']} {row['form']} {float(row['rms']):.2%}"
        for row in last
    )


sys.stdout.write(draw(list(csv.DictReader(sys.stdin, delimiter="\t"))))
