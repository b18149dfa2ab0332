"""Time and memory of the statistics: an assessment of 10 million samples, of an hour of 200 workers, and what a sample costs.

make bench-statistics, or python -m benchmarks.statistics. Ratios to scipy.stats.bootstrap are taken in the same run.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from array import array
from collections.abc import Callable

import numpy as np
from scipy import stats

from benchmarks import large_run, results
from bizra_load.judging.agreements import read_agreement
from bizra_load.measure.recorder import Recorder
from bizra_load.measure.report import encode_report
from sla.estimators.bootstrap import bootstraps, of_histogram
from sla.estimators.quantiles import QUANTILES, quantile_results
from sla.judgement.evaluate import evaluate
from sla.values import histogram
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import Window

ROUNDS = 5
MINUTE_S = 60.0
START = 1_800_000_000


def windows_of(seconds: int, rate: int, seed: int = 1) -> list[histogram.Histogram]:
    """Dependent latencies (a level that wanders) in one-second windows."""
    rng = np.random.default_rng(seed)
    level = np.cumsum(rng.normal(0, 0.02, seconds))
    return [histogram.from_values(rng.lognormal(np.log(200e3) + shift, 0.5, rate).astype(np.int64)) for shift in level]


def assess(windows: list[histogram.Histogram]) -> None:
    """Five quantiles with intervals, and 100,000 joint resamples of them."""
    results = quantile_results(windows, QUANTILES)
    assert results is not None
    whole = histogram.merge(windows)
    bootstraps([of_histogram(whole, r) for r in results])


def judged(windows: list[histogram.Histogram], rate: int) -> None:
    """The whole evaluate() of a run with one operation: response, service, rate, success, checks."""
    total = rate * 200_000
    common = {
        "planned": rate,
        "started": rate,
        "ok": rate,
        "in_flight_ns": total,
        "service_sum_ns": total,
        "response_sum_ns": total,
    }
    rows = tuple(Window(START + i, "generate", response=h, service=h, **common) for i, h in enumerate(windows))
    facts = RunFacts(
        START * 10**9, (START + len(windows)) * 10**9, plan=(PlannedSegment(len(windows), rate, rate),), workers=("w",)
    )
    local = read_agreement("local")
    evaluate(Measurements(rows, (), (), facts), local.agreement, local.baseline)


def drawn(seconds: int = 60, rate: int = 300) -> Callable[[], object]:
    """100,000 joint draws of each latency of the agreement `local`: quantiles of three operations, worth different numbers."""
    by_operation = []
    for seed, quantiles in enumerate(((0.99,), (0.75, 0.9, 0.99), (0.75, 0.9, 0.99))):
        windows = windows_of(seconds, rate, seed)
        results = quantile_results(windows, quantiles)
        assert results is not None
        by_operation.append([of_histogram(histogram.merge(windows), r) for r in results])
    return lambda: [bootstraps(resamplings) for resamplings in by_operation]


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """(median seconds of ROUNDS, peak MB over what was there before)."""
    seconds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return statistics.median(seconds), peak / 1e6


def largest_bootstrap(resamples: int = 100_000) -> int:
    """Largest n (by doubling) for which scipy.stats.bootstrap of one p99 ends within a minute."""
    rng, n, spent = np.random.default_rng(1), 100, 0.0
    while True:
        sample = rng.lognormal(12, 0.5, 2 * n)
        begin = time.perf_counter()
        stats.bootstrap((sample,), lambda x, axis: np.quantile(x, 0.99, axis=axis), n_resamples=resamples, method="percentile",
                        batch=1000, vectorized=True, rng=rng)  # fmt: skip
        spent = time.perf_counter() - begin
        if spent > MINUTE_S:
            return n
        n *= 2
        if spent > MINUTE_S / 2:
            return n


def recording(count: int = 10_000) -> dict[str, float]:
    """ns per sample: the append, append + histogram, and everything up to the bytes on the wire (flushed once a second)."""
    rng = np.random.default_rng(1)
    latencies = rng.lognormal(12, 0.5, count).astype(np.int64).tolist()
    step = 10**9 // count
    times = [(i * step, i * step + value) for i, value in enumerate(latencies)]
    ns_each: dict[str, list[float]] = {"append": [], "append and histogram": [], "end to end with encoding": []}
    for _ in range(ROUNDS * 4):
        buffer = array("q")
        append = buffer.append
        begin = time.perf_counter_ns()
        for value in latencies:
            append(value)
        appended = time.perf_counter_ns()
        histogram.from_values(np.frombuffer(buffer, np.int64))
        ns_each["append"].append((appended - begin) / count)
        ns_each["append and histogram"].append((time.perf_counter_ns() - begin) / count)
        recorder = Recorder(0, START * 10**9)
        operation = recorder.operation("generate")
        started, succeeded = operation.started, operation.succeeded
        begin = time.perf_counter_ns()
        for at, done in times:
            started(at)
            succeeded(at, at, done)
        encode_report(recorder.take(3 * 10**9), [])
        ns_each["end to end with encoding"].append((time.perf_counter_ns() - begin) / count)
    return {name: statistics.median(values) for name, values in ns_each.items()}


def main() -> None:
    figures: dict[str, float] = {}
    for seconds, rate in ((600, 16_667), (3600, 2_778)):
        windows = windows_of(seconds, rate)
        for label, run in (("quantiles", lambda w=windows: assess(w)), ("evaluate()", lambda w=windows, r=rate: judged(w, r))):
            took, peak = timed(run)
            figures[f"{label}, {seconds} windows, {seconds * rate:,} samples (s)"] = took
            figures[f"{label}, {seconds} windows, peak over the data (MB)"] = peak
    figures["100,000 joint draws for seven latencies of three operations (s)"] = timed(drawn())[0]
    recorded = recording()
    figures |= {f"record: {name} (ns/operation)": value for name, value in recorded.items()}
    # an operation is two latency samples, response and service, and a start
    figures["record: end to end with encoding (ns/sample)"] = recorded["end to end with encoding"] / 2
    figures["scipy.stats.bootstrap, one p99, 100,000 resamples: samples in a minute"] = largest_bootstrap()
    for workers in (2, 200):
        figures |= large_run.judged(workers)
    rows = [(name, f"{value:,.3f}") for name, value in figures.items()]
    results.keep("statistics", figures, results.table(("Figure", "Value"), rows))


if __name__ == "__main__":
    main()
