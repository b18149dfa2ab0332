"""What is simulated, and the band that every figure is held to. One trial is one simulated run; each of its outcomes is a
bool (its share over all runs is held to the band), a number (its mean is), or None where the question did not arise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bizra_load.measure.recorder import Recorder
from sla.agreement import FIGURES_ONLY, Limit, Objective
from sla.assessment import Severity, Status, Steady
from sla.comparison import Change, Figure, compare
from sla.histogram import from_values, merge
from sla.littles_law import littles_law
from sla.measurements import Measurements, PlannedSegment, RunFacts
from sla.proportions import proportion_estimate
from sla.quantiles import order_statistic_limits, quantile_results, windows_of
from sla.rates import rate_estimate
from sla.sequential import Looks, failing
from sla.server_side import bucket_increments, counter_increase, dominance_violation, reconcile, server_quantile
from sla.snapshot import BucketCounts, Snapshot
from sla.status import STRONG_EVIDENCE, judge
from sla.steady import find_steady
from sla.window import Window
from tests.calibration import simulate

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
MOST = (0.5, 0.9, 0.95, 0.99)
START = 1_800_000_000


@dataclass(frozen=True)
class Trial:
    """`bands` maps each outcome to (low, high); row is its number in the table of figures that the product is held to."""

    row: str
    title: str
    run: Callable[[np.random.Generator], dict[str, bool | float | None]]
    bands: dict[str, tuple[float, float]]


def named(q):
    return f"p{100 * q:g}"


def covers(stream, quantiles):
    results = quantile_results(windows_of(stream.finished_at_s, stream.latency_ns), quantiles)
    return {named(r.quantile): r.estimate.low <= stream.true_ns(r.quantile) <= r.estimate.high for r in results}


def coverage(row, title, make, quantiles, band):
    return Trial(row, f"coverage, {title}", lambda rng: covers(make(rng), quantiles), every(quantiles, band))


def short_run(rng):
    stream = simulate.mm1(rng, 0.8, 30)
    results = quantile_results(windows_of(stream.finished_at_s, stream.latency_ns), QUANTILES)
    found = {
        named(r.quantile): r.estimate.low <= stream.true_ns(r.quantile) <= r.estimate.high
        for r in results
        if r.quantile < 0.999
    }
    return found | {"p99.9 unbounded": results[-1].estimate.high == float("inf")}


def independent_run(rng):
    stream = simulate.independent(rng, 120)
    windows = windows_of(stream.finished_at_s, stream.latency_ns)
    whole = merge(windows)
    outcome = {}
    for r in quantile_results(windows, QUANTILES):
        e = r.estimate
        low, high = order_statistic_limits(r.quantile, whole.total, 0.95)
        plain = whole.quantile_ns(high) - whole.quantile_ns(low)
        outcome[named(r.quantile)] = e.low <= stream.true_ns(r.quantile) <= e.high
        outcome[f"{named(r.quantile)} width over i.i.d."] = (e.high - e.low) / plain
    return outcome


def naive_bootstrap(rng):
    """The usual interval: order statistics as if independent. It must fail."""
    stream = simulate.mm1(rng, 0.8, 120)
    whole = merge(windows_of(stream.finished_at_s, stream.latency_ns))
    outcome = {}
    for q in MOST:
        low, high = order_statistic_limits(q, whole.total, 0.95)
        outcome[named(q)] = whole.quantile_ns(low) <= stream.true_ns(q) <= whole.quantile_ns(high)
    return outcome


def verdicts(length_s, quantiles, cases):
    """`cases` maps an outcome to (limit / truth, status it counts)."""

    def run(rng):
        stream = simulate.mm1(rng, 0.8, length_s)
        windows = windows_of(stream.finished_at_s, stream.latency_ns)
        outcome = {}
        for r in quantile_results(windows, quantiles):
            evidence = r.estimate.n_eff * (1 - r.quantile)
            for label, (factor, status) in cases.items():
                limit = Limit("<", factor * stream.true_ns(r.quantile))
                found = judge(r.estimate, r.estimate, limit, None, None, Severity.CRITICAL, evidence).status
                name = label.format(named(r.quantile))
                outcome[name] = found is status if evidence >= STRONG_EVIDENCE else None
        return outcome

    return run


AT_LIMIT = {
    "{} P(PASS), truth at the limit": (1.0, Status.PASS),
    "{} P(PASS), truth 5 % over": (1 / 1.05, Status.PASS),
    "{} P(FAIL), truth at the limit": (1.0, Status.FAIL),
}
POWER = {"{} P(PASS), truth at 0.9 of the limit": (1 / 0.9, Status.PASS), "{} P(FAIL), truth at 1.1": (1 / 1.1, Status.FAIL)}


def proportions(rng):
    trials = rng.poisson(1000, 120)
    plain = rng.binomial(trials, 0.01)
    clustered = rng.binomial(trials, rng.beta(0.01 * 60, 0.99 * 60, 120))
    found = {}
    for label, errors in (("independent errors", plain), ("beta-binomial errors", clustered)):
        e = proportion_estimate(trials - errors, trials)
        found[label] = e.low <= 0.99 <= e.high
    none = proportion_estimate(trials, trials)
    return found | {"no errors: bound under 100 %": none.low < 1}


def throughput(rng):
    found = {}
    for length in (120, 600):
        e = rate_estimate(simulate.wandering_rate(rng, length))
        found[f"{length} s"] = e.low <= 1000 <= e.high
    return found


# steadiness --------------------------------------------------------------------------------------------------------------


def measurements_of(finished_at_s, latency_ns, length_s):
    """Windows of one operation over a constant plan, in the way the recorder makes them."""
    windows = []
    seconds = np.floor(finished_at_s).astype(int)
    order = np.argsort(seconds, kind="stable")
    cuts = np.searchsorted(seconds[order], np.arange(length_s + 1))
    for second in range(length_s):
        values = latency_ns[order[cuts[second] : cuts[second + 1]]].astype(np.int64)
        total, h = int(values.sum()), from_values(values)
        windows.append(
            Window(START + second, "generate", planned=h.total, started=h.total, ok=h.total, in_flight_ns=total,
                   response_sum_ns=total, service_sum_ns=total, response=h, service=h)
        )  # fmt: skip
    rate = len(latency_ns) / length_s
    facts = RunFacts(START * 10**9, (START + length_s) * 10**9, plan=(PlannedSegment(length_s, rate, rate),))
    return Measurements(tuple(windows), (), (), facts)


def judged_part(stream, factor, length_s) -> Steady:
    """What find_steady() leaves of a stream whose latency is multiplied by factor(seconds)."""
    latency = stream.latency_ns * factor(stream.finished_at_s)
    found = find_steady(measurements_of(stream.finished_at_s, latency, length_s))
    assert found is not None
    return found


def steadiness(rng, make):
    length = 120
    stream = make(rng, length)
    slow_start = judged_part(stream, lambda t: np.where(t < 15, 2.0, 1.0), length)
    cooling = lambda t: 1 + 2 * np.exp(-t / 5)  # noqa: E731  # the shape of a cache that fills
    warm = judged_part(stream, cooling, length)
    kept = stream.finished_at_s >= warm.warm_up_s
    left = float((stream.latency_ns * cooling(stream.finished_at_s))[kept].mean() / stream.latency_ns[kept].mean() - 1)
    rising = judged_part(stream, lambda t: 0.9 + 0.2 * t / length, length)
    plain = judged_part(stream, lambda t: np.ones_like(t), length)
    return {
        "step of 15 s cut within 10 s": abs(slow_start.warm_up_s - 15) <= 10,
        "bias left by an exponential warm-up": left,
        "20 % drift in 120 s found": bool(rising.drift),
        "false drift": bool(plain.drift),
        "cut of a steady run (s)": plain.warm_up_s,
    }


# the server's side -------------------------------------------------------------------------------------------------------

EDGES_S = np.array([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, np.inf])


def scrapes(finished_at_s, latency_s, times_s):
    """What a scrape at each of `times_s` reads."""
    order = np.argsort(finished_at_s)
    at, values = finished_at_s[order], latency_s[order]
    found = []
    for t in times_s:
        seen = values[: np.searchsorted(at, t, side="right")]
        cumulative = np.cumsum(np.histogram(seen, np.concatenate(([0.0], EDGES_S)))[0]).astype(float)
        found.append(
            Snapshot(
                round((START + t) * 1e9),
                0,
                "",
                {"total": float(seen.size)},
                {},
                {"s": BucketCounts(tuple(EDGES_S), tuple(cumulative))},
            )
        )
    return tuple(found)


def server_side(rng):
    length = 120
    stream = simulate.mm1(rng, 0.8, length)
    latency_s = stream.latency_ns / 1e9
    phase = rng.random()
    idle = scrapes(stream.finished_at_s, latency_s, np.concatenate(([-1.0], np.arange(0, length) + phase, [length + 60.0])))
    increments = bucket_increments(idle, "s", (START - 2) * 10**9, (START + length + 100) * 10**9)
    found = {}
    for q in MOST:
        s = server_quantile(increments, q)
        exact = np.quantile(latency_s, q, method="inverted_cdf") * 1e9
        found[f"{named(q)} inside its bucket's edges"] = s.low_edge_ns <= exact <= s.high_edge_ns
        found[f"{named(q)} interval covers the truth"] = s.estimate.low <= stream.true_ns(q) <= s.estimate.high
    network_ns = rng.exponential(50e3, stream.latency_ns.size)
    client_ns = stream.latency_ns + network_ns
    shrunk = np.where(rng.random(client_ns.size) < 0.05, client_ns * 0.2, client_ns)
    for label, values in (("dominance: false alarm", client_ns), ("dominance: 5 % too fast found", shrunk)):
        client = from_values(values.astype(np.int64))
        found[label] = dominance_violation(client, increments, 0.0)[0] > 0
    return found | counters(rng, stream, length, idle)


def counters(rng, stream, length, idle):
    """Client counts per second against the server's counter: scrapes around the load, and scrapes in its middle only."""
    done = stream.finished_at_s + rng.exponential(50e-6, stream.finished_at_s.size)
    inside = scrapes(stream.finished_at_s, stream.latency_ns / 1e9, np.arange(5.0, length, 15.0) + 5 * rng.random())
    found = {}
    for where, snapshots in (("idle", idle), ("mid-load", inside)):
        increase = counter_increase(snapshots, ["total"], START * 10**9, (START + length) * 10**9)
        for label, kept in (("false alarm", np.ones(done.size, bool)), ("3 % loss found", rng.random(done.size) >= 0.03)):
            seconds, counts = np.unique(START + np.floor(done[kept]).astype(int), return_counts=True)
            result = reconcile(dict(zip(seconds.tolist(), counts.tolist(), strict=True)), 0, 60.0, increase)
            if where == "idle" or label == "false alarm":
                found[f"counters, {where}: {label}"] = not result.holds
    return found


def law(rng):
    """L from starts and finishes, W from samples: with all samples, and with 5 % of them lost."""
    length = 30
    stream = simulate.mm1(rng, 0.8, length)
    found = {}
    for label, lost in (("false alarm", 0.0), ("5 % loss found", 0.05)):
        recorder = Recorder(0, START * 10**9)
        operation = recorder.operation("generate")
        windows: list[Window] = []
        done = (stream.finished_at_s * 1e9).astype(np.int64)
        sent = done - stream.latency_ns.astype(np.int64)
        for value in np.sort(sent[sent >= 0]).tolist():
            operation.started(value)
        for s, d in zip(sent.tolist(), done.tolist(), strict=True):
            if s >= 0:
                operation.succeeded(s, s, d)
        windows = recorder.take((length + 60) * 10**9)
        kept = [without(w, lost, rng) for w in windows if w.operation == "generate"]
        result = littles_law(kept)
        found[label] = result is not None and not result.holds
    return found


def without(window, share, rng):
    """The window with some of its samples lost on the way."""
    if not share or not window.ok:
        return window
    gone = rng.binomial(window.ok, share) / window.ok
    return dataclasses.replace(window, service_sum_ns=int(window.service_sum_ns * (1 - gone)))


# two sides, and looks at a run -------------------------------------------------------------------------------------------


def p99_of(stream):
    return quantile_results(windows_of(stream.finished_at_s, stream.latency_ns), [0.99])[0].estimate


def changed(baseline, candidate, paired=False):
    """Whether the comparison of these p99 estimates, one per run, claims a change."""
    sides = [[lambda _, e=e: e for e in side] for side in (baseline, candidate)]
    return compare([Figure("p99", "ns", False, 0.1, *sides)], paired).change in (Change.REGRESSED, Change.IMPROVED)


def comparison(rng):
    found = {"one run a side, equal: called different": changed(*[[p99_of(simulate.mm1(rng, 0.8, 120))] for _ in range(2)])}

    def runs(factors):
        """One p99 per run; runs differ by a factor of their own (3.5 %)."""
        return [p99_of(simulate.mm1(rng, 0.5, 120)).scaled(f * np.exp(rng.normal(0, 0.035))) for f in factors]

    found["5 against 5, equal: called different"] = changed(runs(np.ones(5)), runs(np.ones(5)))
    found["5 against 5, +10 %: found"] = changed(runs(np.ones(5)), runs(np.full(5, 1.1)))
    session = np.linspace(1.0, 1.5, 5)  # the machine gets slower while the session goes on
    found["5 pairs under drift, equal: called different"] = changed(runs(session), runs(session), paired=True)
    found["5 pairs under drift, +10 %: found"] = changed(runs(session), runs(session * 1.1), paired=True)
    return found


LOOKED_AT = Objective("p99", "p99", Severity.CRITICAL, "client_quantile", ("generate",), Limit("<", 1.0), None, "", 0.99)


def looks(rng):
    """A run of 300 s with its truth at the limit, looked at every 10 s; and one that is 30 % too slow."""
    length = 300
    stream = simulate.mm1(rng, 0.8, length)
    whole = measurements_of(stream.finished_at_s, stream.latency_ns, length)
    found = {}
    for label, limit in (
        ("truth at the limit: stopped", stream.true_ns(0.99)),
        ("30 % over: stopped", stream.true_ns(0.99) / 1.3),
    ):
        objective = dataclasses.replace(LOOKED_AT, target=Limit("<", limit))
        agreement = dataclasses.replace(FIGURES_ONLY, objectives=(objective,))
        rule, stopped = Looks(), False
        for now in range(10, length, 10):
            facts = dataclasses.replace(whole.facts, load_ended_ns=(START + now) * 10**9)
            stopped = stopped or bool(rule.add(failing(dataclasses.replace(whole, facts=facts), agreement)))
        found[label] = stopped
    return found


def stalls(rng):
    """Users with one connection each, due at fixed times; the server stands still for 2 s twice. The response time from the
    due time against that of an ideal user who never waits for an earlier answer; and what the service time alone would say.
    """
    length, slots, rate = 60.0, 20, 1000.0
    frozen = np.sort(rng.uniform(2, length - 4, 2))
    service_s = 0.0005
    ours, service, true = [], [], []
    for _ in range(slots):
        free = 0.0
        for due in np.arange(rng.random() * slots / rate, length, slots / rate):
            sent = max(due, free)
            free = _answered(sent, service_s, frozen)
            ours.append(free - due)
            service.append(free - sent)
            true.append(_answered(due, service_s, frozen) - due)
    p99 = [from_values((np.array(x) * 1e9).astype(np.int64)).quantile_ns(0.99) for x in (ours, service, true)]
    return {"response p99 over the true one": p99[0] / p99[2], "service p99 over the true one": p99[1] / p99[2]}


def _answered(sent, service_s, frozen):
    for begin in frozen:
        if begin <= sent < begin + 2.0:
            return float(begin) + 2.0 + service_s
    return sent + service_s


MM1, WIDE = (0.92, 0.985), (0.93, 0.995)
WARM_UP = {
    "step of 15 s cut within 10 s": (0.95, 1.0),
    "bias left by an exponential warm-up": (-0.01, 0.01),
    "20 % drift in 120 s found": (0.95, 1.0),
    "false drift": (0.0, 0.03),
    "cut of a steady run (s)": (0.0, 2.0),
}


def every(quantiles, band, label="{}"):
    return {label.format(named(q)): band for q in quantiles}


TRIALS: list[Trial] = [
    coverage("3a", "M/M/1 at load 0.5, 120 s", lambda rng: simulate.mm1(rng, 0.5, 120), MOST, MM1),
    coverage("3a", "M/M/1 at load 0.8, 120 s", lambda rng: simulate.mm1(rng, 0.8, 120), MOST, MM1),
    coverage("3a", "M/M/1 at load 0.9, 120 s", lambda rng: simulate.mm1(rng, 0.9, 120), MOST, MM1),
    Trial(
        "3b",
        "coverage, M/M/1 at load 0.8, 30 s",
        short_run,
        {**every((0.5, 0.9, 0.95), MM1), "p99": (0.90, 1.0), "p99.9 unbounded": (0.95, 1.0)},
    ),
    coverage("3c", "M/M/1 at load 0.8, 600 s", lambda rng: simulate.mm1(rng, 0.8, 600), (0.999,), (0.91, 0.985)),
    coverage("3d", "lognormal with AR noise (0.5 s), 120 s", lambda rng: simulate.lognormal_ar(rng, 120), QUANTILES, WIDE),
    Trial(
        "3e",
        "coverage and width, i.i.d. lognormal, 120 s",
        independent_run,
        every(QUANTILES, WIDE) | every(QUANTILES, (0.0, 1.35), "{} width over i.i.d."),
    ),
    Trial("4", "negative control: the i.i.d. bootstrap, M/M/1 at load 0.8", naive_bootstrap, every(MOST, (0.0, 0.92))),
    Trial(
        "5",
        "verdicts, M/M/1 at load 0.8, 120 s",
        verdicts(120, MOST, AT_LIMIT),
        {
            k: v
            for label, high in zip(AT_LIMIT, (0.065, 0.03, 0.035), strict=True)
            for k, v in every(MOST, (0, high), label).items()
        },
    ),
    Trial(
        "5b",
        "verdicts, M/M/1 at load 0.8, 600 s",
        verdicts(600, (0.99,), POWER),
        {label.format("p99"): (low, 1.0) for label, low in zip(POWER, (0.90, 0.95), strict=True)},
    ),
    Trial(
        "7",
        "success rate 99 %, 120 s",
        proportions,
        {"independent errors": (0.93, 0.99), "beta-binomial errors": (0.93, 0.99), "no errors: bound under 100 %": (1.0, 1.0)},
    ),
    Trial("7", "throughput, correlation time 2 s", throughput, {"120 s": MM1, "600 s": MM1}),
    Trial(
        "8",
        "warm-up and drift, M/M/1 at load 0.5, 120 s",
        lambda rng: steadiness(rng, lambda rng, s: simulate.mm1(rng, 0.5, s)),
        WARM_UP,
    ),
    Trial(
        "8",
        "warm-up and drift, lognormal with AR noise, 120 s",
        lambda rng: steadiness(rng, lambda rng, s: simulate.lognormal_ar(rng, s, sigma_slow=0.1)),
        WARM_UP,
    ),
    Trial(
        "9",
        "server side, M/M/1 at load 0.8, default buckets, 120 s",
        server_side,
        every(MOST, (1.0, 1.0), "{} inside its bucket's edges")
        | every(MOST, (0.95, 1.0), "{} interval covers the truth")
        | {
            "dominance: false alarm": (0.0, 0.01),
            "dominance: 5 % too fast found": (0.95, 1.0),
            "counters, idle: false alarm": (0.0, 0.0),
            "counters, idle: 3 % loss found": (0.9, 1.0),
            "counters, mid-load: false alarm": (0.0, 0.0),
        },
    ),
    Trial(
        "11",
        "comparisons of p99, M/M/1, 120 s a run",
        comparison,
        {
            "one run a side, equal: called different": (0.0, 0.08),
            "5 against 5, equal: called different": (0.0, 0.06),
            "5 against 5, +10 %: found": (0.8, 1.0),
            "5 pairs under drift, equal: called different": (0.0, 0.06),
            "5 pairs under drift, +10 %: found": (0.5, 1.0),
        },
    ),
    Trial(
        "12",
        "looks every 10 s at 300 s of M/M/1 at load 0.8",
        looks,
        {"truth at the limit: stopped": (0.0, 0.02), "30 % over: stopped": (0.9, 1.0)},
    ),
    Trial(
        "13",
        "open model, two stalls of 2 s in 60 s",
        stalls,
        {"response p99 over the true one": (0.9, 1.1), "service p99 over the true one": (0.0, 0.5)},
    ),
    Trial("10", "Little's law, M/M/1 at load 0.8, 30 s", law, {"false alarm": (0.0, 0.01), "5 % loss found": (0.99, 1.0)}),
]
