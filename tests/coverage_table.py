"""Branch coverage by room as a table, and what is under its threshold; after `coverage combine` (see `make coverage`).

python -m tests.coverage_table
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import coverage

ROOT = Path(__file__).resolve().parents[1]
OVERALL_PERCENT = 92.0
SLA_FILE_PERCENT = 97.0
COUNTS = ("covered_lines", "num_statements", "covered_branches", "num_branches")


def percent(counts: Mapping[str, int]) -> float:
    """Covered statements and branches of 100; a file without either has all of them."""
    of = counts["num_statements"] + counts["num_branches"]
    return 100 * (counts["covered_lines"] + counts["covered_branches"]) / of if of else 100.0


def room(path: str) -> str:
    """The folder two levels down, or the package for what lies in itself."""
    return "/".join(Path(path).parent.parts[:2])


def table(files: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Lines: statements, branches and per cent covered of every room, and of all."""
    rooms: dict[str, Counter[str]] = {}
    for path, counts in files.items():
        for name in (room(path), "all"):
            rooms.setdefault(name, Counter()).update({key: counts[key] for key in COUNTS})
    lines = [f"{'room':28} {'statements':>10} {'branches':>9} {'covered':>8}"]
    for name in sorted(rooms, key=lambda n: (n == "all", n)):
        counts = rooms[name]
        lines.append(f"{name:28} {counts['num_statements']:10,} {counts['num_branches']:9,} {percent(counts):6.1f} %")
    return lines


def under_threshold(files: Mapping[str, Mapping[str, int]]) -> list[str]:
    """One line for each threshold that is not kept."""
    all_files = sum((Counter({key: counts[key] for key in COUNTS}) for counts in files.values()), Counter())
    lines = []
    if (overall := percent(all_files)) < OVERALL_PERCENT:
        lines.append(f"all: {overall:.1f} % (needed: {OVERALL_PERCENT:g} %)")
    for path, counts in sorted(files.items()):
        if path.startswith("sla/") and percent(counts) < SLA_FILE_PERCENT:
            lines.append(f"{path}: {percent(counts):.1f} % (needed: {SLA_FILE_PERCENT:g} %)")
    return lines


def measured() -> dict[str, dict[str, Any]]:
    """Counts by file from the data file that `coverage combine` wrote."""
    data = coverage.Coverage()
    data.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        # not the copies that tests made elsewhere
        data.json_report(outfile=str(path), include=[f"{ROOT}/{package}/*" for package in ("bizra_load", "reports", "sla")])
        files: dict[str, dict[str, Any]] = json.loads(path.read_text())["files"]
    return {name: of_file["summary"] for name, of_file in files.items()}


def main() -> int:
    files = measured()
    print("\n".join(table(files)))
    short = under_threshold(files)
    print("\n".join(short) if short else "every threshold is kept")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
