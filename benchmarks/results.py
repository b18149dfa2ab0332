"""Where figures go: printed, and kept in benchmarks/results as JSON and as a Markdown table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine
from bizra_load.io.files import write_atomically

FOLDER = Path(__file__).parent / "results"


def keep(name: str, figures: object, lines: Sequence[str]) -> None:
    """`figures` into <name>.json, with what they were measured on; `lines` to standard output and into <name>.md."""
    FOLDER.mkdir(exist_ok=True)
    on = machine.described()
    text = "\n".join((*lines, "", machine.line(on)))
    print(text)
    write_atomically(FOLDER / f"{name}.json", json.dumps({"machine": on, "figures": figures}, indent=2) + "\n")
    write_atomically(FOLDER / f"{name}.md", text + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]
