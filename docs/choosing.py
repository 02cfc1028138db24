"""Writes CHOOSING.md: choosing.template.md with its figures filled in from the records of the benches.

    python3 docs/choosing.py          writes it
    python3 docs/choosing.py --check  fails if it is not what template and records say

What stands in double braces in the template is an expression of Python; `At` has what it may say of a
race, and the names of the races are set between `<!-- let` and `-->`. No other figure that was measured
may stand there: what looks like one is refused. Standard library only.
"""

import re
import sys
from pathlib import Path

import compare
from written import write_or_check

HERE = Path(__file__).parent
TEMPLATE = HERE / "choosing.template.md"
PAGE = HERE / "CHOOSING.md"
NOTE = "<!-- Written by docs/choosing.py from choosing.template.md and benches/record. -->"

# A number with a decimal point, or of nanoseconds, of times or of bytes.
FIGURE = re.compile(r"\d\.\d|\d (ns|us|ms|times)\b|\d bytes an?\b|\d %")


class At:
    """The contenders of one bench in one setting."""

    def __init__(self, works, setting):
        self.works = works
        count = re.search(r"\bn ([\d,]+)", setting)
        self.items = int(count[1].replace(",", "")) if count else None

    def value(self, name, work):
        told = self.works.get(work, {}).get(name)
        if not told:
            sys.exit(f"docs/choosing.template.md: there is no record of {work!r} for {name!r}")
        return compare.time(told)

    def ns(self, name, *works):
        """Nanoseconds an operation, or what else is told of each work."""
        return " / ".join(compare.number(self.value(name, work)) for work in works)

    def all_bytes(self, name):
        return max(compare.size(told[name]) for told in self.works.values() if name in told)

    def bytes(self, name):
        """Bytes an item."""
        return compare.number(self.all_bytes(name) / self.items)

    def bits(self, name):
        """Bits an item."""
        return compare.number(self.all_bytes(name) * 8 / self.items)

    def cell(self, name, *works):
        return f"{self.bytes(name)}; {self.ns(name, *works)}"

    def times(self, work, name, other):
        """How many times the time of `other` that of `name` is."""
        return ratio(self.value(name, work) / self.value(other, work))

    def room(self, name, other):
        """How many times the bytes of `other` those of `name` are."""
        return ratio(self.all_bytes(name) / self.all_bytes(other))


def ratio(value):
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def page():
    _, suffix, machine, _ = compare.BUILDS[0]
    found, _ = compare.races(suffix, machine)
    text = TEMPLATE.read_text()
    names = {
        "machine": compare.MACHINES[machine],
        "at": lambda bench, setting="": At(found[bench][setting], setting),
    }
    block = re.search(r"<!-- let\n(.*?)-->\n", text, re.S)
    exec(block[1], names)  # of this repository, as the script itself
    text = text.replace(block[0], NOTE + "\n")
    filling = re.compile(r"\{\{(.*?)\}\}", re.S)
    for number, line in enumerate(filling.sub("", text).splitlines(), 1):
        if FIGURE.search(line):
            sys.exit(f"docs/choosing.template.md, line {number} of the page: a figure by hand: {line}")
    return filling.sub(lambda found: str(eval(found[1].strip(), names)), text)


if __name__ == "__main__":
    write_or_check(PAGE, page(), "choosing.py")
