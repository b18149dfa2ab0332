"""What MSER-5 cut as warm-up. Latency has transients; failures are none, and most of a run is no beginning of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from sla.judgement.checks.check_scope import touched
from sla.judgement.generator.lateness import duration
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.steady import operations_of
from sla.values import histogram
from sla.values.agreement import Agreement, Objective
from sla.values.assessment import Check, Steady, check
from sla.values.measurements import Measurements
from sla.values.window import Window

FAILURES, SAMPLES, LATENCIES = "warm_up", "warm_up_samples", "warm_up_latency"  # keys of the checks
MOST = 0.5  # of an objective's operations that may be cut; MSER-5 cuts up to half of the seconds, and rates vary by chance
LONG = 0.25  # of the seconds: a cut beyond it hides no latency that would miss its target
CHANCE_SIGMAS = 5.0  # by which the share that is cut may exceed it by chance
SEE_FAILURES = "find out why those failed; where the service was only starting, begin the load after it, or allow it"
SEE_BEGINNING = "judge a longer run, or one that begins after the warm-up; allow it where the beginning is not to count"


def warm_up_checks(measurements: Measurements, agreement: Agreement, steady: Steady | None) -> list[Check]:
    """None where nothing was cut as warm-up, or nothing is to be judged by it. Each opens the objectives that what was cut says
    something about.
    """
    if steady is None or not steady.warm_up_s:
        return []
    part = f"the {steady.warm_up_s:.0f} s cut as warm-up (MSER-5)"
    checks = (f(measurements, agreement, steady, part) for f in (_failures_in_it, _samples_in_it, _latencies_with_it))
    return [c for c in checks if c is not None]


def _failures_in_it(measurements: Measurements, agreement: Agreement, steady: Steady, part: str) -> Check | None:
    """Success rates that miss their target with it."""
    rates = [o for o in agreement.objectives if o.kind.counts_failures and o.target.known]
    if not rates or not measurements.facts.failures_known:
        return None
    missed = [o for o in rates if success(o, measurements, steady) < o.target.value]
    worst = min(missed or rates, key=lambda o: success(o, measurements, steady))
    failed, finished = whole(worst, measurements, steady)
    text = f"with {part} {worst.title} {'misses' if missed else 'keeps'} its target"
    text += f": {failed:,} of {finished:,} operations failed"
    figure, limit, title = success(worst, measurements, steady), worst.target.value, "Success with the warm-up"
    return opening(missed, check(FAILURES, title, bool(missed), text, figure, limit, "ratio", advice=SEE_FAILURES))


def _samples_in_it(measurements: Measurements, agreement: Agreement, steady: Steady, part: str) -> Check | None:
    """Objectives of whose operations it holds more than half, by more than chance. Not throughputs: a throughput is a rate,
    which errs to the strict side where more was done in the beginning.
    """
    mine = [o for o in agreement.objectives if o.kind.unit != "ops/s"]
    if not mine:
        return None
    cut = {o.key: _share_cut(o, measurements, steady) for o in mine}
    bad = [o for o in mine if cut[o.key][1] and cut[o.key][0] > MOST + CHANCE_SIGMAS * MOST / math.sqrt(cut[o.key][1])]
    most = max(bad or mine, key=lambda o: cut[o.key][0])
    share, finished = cut[most.key]
    text = f"{100 * share:.1f} % of the {finished:,} operations of {most.title} lie in {part}"
    return opening(bad, check(SAMPLES, "Warm-up", bool(bad), text, share, MOST, "ratio", advice=SEE_BEGINNING))


def _latencies_with_it(measurements: Measurements, agreement: Agreement, steady: Steady, part: str) -> Check | None:
    """Latencies that keep their target, and miss it with a long one."""
    share = steady.warm_up_s / (steady.warm_up_s + steady.to_second - steady.from_second)
    latencies = [o for o in agreement.objectives if o.quantile and o.target.known]
    if share <= LONG or not latencies:
        return None
    whole = dataclasses.replace(steady, from_second=steady.begin_second)
    kept = [o for o in latencies if latency(o, agreement, measurements, steady) < o.target.value]
    slow = [o for o in kept if latency(o, agreement, measurements, whole) >= o.target.value]
    which = ", ".join(o.title for o in slow) or "no other latency"
    text = f"with {part}, {100 * share:.0f} % of the seconds, {which} {'miss' if len(slow) > 1 else 'misses'} the target"
    title = "Latency with the warm-up"
    return opening(slow, check(LATENCIES, title, bool(slow), text, share, LONG, "ratio", advice=SEE_BEGINNING))


def opening(objectives: Sequence[Objective], failed: Check) -> Check:
    return dataclasses.replace(failed, opens=tuple(touched(failed, objectives, open_model=True).items()))


def warm_up_notes(measurements: Measurements, steady: Steady) -> list[str]:
    """What was left out, beside what was judged; nothing where nothing was cut."""
    if not steady.warm_up_s:
        return []
    operations = operations_of(measurements.windows)
    cut, judged = _parts(measurements, operations, steady)
    return [f"the {steady.warm_up_s:.0f} s cut as warm-up (MSER-5) had {_figures(cut)}; the judged part {_figures(judged)}"]


def _figures(windows: Sequence[Window]) -> str:
    response = histogram.merge(w.response for w in windows)
    failed, finished = sum(w.failures_of_service for w in windows), sum(w.finished for w in windows)
    p99 = f"a p99 of {duration(response.quantile_ns(0.99))}" if response.total else "no latency"
    return f"{p99} and {failed:,} failures in {finished:,} operations"


def _parts(measurements: Measurements, operations: Sequence[str], steady: Steady) -> tuple[list[Window], list[Window]]:
    """Windows of these operations: (of the warm-up, of the judged part)."""
    seconds = range(steady.begin_second, steady.to_second)
    mine = [w for w in measurements.windows if w.operation in operations and w.second in seconds]
    return [w for w in mine if not steady.holds(w.second)], [w for w in mine if steady.holds(w.second)]


def latency(o: Objective, agreement: Agreement, measurements: Measurements, part: Steady) -> float:
    """The quantile (ns) over this part; NaN, which misses nothing, where there is none."""
    estimate = estimator_of(o, agreement).from_run(measurements, part, None)(0.95).estimate
    return estimate.point if estimate else math.nan


def whole(o: Objective, measurements: Measurements, steady: Steady) -> tuple[int, int]:
    """(failed, finished) operations of the warm-up and the judged part together, less those the service was not asked for."""
    windows = [w for part in _parts(measurements, o.operations, steady) for w in part]
    failed = sum(w.failures_of_service for w in windows)
    return failed, failed + sum(w.ok for w in windows)


def success(o: Objective, measurements: Measurements, steady: Steady) -> float:
    failed, finished = whole(o, measurements, steady)
    return (finished - failed) / finished if finished else 1.0


def _share_cut(o: Objective, measurements: Measurements, steady: Steady) -> tuple[float, int]:
    """(share of its operations that lie in the warm-up, their number in both parts)."""
    cut, judged = (sum(w.finished for w in part) for part in _parts(measurements, o.operations, steady))
    return cut / max(cut + judged, 1), cut + judged
