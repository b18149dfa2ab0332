"""Why nothing is known of operations that a run does have: none was successful, or none ended in the judged part."""

from __future__ import annotations

from collections.abc import Sequence

from sla.judgement.steady import begun_by_second
from sla.values.assessment import Steady
from sla.values.measurements import Measurements
from sla.values.window import Window, failures_by_category

NONE_SUCCESSFUL = "no request of it was successful"
OUTSIDE = "requests of it are outside the judged part"


def why_no_data(measurements: Measurements, operations: Sequence[str], steady: Steady) -> str:
    """In a clause; "" where some were successful in the judged part, or the run has none of them at all."""
    judged = [w for second in begun_by_second(measurements, operations, steady) for w in second]
    if any(w.ok for w in judged):
        return ""
    if failed := failed_with(judged):
        return f"{NONE_SUCCESSFUL}: {failed}"
    others = [w for name in operations for w in measurements.windows_of(name)]
    before = sum(w.finished for w in others if w.second < steady.from_second)
    after = sum(w.finished for w in others) - before
    if not before + after:
        return ""
    where = [f"{before:,} before it ({steady.reason})"] * bool(before) + [f"{after:,} after it"] * bool(after)
    return f"all {before + after:,} {OUTSIDE}: {', '.join(where)}"


def failed_with(windows: Sequence[Window]) -> str:
    """How many failed, and with what most of them: "20 failed, 18 with http_5xx"; "" where none did."""
    failed = failures_by_category(windows)
    if not failed.total():
        return ""
    category, count = failed.most_common(1)[0]
    return f"{failed.total():,} failed, {count:,} with {category}"
