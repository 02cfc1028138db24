"""Writes PAPERS.md: what each structure stands on, from the References of its docs.

    python3 docs/papers.py          writes it
    python3 docs/papers.py --check  fails if it is not what the sources say

Standard library only.
"""

import re
from pathlib import Path

from written import write_or_check

HERE = Path(__file__).parent
SOURCES = HERE.parent / "src"
PAGE = HERE / "PAPERS.md"

HEAD = """# Papers

<!-- Written by docs/papers.py from the sources; `python3 docs/papers.py --check` in CI. -->

What each structure stands on: the references of its own docs, where its layout, formulas and limits are.
"""

FAMILIES = ["arrays", "maps", "tries", "filters", "sketches", "hashing", "storage", "mem", "others"]


def comments(text):
    """Runs of lines of documentation, and the line of code behind each."""
    run = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(("///", "//!")):
            run.append(stripped[3:].removeprefix(" "))
        elif run and not stripped.startswith("#["):
            yield run, stripped
            run = []


def references():
    """Family, name and references of whatever has some."""
    for path in sorted(SOURCES.rglob("*.rs")):
        for run, code in comments(path.read_text()):
            if "# References" not in run:
                continue
            told = run[run.index("# References") + 1:]
            end = next((i for i, line in enumerate(told) if line.startswith("# ")), len(told))
            name = re.search(r"(?:struct|enum|trait|mod|fn) (\w+)", code)
            place = path.relative_to(HERE.parent)
            family = place.parts[1] if place.parts[1] in FAMILIES else "others"
            title = f"`{name[1]}`" if name else f"`{place.stem}`"
            yield family, title, place, flow(told[:end])


def flow(lines):
    """One line; items of a list on lines of their own."""
    text = " ".join(" ".join(lines).split())
    return re.sub(r"(?:^| )- (?=[A-Z])", "<br>", text).removeprefix("<br>")


def page():
    out = [HEAD.strip()]
    told = list(references())
    for family in FAMILIES:
        of = [entry for entry in told if entry[0] == family]
        if of:
            out.append(f"\n## {family}\n\n| what | references |\n|---|---|")
        for _, title, place, text in of:
            out.append(f"| [{title}](../{place}) | {plain(text)} |")
    return "\n".join(out) + "\n"


def plain(text):
    """Without links that only rustdoc can follow."""
    text = re.sub(r"\[(`[^`]+`)\](?:\([^)]*::[^)]*\))?(?!\()", r"\1", text)
    return text.replace("|", "\\|")


write_or_check(PAGE, page(), "papers.py")
