"""A list of runs with their verdicts: text, and the values of JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from reports.formats.table import printable

SHORTEST_WHY = 20  # characters of a reason that even a narrow terminal shows
LATEST_MARK = " (latest)"


@dataclass(frozen=True)
class ListedRun:
    """`decision`: "" where it was not judged, or can't be read, and `why` says so; `exit_code`: None where none is known."""

    run: str
    decision: str
    exit_code: int | None
    why: str
    latest: bool

    def as_json(self) -> dict[str, object]:
        """Values of JSON, by the names above."""
        return asdict(self)


def render(runs: Sequence[ListedRun], width: int) -> str:
    """One line a run; what is not in it is in the run's report."""
    names = [printable(one.run) + (LATEST_MARK if one.latest else "") for one in runs]
    decisions = [one.decision or "-" for one in runs]
    wide, decided = max(map(len, names)), max(map(len, decisions))
    room = max(width - wide - decided - 4, SHORTEST_WHY)
    return "\n".join(
        f"{name:<{wide}}  {decision:<{decided}}  {textwrap.shorten(printable(one.why), room, placeholder=' ...')}".rstrip()
        for name, decision, one in zip(names, decisions, runs, strict=True)
    )
