"""Where figures go: printed, and kept as JSON and as a Markdown table, in benchmarks/results/<kind of interpreter>/."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import machine
from bizra_load.io.files import write_atomically

FOLDER = Path(__file__).parent / "results"


def keep(name: str, figures: object, lines: Sequence[str]) -> None:
    """`figures` into <name>.json, with what they were measured on; `lines` to standard output and into <name>.md."""
    folder = FOLDER / machine.kind()
    folder.mkdir(parents=True, exist_ok=True)
    on = machine.described()
    text = "\n".join((*lines, "", machine.line(on)))
    print(text)
    write_atomically(folder / f"{name}.json", json.dumps({"machine": on, "figures": figures}, indent=2) + "\n")
    write_atomically(folder / f"{name}.md", text + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def spread(values: Iterable[float], form: str = ",.0f", unit: str = "") -> str:
    """Median, least and most, in the format `form`."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):{form}}{unit} [{ordered[0]:{form}}, {ordered[-1]:{form}}]"
