"""The summary: what a person reads after a run, in 80 columns and 24 lines. Everything else is in the tables of text.py."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from rich.cells import cell_len
from rich.text import Text

from reports.formats import columns, many, table
from reports.formats.lines import shortened, without_middle, wrapped
from reports.formats.text import STYLES, console_for, style_of
from sla.values.assessment import Assessment, ObjectiveResult, OperationSummary, Severity, Status
from sla.values.estimate import Estimate
from sla.values.shown_facts import CUT_OFF

HEIGHT = 24  # lines of the terminal that everybody has
WIDTH = 80  # its columns, and those of an output that is no terminal
NARROWEST = 40  # columns; in fewer no line of figures can be read
LEAST_OPERATIONS = 3  # lines that objectives leave to operations, however many they are
OF_OBJECTIVES = (3, 2)  # columns of theirs that are left out where all are too wide
LONGEST_FAILED = 24  # characters of an operation's name before the reason why it failed, which is what is looked for
UNJUDGED = "not judged, too short at a constant rate: measured over the whole run"
MARKS = {Status.INCONCLUSIVE: "OPEN"}  # the word of a status where it is too long for a column; the glossary has it
CRITICAL = "* "  # before the name of a critical objective, as the table's head says
T = TypeVar("T")
_WORST_FIRST = (Status.FAIL, Status.INVALID, Status.INCONCLUSIVE, Status.WARN, Status.PASS)
A_COMMAND = re.compile(r"('.*/|\S*/)?bizra-load'? ")  # a next step that begins so, with or without a path, is to be copied


@dataclass(frozen=True)
class _Line:
    """A line's text; `styled` is the part of it that has a colour, "" all of it."""

    text: str
    style: str = ""
    styled: str = ""


def render(assessment: Assessment, next_step: str = "", saved: str = "", width: int = WIDTH, colour: bool = False) -> str:
    """Plain text, or with ANSI colours. `next_step`: what to do now (reports.documents); `saved`: where the run is."""
    width = max(width, NARROWEST)
    a = assessment
    head, foot = verdict(a, width, 3), _foot(a, next_step, saved, width, len(a.notes))
    lines = [*head, *foot]
    after = 1 + 2 * bool(a.run.rehearsal)  # lines: the shell's, and what a rehearsal and its Makefile say
    room = HEIGHT - after - sum(max(-(-cell_len(line.text) // width), 1) for line in lines)
    of_objectives, of_operations = _shares(a, room - len(_unjudged(a, width)), width)
    tables = [t for t in (_objectives(a, of_objectives, width), _operations(a, of_operations, width)) if t]
    if tables and a.failures and (left := room - sum(map(len, tables))) > 0:
        tables[-1] += _commonest_failure(a, width, left)
    spare = room - sum(map(len, tables))
    gaps = min(len(tables) + 1, spare) if tables else 0
    notes = a.notes[len(a.notes) - min(max(spare - gaps, 0), len(a.notes)) :]  # the run's own come last
    tables[1:1] = [[_Line("")]] if gaps > 2 else []
    body = [*([_Line("")] if gaps > 0 else []), *chain(*tables), *([_Line("")] if gaps > 1 else [])]
    body += [_Line(shortened(table.printable(f"note: {note}"), width)) for note in notes]
    foot = _foot(a, next_step, saved, width, len(a.notes) - len(notes))
    return _drawn([*head, *body, *foot], width, colour)


def _foot(a: Assessment, next_step: str, saved: str, width: int, notes_left: int) -> list[_Line]:
    foot = [*_wrapped(f"run: {_checks(a, notes_left)}", width, 2), *_wrapped(f"rollout: {a.rollout}", width, 2)]
    if A_COMMAND.match(next_step):
        foot.append(_Line(table.printable(f"next: {next_step}")))  # never broken, as a path: it is copied
    else:
        foot += _wrapped(f"next: {next_step}", width, 2) if next_step else []
    vouched = "" if a.run.measured_sha256 or not a.run.of_run else f" ({CUT_OFF})"
    return [*foot, _Line(table.printable(f"saved: {saved}{vouched}"))] if saved else foot  # never broken: a path is copied


def _drawn(lines: Iterable[_Line], width: int, colour: bool) -> str:
    console, out = console_for(width, colour)
    for line in lines:
        shown = Text(line.text, style="" if line.styled else line.style)
        if line.styled:
            shown.stylize(line.style, len(line.text) - len(line.styled))
        console.print(shown, soft_wrap=True)
    return out.getvalue().rstrip("\n")


def verdict(assessment: Assessment, width: int, most_lines: int) -> list[_Line]:
    """The decision and why, in so many lines at most."""
    style = style_of(assessment.decision)
    return [
        _Line(line.text, style) for line in _wrapped(f"{assessment.decision.value}: {assessment.summary}", width, most_lines)
    ]


def verdict_line(assessment: Assessment) -> str:
    """All that --quiet leaves: the decision and why, whole, in one line."""
    return table.printable(f"{assessment.decision.value}: {assessment.summary}")


def _shares(a: Assessment, room: int, width: int) -> tuple[int, int]:
    """How many lines each of the two tables gets, without heads."""
    objectives, operations = len(a.objectives), len(a.operations)
    room -= (1 if objectives else 0) + (1 if operations else 0)
    most = room - min(operations, LEAST_OPERATIONS + 1)
    named = objectives + len(columns.alike(_objective_rows(a, a.objectives, width), width, OF_OBJECTIVES))
    for_objectives = named if named <= most else min(objectives, most)
    return for_objectives, min(operations, room - for_objectives)


def _objectives(a: Assessment, most: int, width: int) -> list[_Line]:
    """In `most` lines at most, without the head. Names that would be cut to the same text have lines of their own, above the
    figures, where there is room.
    """
    if not a.objectives:
        return []
    shown, left = _worst(a.objectives, most, lambda o: (_WORST_FIRST.index(o.status), o.severity is not Severity.CRITICAL))
    rows = _objective_rows(a, shown, width)
    above = {i: rows[i][0] for i in columns.alike(rows, width, OF_OBJECTIVES)} if not left else {}
    if len(shown) + len(above) > most:
        above = {}
    lines = columns.drawn([("", *row[1:]) if i in above else row for i, row in enumerate(rows)], width, OF_OBJECTIVES)
    drawn = [_Line(lines[0], "dim")]
    for i, o in enumerate(shown, start=1):
        drawn += [_Line(without_middle(above[i], width))] if i in above else []
        drawn.append(_Line(lines[i], STYLES.get(o.status.value, ""), _mark(o)))
    if left:
        counts = Counter(_mark(o) for o in left)
        drawn.append(_Line(f"... and {len(left)} more: {', '.join(f'{n} {m}' for m, n in counts.items())} (-v shows them)"))
    return drawn


def _objective_rows(a: Assessment, shown: Sequence[ObjectiveResult], width: int) -> list[tuple[str, ...]]:
    head = ("* critical", "estimate", table.at_level("95 % interval", a), "target", "")
    rows = [head, *(_objective(o, shown_unit=True) for o in shown)]
    return rows if columns.wide(rows) <= width else [head, *(_objective(o, shown_unit=False) for o in shown)]


def _objective(o: ObjectiveResult, shown_unit: bool) -> tuple[str, ...]:
    name = (CRITICAL if o.severity is Severity.CRITICAL else " " * len(CRITICAL)) + table.printable(o.title)
    point = table.quantity(o.estimate.point, o.unit) if o.estimate else "no data"
    unit = "" if shown_unit or o.estimate is None else point.rpartition(" ")[2]
    limit = f"{o.comparison} {table.quantity(o.target, o.unit)}" if o.target is not None else table.target(o)
    return name, point, _interval(o, unit), limit, _mark(o)


def _interval(o: ObjectiveResult, left_out: str) -> str:
    """As table.interval(), where a unit of both ends, or of the estimate beside them (`left_out`), is not repeated."""
    if o.estimate is None:
        return "-"
    both = table.ends(o.estimate, o.unit, table.kept_below(o))
    (low, low_unit), (high, high_unit) = (
        (value or name, name if value else "") for value, _, name in (end.rpartition(" ") for end in both)
    )
    if low_unit == high_unit:
        return f"{low} to {high}" + (f" {high_unit}" if high_unit and high_unit != left_out else "")
    return " to ".join(both)


def _mark(o: ObjectiveResult) -> str:
    return "accepted" if o.accepted else MARKS.get(o.status, o.status.value)


def _operations(a: Assessment, most: int, width: int) -> list[_Line]:
    if not a.operations:
        return []
    shown = a.operations if len(a.operations) <= most else many.operations(a, max(most - 1, 1))  # a line says how many more
    rows = [(table.operations_word(a), "ok rate", "success", "response p50", "p99", "failed"), *map(_operation, shown)]
    lines = columns.drawn(rows, width, dispensable=(3, 2, 4))
    drawn = [_Line(lines[0], "dim"), *map(_Line, lines[1:])]
    if left := len(a.operations) - len(shown):
        drawn.append(_Line(f"... and {left:,} more (-v shows them)"))
    return drawn + _unjudged(a, width)


def _unjudged(a: Assessment, width: int) -> list[_Line]:
    """The line by which figures of operations are no estimates."""
    return [_Line(shortened(UNJUDGED, width), "dim")] if any(o.whole_run for o in a.operations) else []


def _operation(o: OperationSummary) -> tuple[str, ...]:
    whole, failed = o.unjudged, sum(o.failed.values())
    quantiles = [_point(o.response.get(q), whole.response.get(q), "ns") for q in ("p50", "p99")]
    rate, success = _point(o.rate, whole.ok_per_s, "ops/s"), _point(o.success, whole.success, "ratio")
    return table.printable(o.operation), rate, success, *quantiles, f"{failed:,} of {o.ok + failed:,}"


def _point(estimate: Estimate | None, measured: float | None, unit: str) -> str:
    """That of an estimate, or what was `measured` where nothing was judged."""
    value = estimate.point if estimate else measured
    return "-" if value is None else table.quantity(value, unit)


def _commonest_failure(a: Assessment, width: int, most_lines: int) -> list[_Line]:
    f = a.failures[0]
    others = f" (-v: {len(a.failures)} reasons)" if len(a.failures) > 1 else ""
    operation = without_middle(f.operation, LONGEST_FAILED)
    category = "" if f.reason.startswith("status ") else f"{f.category}: "  # a status says it
    text = f"failed, whole run: {f.count:,} x {operation}, {category}{f.reason}"
    return _wrapped(text + others, width, min(most_lines, 2))


def _checks(a: Assessment, notes_left: int) -> str:
    failed = [c for c in a.checks if c.status is not Status.PASS]
    judged = f"; judged {a.steady.to_second - a.steady.from_second} s" if a.steady else ""
    judged += f"; {notes_left} more note{'s' if notes_left > 1 else ''} (-v)" if notes_left else ""
    passed = f"{len(a.checks) - len(failed)} checks passed"
    if not failed:
        return passed + _resampled(a) + judged
    failed.sort(key=lambda c: _WORST_FIRST.index(c.status))
    named = ", ".join(f"{c.title} {MARKS.get(c.status, c.status.value)}" for c in failed)
    why = f": {failed[0].reason}" if len(failed) == 1 else " (-v: why)"
    return f"{passed}, {len(failed)} not{judged}; {named}{why}"


def _resampled(a: Assessment) -> str:
    """How many draws agree with the intervals: the check of it passed."""
    draws = next((o.bootstrap.draws for o in a.objectives if o.bootstrap), 0)
    return f"; {draws:,} bootstraps agree" if draws else ""


def _worst(items: Sequence[T], most: int, key: Callable[[T], tuple[float, ...]]) -> tuple[list[T], list[T]]:
    """(shown, left out): all as they are where they fit; else the first by `key`, one line fewer, for it says what is left."""
    if len(items) <= most:
        return list(items), []
    ordered = sorted(items, key=key)
    keep = max(most - 1, 1)
    return ordered[:keep], ordered[keep:]


def _wrapped(text: str, width: int, most_lines: int) -> list[_Line]:
    """At words, indented from the second line on, and cut short after so many lines."""
    return [_Line(line) for line in wrapped(table.printable(text), width, most_lines, columns.GAP)]
