"""Intervals cover what they say, and verdicts from them are seldom wrong: quantiles, proportions, rates."""

from __future__ import annotations

from sla.estimators.block_bootstrap import block_quantiles
from sla.estimators.proportions import proportion_estimate
from sla.estimators.quantiles import STRONG_EVIDENCE, quantile_results, windows_of
from sla.estimators.rates import rate_estimate
from sla.estimators.share_limits import order_statistic_limits
from sla.judgement.family import PreparedObjective, judge_family
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.status import judge
from sla.values.agreement import FIGURES_ONLY, Limit, Objective
from sla.values.assessment import Severity, Status, Steady
from sla.values.histogram import merge
from sla.values.kinds import SuccessRate
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import Window
from tests.calibration import simulate
from tests.calibration.trial import MM1, MOST, QUANTILES, WIDE, Trial, every, named


def covers(stream, quantiles):
    results = quantile_results(windows_of(stream.finished_at_s, stream.latency_ns), quantiles)
    return {named(r.quantile): r.estimate.low <= stream.true_ns(r.quantile) <= r.estimate.high for r in results}


def coverage(row, title, make, quantiles, band):
    return Trial(row, f"coverage, {title}", lambda rng: covers(make(rng), quantiles), every(quantiles, band))


def short_run(rng):
    stream = simulate.mm1(rng, 0.8, 30)
    results = quantile_results(windows_of(stream.finished_at_s, stream.latency_ns), QUANTILES)
    outcome = {
        named(r.quantile): r.estimate.low <= stream.true_ns(r.quantile) <= r.estimate.high
        for r in results
        if r.quantile < 0.999
    }
    return outcome | {"p99.9 unbounded": results[-1].estimate.high == float("inf")}


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


def second_opinion(rng):
    stream = simulate.mm1(rng, 0.8, 120)
    intervals = block_quantiles(windows_of(stream.finished_at_s, stream.latency_ns), MOST, resamples=500)
    return {named(q): e.low <= stream.true_ns(q) <= e.high for q, e in zip(MOST, intervals, strict=True)}


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
                verdict = judge(r.estimate, r.estimate, limit, None, None, Severity.CRITICAL, evidence).status
                name = label.format(named(r.quantile))
                outcome[name] = verdict is status if evidence >= STRONG_EVIDENCE else None
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
    outcome = {}
    for label, errors in (("independent errors", plain), ("beta-binomial errors", clustered)):
        e = proportion_estimate(trials - errors, trials)
        outcome[label] = e.low <= 0.99 <= e.high
    none = proportion_estimate(trials, trials)
    return outcome | {"no errors: bound under 100 %": none.low < 1}


def outages(rng):
    """By the whole rule for success rates, with the target at the true one."""
    outcome = {}
    for (length_s, period_s, share), label in OUTAGES.items():
        attempts, failed = simulate.outages(rng, length_s, period_s, share)
        target = Limit(">=", 1 - share * 2 / period_s)
        o = Objective("o", "O", Severity.CRITICAL, SuccessRate(), ("a",), target, None, "")
        windows = [
            Window(s, "a", ok=int(n - k), failed={"transport": int(k)})
            for s, (n, k) in enumerate(zip(attempts, failed, strict=True))
        ]
        run = Measurements(tuple(windows), (), (), RunFacts(0, length_s * 10**9))
        at = estimator_of(o, FIGURES_ONLY).from_run(run, Steady(0, length_s, 0.0, 0.0, ""), None)
        [judged] = judge_family([PreparedObjective(o, target, None, at)], {}, length_s, 0.95)
        outcome[label] = judged.status is Status.PASS
    return outcome


OUTAGES = {
    (length_s, period_s, share): f"{length_s} s, every {period_s} s {share:.0%} fail: P(PASS)"
    for length_s in (60, 120, 300)
    for period_s, share in ((28, 1.0), (28, 0.3), (10, 1.0), (7, 0.05))
}


def throughput(rng):
    outcome = {}
    for length in (120, 600):
        e = rate_estimate(simulate.wandering_rate(rng, length))
        outcome[f"{length} s"] = e.low <= 1000 <= e.high
    return outcome


TRIALS = [
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
    # not what decides: the block bootstrap undercovers a little, and is told so in docs/statistics.md
    Trial("3f", "second opinion, M/M/1 at load 0.8, 120 s", second_opinion, every(MOST, (0.87, 0.985))),
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
    Trial("19", "outages of 2 s, truth at the limit", outages, dict.fromkeys(OUTAGES.values(), (0.0, 0.065))),
    Trial("7", "throughput, correlation time 2 s", throughput, {"120 s": MM1, "600 s": MM1}),
]
