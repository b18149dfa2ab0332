"""The part of a run that is judged: whole seconds at a constant planned rate, after the warm-up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sla.estimators import steadiness
from sla.estimators.dependence import FloatArray
from sla.judgement.checks.silence import silent_seconds
from sla.judgement.outages.ceased import ceased
from sla.judgement.outages.ended_later import ended_later
from sla.values.assessment import Steady
from sla.values.histogram import EMPTY, Histogram, IntArray, merge
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import SCHEDULE, SUCCESSFUL, Window

LEAST_S = 5  # whole seconds under constant load: of fewer nothing is judged
MEAN = "mean response time"


def constant_part(facts: RunFacts) -> tuple[int, int, float]:
    """([from, to) in Unix seconds of the longest constant segment of the plan, its rate in ops/s), of a plan of ramps alone
    nothing. Without a plan it is the longest time with one number of users, at rate 0, or the whole run where that is short. Of
    a run that a look ended, as much as that saw: what came in the seconds until it stopped has no say, or what was decided
    would be open again.
    """
    begin_ns, end_ns = facts.load_started_ns, facts.load_ended_ns
    rate = 0.0
    if facts.plan:
        longest = -1.0
        at_ns = end_ns = begin_ns
        for segment in facts.plan:
            if segment.from_per_s == segment.to_per_s > 0 and segment.duration_s > longest:
                longest, rate = segment.duration_s, segment.to_per_s
                begin_ns, end_ns = at_ns, at_ns + int(segment.duration_s * 1e9)
            at_ns += int(segment.duration_s * 1e9)
        end_ns = min(end_ns, facts.load_ended_ns)
    elif facts.users:
        begin_ns, end_ns = _constant_users(facts)
    end_ns = min(end_ns, facts.judged_until_ns) if facts.judged_until_ns else end_ns
    return -(-begin_ns // 1_000_000_000), end_ns // 1_000_000_000, rate


def _constant_users(facts: RunFacts) -> tuple[int, int]:
    """[from, to) in Unix ns of the longest time with one number of users; the whole load where no such time can be judged."""
    begins = [max(count.from_ns, facts.load_started_ns) for count in facts.users]
    ends = [*begins[1:], facts.load_ended_ns]
    parts = [(b, e) for b, e, count in zip(begins, ends, facts.users, strict=True) if count.users]
    begin_ns, end_ns = max(parts, key=lambda part: part[1] - part[0], default=(0, 0))
    if end_ns - begin_ns < (LEAST_S + 1) * 10**9:
        return facts.load_started_ns, facts.load_ended_ns
    return begin_ns, end_ns


def find_steady(measurements: Measurements) -> Steady | None:
    """None when fewer than LEAST_S whole seconds remain."""
    facts = measurements.facts
    from_second, to_second, _ = constant_part(facts)
    if to_second - from_second < LEAST_S:
        return None
    ramp_s = max(from_second - facts.load_started_ns / 1e9, 0.0)
    series = _series(measurements, from_second, to_second)
    cut = min(max(_seconds_to_cut(*s) for s in series.values()), (to_second - from_second) // 2)
    if to_second - from_second - cut < LEAST_S:
        cut = 0
    at, means_ns = series[MEAN]
    change = steadiness.drift(means_ns[at >= cut])
    drift = (
        f"the {MEAN} changed by {100 * change:+.0f} % of its mean over the judged part"
        if change is not None and abs(change) >= 0.1
        else ""
    )
    reason = "the first second"
    whole_s = int(ramp_s + 1e-6)  # what is cut besides is the rest of a second
    if facts.plan and whole_s:
        reason = f"{whole_s} s of ramp"
    elif facts.users and whole_s:
        reason = f"{whole_s} s, until all users were there,"
    reason += f" and {cut} s of warm-up (MSER-5) were cut" if cut else " was cut, no warm-up found (MSER-5)"
    return Steady(from_second + cut, to_second, ramp_s, float(cut), reason, drift)


def by_second(windows: Sequence[Window], operations: Sequence[str], from_second: int, to_second: int) -> list[list[Window]]:
    """Windows of these operations for each second of [from, to), seconds without any included."""
    seconds: list[list[Window]] = [[] for _ in range(to_second - from_second)]
    wanted = set(operations)
    for w in windows:
        if w.operation in wanted and from_second <= w.second < to_second:
            seconds[w.second - from_second].append(w)
    return seconds


def begun_by_second(measurements: Measurements, operations: Sequence[str], steady: Steady) -> list[list[Window]]:
    """by_second() of the judged part, and what began in it and ended after it (ended_later)."""
    mine = [w for name in operations for w in measurements.windows_of(name)]
    seconds = by_second(mine, operations, steady.from_second, steady.to_second)
    for w in ended_later(measurements, operations, steady):
        seconds[w.second - steady.from_second].append(w)
    return seconds


def outcomes(seconds: Sequence[Sequence[Window]]) -> tuple[FloatArray, FloatArray]:
    """(successful, failed) operations of each second, both of shape (m,); not those that failed on the generator itself."""
    ok = np.array([sum(w.ok for w in s) for s in seconds], dtype=np.float64)
    failed = np.array([sum(w.failures_of_service for w in s) for s in seconds], dtype=np.float64)
    return ok, failed


def one_histogram_a_second(
    measurements: Measurements, operation: str, steady: Steady, latency: str, of: Sequence[str] = (SUCCESSFUL,)
) -> list[Histogram]:
    """Latencies ("response" or "service") of one operation in each second of the judged part (begun_by_second), EMPTY where
    there was none. `of`: which operations; with those that are SUCCESSFUL, time-outs are over range.
    """
    seconds = begun_by_second(measurements, [operation], steady)
    return [merge(w.histogram(outcome, latency) for w in s for outcome in of) if s else EMPTY for s in seconds]


def operations_of(windows: Sequence[Window]) -> list[str]:
    """Names of the measured operations, sorted."""
    return sorted({w.operation for w in windows} - {SCHEDULE})


def _seconds_to_cut(at: IntArray, values: FloatArray) -> int:
    """Up to the first second that is kept, of a series of the seconds `at`, both of shape (n,)."""
    windows = steadiness.warm_up_windows({"": values})
    return int(at[windows]) if windows else 0


def _series(measurements: Measurements, from_second: int, to_second: int) -> dict[str, tuple[IntArray, FloatArray]]:
    """By name (seconds since `from_second`, value in each): a second in which nothing ended has no latency, and one of which no
    load is known no rate.
    """
    windows = measurements.windows
    seconds = by_second(windows, operations_of(windows), from_second, to_second)
    finished = np.array([sum(w.finished for w in s) for s in seconds], dtype=np.float64)
    total = np.array([sum(w.response_sum_ns for w in s) for s in seconds], dtype=np.float64)
    in_flight = np.array([sum(w.in_flight_ns for w in s) for s in seconds], dtype=np.float64)
    ended = np.flatnonzero(finished)
    known = np.flatnonzero(~silent_seconds(measurements, from_second, to_second))
    if silence := ceased(measurements):  # at its end it did nothing: what it did before is no beginning of that
        known = known[known < measurements.facts.load_ended_ns // 10**9 - silence.seconds - from_second]
    return {
        MEAN: (ended, total[ended] / finished[ended]),
        "rate": (known, finished[known]),
        "number in flight": (known, in_flight[known]),
    }
