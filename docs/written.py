"""What the scripts that write these documents have in common: to write one, or to tell that it is stale."""

import sys


def write_or_check(page, text, script):
    """Writes `text` to `page`; with `--check` ends in an error if that is not what is there."""
    if "--check" not in sys.argv[1:]:
        page.write_text(text)
    elif page.read_text() != text:
        sys.exit(f"docs/{page.name} is stale: run python3 docs/{script}")
