"""Operations under the names of an agreement: a request that is measured as "POST checkout" is agreed as "checkout", and what
is agreed of "GET /items" is agreed of all its groups together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from sla.judgement.steady import operations_of
from sla.values.agreement import Agreement, OperationMetrics, of_load
from sla.values.measurements import Measurements
from sla.values.operation_groups import groups_of


def as_agreed(measurements: Measurements, agreement: Agreement) -> tuple[Measurements, Agreement]:
    """Both with the same names, and each objective on operations that the load has."""
    named = under_agreed_names(measurements, agreement)
    measured = operations_of(named.windows)
    agreement = of_load(agreement, measured)
    groups = {name: groups_of(name, measured) for name in agreement.operations if name not in measured}
    if not any(groups.values()):
        return named, agreement
    objectives = tuple(
        o
        if o.kind.from_server
        else dataclasses.replace(o, operations=tuple(m for n in o.operations for m in groups.get(n) or (n,)))
        for o in agreement.objectives
    )
    operations = {
        **dict.fromkeys((m for of_one in groups.values() for m in of_one), OperationMetrics()),
        **agreement.operations,
    }
    return named, dataclasses.replace(agreement, objectives=objectives, operations=operations)


def under_agreed_names(measurements: Measurements, agreement: Agreement) -> Measurements:
    """Where nothing has an agreed name, the one operation whose method (its first word) stands before that name gets it. Of two
    it may be neither: they stay apart, and the agreement must say which.
    """
    agreed = {*agreement.operations, *(name for o in agreement.objectives for name in o.operations)}
    measured = operations_of(measurements.windows)
    names = _new_names(agreed - set(measured), measured)
    if not names:
        return measurements
    windows = tuple(
        dataclasses.replace(w, operation=names[w.operation]) if w.operation in names else w for w in measurements.windows
    )
    failures = tuple(
        dataclasses.replace(f, operation=names[f.operation]) if f.operation in names else f for f in measurements.failures
    )
    return dataclasses.replace(measurements, windows=windows, failures=failures)


def _new_names(agreed: set[str], measured: list[str]) -> Mapping[str, str]:
    names = {}
    for name in agreed:
        candidates = [m for m in measured if m.partition(" ")[2] == name]
        if len(candidates) == 1:
            names[candidates[0]] = name
        grouped = [m for m in measured if groups_of(name, [m.partition(" ")[2]])]
        if not candidates and len({m.partition(" ")[0] for m in grouped}) == 1:
            names |= {m: m.partition(" ")[2] for m in grouped}
    return names
