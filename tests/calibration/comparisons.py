"""Two sides against each other, interim analyses of a run under way, and the open model's response time under stalls."""

from __future__ import annotations

import dataclasses

import numpy as np

from sla.estimators.quantiles import quantile_results, windows_of
from sla.judgement.comparison import Change, Figure, compare
from sla.judgement.judge_all import judge_all
from sla.judgement.sequential import LOOKED_LEVEL, Looks, failing, so_far, undecided
from sla.values.agreement import FIGURES_ONLY, Limit, Objective
from sla.values.assessment import Severity, Status
from sla.values.histogram import from_values
from sla.values.kinds import ClientLatency
from tests.calibration import simulate
from tests.calibration.trial import START, Trial, measurements_of


def p99_of(stream):
    return quantile_results(windows_of(stream.finished_at_s, stream.latency_ns), [0.99])[0].estimate


def changed(baseline, candidate, paired=False):
    """Whether the comparison of these p99 estimates, one per run, claims a change."""
    sides = [[lambda _, e=e: e for e in side] for side in (baseline, candidate)]
    return compare([Figure("p99", "ns", False, 0.1, *sides)], paired).change in (Change.REGRESSED, Change.IMPROVED)


def comparison(rng):
    outcome = {"one run a side, equal: called different": changed(*[[p99_of(simulate.mm1(rng, 0.8, 120))] for _ in range(2)])}

    def runs(factors):
        """One p99 per run; runs differ by a factor of their own (3.5 %)."""
        return [p99_of(simulate.mm1(rng, 0.5, 120)).scaled(f * np.exp(rng.normal(0, 0.035))) for f in factors]

    session = np.linspace(1.0, 1.5, 5)  # the machine gets slower while the session goes on
    for label, factors, paired in (("5 against 5", np.ones(5), False), ("5 pairs under drift", session, True)):
        baseline, equal = runs(factors), runs(factors)
        slower = [e.scaled(1.1) for e in equal]  # each outcome has a cell of its own: they may share their runs
        outcome[f"{label}, equal: called different"] = changed(baseline, equal, paired)
        outcome[f"{label}, +10 %: found"] = changed(baseline, slower, paired)
    return outcome


P99 = Objective("p99", "p99", Severity.CRITICAL, ClientLatency(0.99), ("generate",), Limit("<", 1.0), None, "")


LENGTH_S = 300


def at_looks(rng, load, limits, look):
    """`look` (so far, agreement) for each of `limits` (share of the true p99), at each look of a run of 300 s until it is true:
    the run, the agreements, and after how many seconds that was (LENGTH_S where it never was).
    """
    stream = simulate.mm1(rng, load, LENGTH_S)
    whole = measurements_of(stream.finished_at_s, stream.latency_ns, LENGTH_S)
    after, agreements = {}, {}
    for label, factor in limits.items():
        limit = Limit("<", factor * stream.true_ns(0.99))
        agreements[label] = dataclasses.replace(FIGURES_ONLY, objectives=(dataclasses.replace(P99, target=limit),))
        looks = Looks()
        for now in (s for s in range(1, LENGTH_S) if looks.due(s)):
            facts = dataclasses.replace(whole.facts, load_ended_ns=(START + now) * 10**9)
            if look(dataclasses.replace(whole, facts=facts), agreements[label]):
                after[label] = now
                break
    return whole, agreements, {label: after.get(label, LENGTH_S) for label in limits}


def aborted(rng):
    """A run with its truth at the limit, and one that is 30 % too slow."""
    limits = {"truth at the limit: stopped": 1.0, "30 % over: stopped": 1 / 1.3}
    _, _, after = at_looks(rng, 0.8, limits, failing)
    return {label: s < LENGTH_S for label, s in after.items()}


def decided_early(load):
    """Ever a PASS or a FAIL with the truth at the limit, at a look or at the end; and what is saved with a margin of 20 %."""
    limits = {"at the limit": 1.0, "truth at 0.8 of the limit": 1.25, "truth at 1.2 of the limit": 1 / 1.2}

    def status(measurements, agreement):
        measured, steady = so_far(measurements)
        [o] = judge_all(measured, agreement, None, steady, LOOKED_LEVEL)  # also where it was stopped: see evaluate()
        return o.status

    def run(rng):
        whole, agreements, after = at_looks(rng, load, limits, lambda *it: undecided(*it) == frozenset())
        outcome = {f"{label}: time saved": 1 - after[label] / LENGTH_S for label in limits if label != "at the limit"}
        facts = dataclasses.replace(whole.facts, load_ended_ns=(START + after["at the limit"]) * 10**9, looked=True)
        last = status(dataclasses.replace(whole, facts=facts), agreements["at the limit"])
        return outcome | {f"at the limit: ever {s.value}": last is s for s in (Status.PASS, Status.FAIL)}

    return run


def stalls(rng):
    """Users with one connection each, due at fixed times; the server stands still for 2 s twice. The response time from the
    due time against that of an ideal user who never waits for an earlier response; and the service time alone.
    """
    length, slots, rate = 60.0, 20, 1000.0
    frozen = np.sort(rng.uniform(2, length - 4, 2))
    service_s = 0.0005
    first, second = frozen.tolist()
    ours, service, true = [], [], []
    for _ in range(slots):
        free = 0.0
        for due in np.arange(rng.random() * slots / rate, length, slots / rate).tolist():
            sent = max(due, free)
            free = _finished(sent, service_s, first, second)
            ours.append(free - due)
            service.append(free - sent)
            true.append(_finished(due, service_s, first, second) - due)
    p99 = [from_values((np.array(x) * 1e9).astype(np.int64)).quantile_ns(0.99) for x in (ours, service, true)]
    return {"response p99 over the true one": p99[0] / p99[2], "service p99 over the true one": p99[1] / p99[2]}


def _finished(sent, service_s, first, second):
    if first <= sent < first + 2.0:
        return first + 2.0 + service_s
    return (second + 2.0 if second <= sent < second + 2.0 else sent) + service_s


TRIALS = [
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
        "looks for a failure in 300 s of M/M/1 at load 0.8",
        aborted,
        {"truth at the limit: stopped": (0.0, 0.02), "30 % over: stopped": (0.9, 1.0)},
    ),
    *(
        Trial(
            "21",
            f"looks for a decision in 300 s of M/M/1 at load {load}",
            decided_early(load),
            {
                "at the limit: ever PASS": (0.0, 0.05),
                "at the limit: ever FAIL": (0.0, 0.02),
                "truth at 0.8 of the limit: time saved": (0.6, 1.0),
                "truth at 1.2 of the limit: time saved": (0.6, 1.0),
            },
        )
        for load in (0.5, 0.8)
    ),
    Trial(
        "13",
        "open model, two stalls of 2 s in 60 s",
        stalls,
        {"response p99 over the true one": (0.9, 1.1), "service p99 over the true one": (0.0, 0.5)},
    ),
]
