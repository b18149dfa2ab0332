"""The facts of a saved run: read from run.json, or from its other files where the master did not live to write them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from bizra_load.archive.spool import Spool, name_of
from bizra_load.engine.load_curve import LoadCurve
from bizra_load.measure.run_sums import Received
from sla.values.measurements import FailedCheck, Loss, PlannedSegment, RunFacts, UserCount
from sla.values.section import brief

MAX_SPAN_S = 400 * 86_400
_LATEST_NS = 1 << 62
_TYPES: dict[str, type | tuple[type, ...]] = {"int": int, "bool": bool, "str": str, "float": (int, float)}


def facts_from_json(values: dict[str, Any]) -> RunFacts:
    """Raises ValueError, KeyError, TypeError or AttributeError for facts that no run can have: a record may have been damaged,
    or made by somebody else.
    """
    plan = tuple(PlannedSegment(**segment) for segment in values["plan"])
    users = tuple(UserCount(**count) for count in values.get("users", ()))
    losses = tuple(Loss(**loss) for loss in values.get("losses", ()))
    failed_checks = tuple(FailedCheck(**failed) for failed in values.get("failed_checks", ()))
    # runs saved before there were any have none
    lists = {key: tuple(values.get(key, ())) for key in ("workers", "lost_workers", "stopped_for", "spools")}
    parts = {"plan": plan, "users": users, "losses": losses, "failed_checks": failed_checks}
    facts = RunFacts(**{**values, **parts, **lists})
    _check(facts, "facts")
    if not 0 <= facts.load_started_ns <= facts.load_ended_ns <= _LATEST_NS or not 0 <= facts.drained_ns <= _LATEST_NS:
        raise ValueError("facts: the load ended before it started")
    if (facts.load_ended_ns - facts.load_started_ns) / 1e9 > MAX_SPAN_S:
        raise ValueError(f"facts: a load of more than {MAX_SPAN_S // 86_400} days")
    if facts.plan:
        LoadCurve(facts.plan)
    return facts


def facts_with_files(facts: RunFacts, received: Mapping[str, Received], spools: Sequence[Spool], last_second: int) -> RunFacts:
    """The facts as the master would have written them, had it lived to the end or received what is in the spools.
    `last_second`: the last one that a window is of, 0 without any.
    """
    sequences = {worker: r.sequences for worker, r in received.items()}
    workers = tuple(sorted({*facts.workers, *received}))
    incomplete = {w for w in workers if w not in received or not received[w].complete}
    known = {loss.worker: loss for loss in facts.losses}
    # one that the master had lost stays lost, its load was missing: but what it measured is here now
    known |= {w: dataclasses.replace(loss, at_most=0) for w, loss in known.items() if w not in incomplete}
    lost = tuple(w for w in workers if w in incomplete or w in facts.lost_workers)
    facts = dataclasses.replace(
        facts,
        workers=workers,
        lost_workers=lost,
        losses=tuple(known.get(w, Loss(w, sequences[w].highest if w in sequences else -1)) for w in lost),
        missing_messages=sum(s.highest + 1 - len(s) for s in sequences.values()),
        spools=tuple(name_of(spool.worker) for spool in spools),
    )
    if facts.closed:
        return facts
    last_sign_ns = max((spool.stopped_ns for spool in spools), default=0) or (last_second + 1) * 10**9 * bool(last_second)
    ended_ns = min(facts.load_ended_ns, max(last_sign_ns, facts.load_started_ns))
    interrupted = facts.interrupted or ended_ns < facts.load_ended_ns
    return dataclasses.replace(facts, load_ended_ns=ended_ns, drained_ns=last_sign_ns, interrupted=interrupted)


def _check(values: Any, where: str) -> None:
    for field in dataclasses.fields(values):
        value, name, text = getattr(values, field.name), f"{where}.{field.name}", str(field.type)
        if text.startswith("tuple["):
            inner = text.removeprefix("tuple[").partition(",")[0]
            for item in value:
                if dataclasses.is_dataclass(item):
                    _check(item, name)
                else:
                    _is(item, inner, name)
        elif text in _TYPES:
            _is(value, text, name)


def _is(value: object, kind: str, name: str) -> None:
    wanted = _TYPES.get(kind, object)
    fits = isinstance(value, wanted) and (kind == "bool" or not isinstance(value, bool))
    # compared, not converted: an int may be larger than any float, and with NaN every comparison is false
    if not fits or (isinstance(value, int | float) and not abs(value) <= _LATEST_NS):
        raise ValueError(f"{name}: {brief(value)} (allowed: {kind})")
