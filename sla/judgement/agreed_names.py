"""Operations under the names of an agreement: a request that is measured as "POST checkout" is agreed as "checkout", and what
is agreed of "GET /items" is agreed of all its groups together.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from sla.judgement.steady import operations_of
from sla.values.agreement import TASK, Agreement, Objective, OperationMetrics, of_load
from sla.values.measurements import Measurements
from sla.values.operation_groups import groups_of

_METHOD = re.compile(r"[A-Z][A-Z0-9_-]*|grpc|gRPC")  # of HTTP, or a type of request that Locust's users write


def as_agreed(measurements: Measurements, agreement: Agreement) -> tuple[Measurements, Agreement]:
    """Both with the same names, and each objective on operations that the load has: where none has the agreed name, on its
    groups, or on the task of that name. A share of the plan is that of the task in any case, as the plan is of tasks.
    """
    named = under_agreed_names(measurements, agreement)
    measured = operations_of(named.windows)
    agreement = of_load(agreement, measured)
    other = {name: _called_otherwise(name, measured) for name in _agreed(agreement)}
    tasks = {name: [TASK + name] for name in other if TASK + name in measured}
    if not any(other.values()) and not tasks:
        return named, agreement

    def on_measured(o: Objective) -> Objective:
        if o.kind.from_server:
            return o
        names = other | tasks if o.target.of_plan else other
        return dataclasses.replace(o, operations=tuple(m for n in o.operations for m in names.get(n) or (n,)))

    objectives = tuple(map(on_measured, agreement.objectives))
    known = dict.fromkeys((name for o in objectives for name in o.operations), OperationMetrics())
    return named, dataclasses.replace(agreement, objectives=objectives, operations=known | dict(agreement.operations))


def under_agreed_names(measurements: Measurements, agreement: Agreement) -> Measurements:
    """Where nothing has an agreed name, the one operation whose method stands before that name gets it. Of two it may be
    neither: they stay apart, and the agreement must say which.
    """
    measured = operations_of(measurements.windows)
    names = _new_names(_agreed(agreement), measured)
    if not names:
        return measurements
    windows = tuple(
        dataclasses.replace(w, operation=names[w.operation]) if w.operation in names else w for w in measurements.windows
    )
    failures = tuple(
        dataclasses.replace(f, operation=names[f.operation]) if f.operation in names else f for f in measurements.failures
    )
    return dataclasses.replace(measurements, windows=windows, failures=failures)


def _agreed(agreement: Agreement) -> set[str]:
    return {*agreement.operations, *(name for o in agreement.objectives for name in o.operations)}


def _called_otherwise(name: str, measured: list[str]) -> list[str]:
    if name in measured:
        return []
    return groups_of(name, measured) or [TASK + name] * (TASK + name in measured)


def _new_names(agreed: set[str], measured: list[str]) -> Mapping[str, str]:
    """Without their method, of those that no agreement has with it."""
    bare = {m: _without_method(m) for m in measured if m not in agreed}
    names: dict[str, str] = {}
    for name in agreed - set(measured):
        whole = [m for m, rest in bare.items() if rest == name]
        grouped = [m for m, rest in bare.items() if groups_of(name, [rest])]
        mine = whole or grouped
        if len({m.partition(" ")[0] for m in mine}) == 1:
            names |= {m: bare[m] for m in mine}
    return names


def _without_method(operation: str) -> str:
    method, _, rest = operation.partition(" ")
    return rest if _METHOD.fullmatch(method) else ""
