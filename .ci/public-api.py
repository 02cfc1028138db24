"""Lists the public API from the pages that rustdoc wrote: python3 public-api.py FOLDER [LIST]

FOLDER is doc/lessram in the target folder. Prints the list; or compares it with the file LIST, and
fails if that is stale. `testkit`, which serves the crate's own tests, is left out.

Declarations come as rustdoc prints them; then a type's own methods and constants, and the traits
that it implements. What every type has, and what follows from its fields (`Send`, `Sync`), is not
listed. Another rustdoc may print the same API otherwise: then differences are shown and no more.
"""

import difflib
import html
import re
import subprocess
import sys
from pathlib import Path

ITEM = re.compile(r'<a href="([^"#]+\.html)">([^<]+)</a>')
DECLARED = re.compile(r'<pre class="rust item-decl"><code>(.*?)</code></pre>', re.S)
OWN = re.compile(
    r'<section id="(?:method|associatedconstant)\.[^"]*" class="[a-z]*">.*?'
    r'<h4 class="code-header">(.*?)</h4>',
    re.S,
)
TRAIT = re.compile(
    r'<section id="impl-[^"]*" class="impl">.*?<h3 class="code-header">(.*?)</h3>', re.S
)
TYPES = ("struct", "enum", "union")
# Each derive of PartialEq brings it.
UNSAID = {"StructuralPartialEq"}


def text(markup):
    """What a reader sees, on one line."""
    blocks = re.sub(r"<(div|br)", r" <\1", markup)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", blocks)).split())


def part(page, start, end):
    """The page from one mark to the other, or to its end; nothing without the first."""
    _, found, rest = page.partition(start)
    return rest.partition(end)[0] if found else ""


def trait_of(header):
    """`Trait<..>` of `impl<..> Trait<..> for Type where ..`."""
    words = header.removeprefix("unsafe ").removeprefix("impl")
    depth = 0
    for at, letter in enumerate(words):
        # Not that of `->`.
        depth += (letter == "<") - (letter == ">" and words[at - 1] != "-")
        if depth == 0:
            words = words[at + 1 :] if letter == ">" else words
            break
    return words.split(" for ")[0].strip()


def lines_of(kind, page):
    """What there is to say of the item on this page."""
    declared = DECLARED.search(page)
    if declared:
        yield text(declared[1])
    own = part(page, 'id="implementations"', 'id="trait-implementations"')
    own = own.partition('id="deref-methods')[0]
    yield from sorted({text(found) for found in OWN.findall(own)})
    theirs = part(page, 'id="trait-implementations-list"', 'id="synthetic-implementations"')
    traits = {trait_of(text(found)) for found in TRAIT.findall(theirs)} - UNSAID
    if kind in TYPES and traits:
        yield "impl " + ", ".join(sorted(traits))


def listing(folder):
    """The whole list; its first line tells the version of rustdoc."""
    items = {}
    contents = part((folder / "all.html").read_text(encoding="utf-8"), "<h3 id=", "</section>")
    for link, name in ITEM.findall(contents):
        kind = link.rsplit("/", 1)[-1].split(".")[0]
        if not link.startswith("testkit/"):
            page = (folder / link).read_text(encoding="utf-8")
            items[f"{kind} {name}"] = list(lines_of(kind, page))
    assert len(items) > 100, f"only {len(items)} items: rustdoc writes other pages than it did"
    version = subprocess.run(["rustdoc", "--version"], capture_output=True, text=True, check=True)
    yield version.stdout.split(" (")[0]
    for item in sorted(items):
        yield item
        yield from (f"    {line}" for line in items[item])


def main(folder, listed=None):
    found = list(listing(Path(folder)))
    if listed is None:
        print("\n".join(found))
        return
    known = Path(listed).read_text(encoding="utf-8").splitlines()
    changes = list(difflib.unified_diff(known, found, listed, "found", n=0, lineterm=""))
    print("\n".join(changes))
    if changes and known[0] == found[0]:
        sys.exit(f"{listed} is stale: python3 .ci/public-api.py {folder} >{listed}")


main(*sys.argv[1:])
