"""Operations under the names of an agreement: a request that is measured as "POST checkout" is agreed as "checkout"."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from sla.judgement.steady import operations_of
from sla.values.agreement import Agreement
from sla.values.measurements import Measurements


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
    return names
