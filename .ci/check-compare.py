"""Checks the JSON that `lessram compare --json` printed: python3 check-compare.py FILE [NAME..]

Every NAME must be among the rows. Exits with a traceback when something is wrong.
"""

import json
import sys

TOP = {"schema", "dataset", "kind", "items", "payload_bytes", "rows"}
ROW = {
    "structure", "family", "peer", "items", "heap_bytes", "file_bytes", "peak_bytes",
    "build_ns_per_item", "hit_ns", "miss_ns", "exact", "note",
}

with open(sys.argv[1], encoding="utf-8") as file:
    table = json.load(file)

assert TOP <= table.keys(), f"missing: {TOP - table.keys()}"
assert table["schema"] == 1, table["schema"]
assert table["items"] > 0, "no items"
rows = {row["structure"]: row for row in table["rows"]}
for name, row in rows.items():
    assert ROW <= row.keys(), f"{name} lacks {ROW - row.keys()}"
assert any(not row["peer"] for row in rows.values()), "no structure of our own was compared"
for name in sys.argv[2:]:
    assert name in rows, f"{name} is not among {sorted(rows)}"
    assert rows[name]["heap_bytes"] > 0, f"{name} reports no bytes"
print(f"{len(rows)} rows over {table['items']} items")
