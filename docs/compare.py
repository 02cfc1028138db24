"""Writes COMPARE.md, COMPARE-AVX2.md and COMPARE-NATIVE.md: what recorded runs of the peers' benches
measured, every figure from them.

    python3 docs/compare.py          writes them
    python3 docs/compare.py --check  fails if they are not what the records say

Standard library only. Of each race the newest record on the page's machine is taken, of its last run of
all benches and what was recorded behind that.
"""

from collections import defaultdict
from pathlib import Path
from statistics import median

from written import write_or_check

HERE = Path(__file__).parent
RECORDS = HERE.parent / "benches" / "record"
MACHINES = {
    "amd-zen4-2core": "AMD Zen 4, two virtual cores",
    "intel-xeon-2core": "Intel Xeon with AMX and 300 MB of shared cache, two virtual cores",
}

HEAD = """# Comparison{title}

<!-- Written by docs/compare.py from benches/record; `python3 docs/compare.py --check` in CI. -->

Every figure here is a median of a recorded run of `benches/peers`, in which contenders take turns, with
random keys and positions; [benches/README.md](../benches/README.md) has the method and what the numbers
do not show, [CHOOSING.md](CHOOSING.md) what to conclude. Times are nanoseconds an operation, from the
CPU time of one thread; heap bytes are the allocator's. The best of a column is bold, whoever has it;
within 5 % it is a tie. A name without a crate's is this crate's.

All runs: {machine},
{built}, one after the other by `{command}`;
[what ran](../benches/record/{about}) has the versions
of the peers. {other}
"""

# How the contenders were built, and where: page, suffix of its records, machine, and what its head says.
BUILDS = [
    ("COMPARE.md", "", "intel-xeon-2core", {
        "title": "",
        "built": "built for plain x86-64",
        "command": "benches/full",
        "other": "On AMD Zen 4, [COMPARE-AVX2](COMPARE-AVX2.md)\n"
        "has builds for processors with AVX2, [COMPARE-NATIVE](COMPARE-NATIVE.md) for the very processor.",
    }),
    ("COMPARE-AVX2.md", "-avx2", "amd-zen4-2core", {
        "title": ", built for processors with AVX2",
        "built": "everything built with `-Ctarget-cpu=x86-64-v3`",
        "command": "benches/full --avx2",
        "other": "[COMPARE](COMPARE.md) has builds for plain x86-64.",
    }),
    ("COMPARE-NATIVE.md", "-native", "amd-zen4-2core", {
        "title": ", built for the processor",
        "built": "everything built with `-Ctarget-cpu=native`",
        "command": "benches/full --native",
        "other": "[COMPARE](COMPARE.md) has builds for plain x86-64.",
    }),
]

FAMILIES = {
    "Arrays": [
        "packed_get", "packed_set", "packed_scan", "packed_min_max", "packed_to_u32", "blocks",
        "elias_fano", "rank", "select", "ragged, all items", "ragged, all rows",
        "ragged, random rows", "strings", "sets", "search", "growth",
    ],
    "Filters": ["filter", "filters", "bloom"],
    "Maps": [
        "map", "life", "int_map", "int_set", "churn", "ordered", "str", "str_map", "interner", "mphf",
        "static_map", "static_set",
    ],
    "Tries": ["tries", "tries_postcodes", "tries_dyn", "tries_near"],
    "Sketches": [
        "distinct", "smallest", "count_min", "top_k", "quantiles", "counters", "features", "streams",
    ],
}

COLUMNS = ["bench", "case", "round", "contender", "operations", "cpu_ns", "heap_bytes"]

# Benches whose name ends in what is done.
STEMS = [
    "blocks", "elias_fano", "sets", "int_map", "int_set", "interner", "life", "map", "ordered", "str_map",
    "str",
]

# Words of a case that say what is done; the others say to what.
WORK = {
    "add", "add at random", "ask", "build", "copy and merge", "each after the other", "estimate", "hit",
    "in order", "insert", "iterate", "key_of", "many", "miss", "peak bytes a key", "push",
    "random read", "remove and insert", "step by step", "string hit", "string miss",
}
WORK_ON_SETS = {"ascending", "difference", "intersection", "intersection_len", "random", "union"}


def races(suffix, machine):
    """Samples by bench, setting, work and contender; and the record that each race is from. Of the
    records of a machine whose names end with `suffix`."""
    found = defaultdict(lambda: defaultdict(lambda: defaultdict(lambda: defaultdict(list))))
    taken = {}
    since = about(machine)
    for path in sorted(RECORDS.glob(f"*-{machine}-*.tsv")):
        if path.name[:10] < since[:10]:  # the dates
            continue
        head, *lines = path.read_text().splitlines()
        built = next((built for _, built, *_ in BUILDS if built and path.stem.endswith(built)), "")
        if built != suffix or head.split("\t") != COLUMNS:
            continue
        for line in lines:
            if line.startswith("error\t"):
                continue  # of distinct counts, by their number: errors.svg has those
            bench, case, turn, contender, operations, ns, size = line.split("\t")
            bench, work, setting = split(bench, case)
            if taken.get((bench, setting, work)) != path:
                taken[bench, setting, work] = path
                found[bench][setting].pop(work, None)
            value = float(ns) / float(operations)
            if turn == "0" and float(ns) == 0:
                value, size = float(size), "0"
            found[bench][setting][work][contender].append((value, float(size)))
    return found, taken


def about(machine):
    """What is told of the last run of all benches there."""
    return max(path.name for path in RECORDS.glob(f"*-{machine}-about.txt"))


def split(bench, case):
    """The bench, the work and what it is done to."""
    if bench == "streams":
        setting, work = case.rsplit(", ", 1)
        return bench, work, setting
    work = []
    for stem in STEMS:
        if bench.startswith(stem + "_"):
            bench, rest = stem, bench[len(stem) + 1:]
            work.append(rest.replace("_", " "))
            break
    setting = []
    for word in case.replace("1,000,000", "1000000").split(", "):
        is_work = word in WORK or bench == "sets" and word in WORK_ON_SETS
        (work if is_work else setting).append(word)
    return bench, ", ".join(work) or "time", ", ".join(setting)


def number(value):
    if value >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def best(values):
    """Texts of numbers, the smallest of them bold."""
    there = [value for value in values if value]
    for value in values:
        text = number(value) if value else ""
        yield f"**{text}**" if value and value == min(there) else text


def rows(corner, columns, lines):
    yield f"| {corner} |" + "".join(f" {column} |" for column in columns)
    yield "|---|" + "---:|" * len(columns)
    for name, cells in lines:
        yield f"| {name} |" + "".join(f" {cell} |" for cell in cells)


def wide(works):
    """One setting: contenders down, works and heap bytes across, the fastest first."""
    names = {name for contenders in works.values() for name in contenders}
    columns = {work: {name: time(told) for name, told in contenders.items()}
               for work, contenders in works.items()}
    sizes = {name: max(size(contenders.get(name, [])) for contenders in works.values())
             for name in names}
    if any(sizes.values()):
        columns["heap bytes"] = sizes
    # Behind the times what is none.
    columns = dict(sorted(columns.items(), key=lambda column: column[0].startswith("groups")))
    first = next(iter(columns.values()))
    order = sorted(names, key=lambda name: (first.get(name, float("inf")), name))
    across = [list(best([column.get(name) for name in order])) for column in columns.values()]
    yield from rows("", columns, zip(order, zip(*across)))


def tall(settings):
    """One work: settings down, contenders across; heap bytes in a table of their own."""
    names = list(dict.fromkeys(name for works in settings.values()
                               for contenders in works.values() for name in contenders))
    for corner, of in (("ns", time), ("heap bytes", size)):
        lines = []
        for setting, works in settings.items():
            (contenders,) = works.values()
            lines.append((setting, list(best([of(contenders.get(name, [])) for name in names]))))
        if any(cell for _, cells in lines for cell in cells):
            yield from ([] if of is time else [""])
            yield from rows(corner, names, lines)


def time(told):
    return median(value for value, _ in told) if told else None


def size(told):
    return max((size for _, size in told), default=0)


def page(suffix, machine, words):
    found, taken = races(suffix, machine)
    out = [HEAD.strip().format(about=about(machine), machine=MACHINES[machine], **words)]
    for family, benches in FAMILIES.items():
        benches = [bench for bench in benches if bench in found]
        if benches:
            out.append(f"\n## {family}")
        for bench in benches:
            settings = found.pop(bench)
            dates = sorted({path.stem[:10] for (name, *_), path in taken.items() if name == bench})
            out.append(f"\n### {bench}\n\nRecorded {', '.join(dates)}.")
            out += figures(settings) if bench == "streams" else section(settings)
    left = sorted(found)
    assert not left, f"no family for {left}"
    return "\n".join(out) + "\n"


def figures(settings):
    """What was not raced: a table for each sort of figure, contenders down, the fewest bytes first."""
    yield "\nErrors of what the races above build, and not times: none is bold. Where `holds` is told, for how"
    yield "many of the keys there is a slot, the line is a mean of 20 seeds; others are of one."
    tables = defaultdict(lambda: defaultdict(dict))
    for setting, works in settings.items():
        first = next(iter(works))
        for work, contenders in works.items():
            for name, told in contenders.items():
                tables[first][size(told), setting, name][work] = number(time(told))
    for lines in tables.values():
        columns = list(dict.fromkeys(work for line in lines.values() for work in line))
        sized = any(heap for heap, *_ in lines)
        order = sorted(lines, key=lambda line: line[0]) if sized else lines
        head = ["heap bytes", *columns] if sized else columns
        told = [[number(line[0])] * sized + [lines[line].get(work, "") for work in columns] for line in order]
        yield ""
        yield from rows("", head, zip((f"{setting}: {name}" for _, setting, name in order), told))


def section(settings):
    alone = {setting: works for setting, works in settings.items() if len(works) == 1}
    if len(alone) < 3:
        alone = {}
    for works in dict.fromkeys(tuple(works) for works in alone.values()):
        yield "" if works == ("time",) else f"\n{', '.join(works)}:\n"
        yield from tall({setting: of for setting, of in alone.items() if tuple(of) == works})
    for setting, works in settings.items():
        if setting not in alone:
            yield f"\n{setting}:\n" if setting else ""
            yield from wide(works)


if __name__ == "__main__":
    for name, *build in BUILDS:
        write_or_check(HERE / name, page(*build), "compare.py")
