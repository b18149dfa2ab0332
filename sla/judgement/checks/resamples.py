"""The check that resamples agree with the intervals shown: each is read from the same law, in two ways."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sla.judgement.checks.check_scope import BOTH
from sla.values.assessment import Check, Gate, ObjectiveResult, Severity, Status, check

MOST_APART = 5.0  # standard errors: by chance one limit in two million; a tenth more or less n_eff makes twelve
FAULT = "the analysis itself is wrong: report it with the run folder"


def bootstrap_checks(judged: Sequence[ObjectiveResult]) -> list[Check]:
    """One for all latencies; none without any. What parts is opened, and nothing else."""
    drawn = [(o, o.bootstrap) for o in judged if o.bootstrap is not None]
    if not drawn:
        return []
    draws, most = drawn[0][1].draws, max(b.apart for _, b in drawn)
    parted = [o for o, b in drawn if b.apart > MOST_APART]
    gap = max(b.gap for _, b in drawn)
    largest = f"{gap:,} bucket{'s' if gap > 1 else ''}" if gap else "none"
    text = f"{draws:,} bootstrap draws agree with the intervals shown (gap: {largest})"
    if parted:
        text = f"{draws:,} bootstrap draws part from the interval shown: {', '.join(o.title for o in parted)}"
    made = check("bootstrap", "Bootstrap", bool(parted), text, most, MOST_APART, "standard errors", advice=FAULT)
    return [dataclasses.replace(made, opens=tuple((o.key, BOTH) for o in parted))]


def bootstrap_gates(judged: Sequence[ObjectiveResult]) -> list[Gate]:
    """Where a judgement has no checks: the same as a gate, which is open where draws part from an interval."""
    return [
        Gate(c.key, c.title, Severity.CRITICAL, Status.PASS if c.status is Status.PASS else Status.INCONCLUSIVE, True, c.reason)
        for c in bootstrap_checks(judged)
    ]
