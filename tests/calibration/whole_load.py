"""A percentile of several operations together covers that of the mixture that their requests are."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from sla.estimators.quantiles import windows_of
from sla.judgement.kinds.choose import estimator_of
from sla.values.agreement import FIGURES_ONLY, Limit, Objective
from sla.values.assessment import Severity, Steady
from sla.values.kinds import ClientLatency
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import Window
from tests.calibration import simulate
from tests.calibration.trial import MM1, MOST, Trial, every, named

LENGTH_S = 120
RATES = {"often": 1000.0, "seldom": 200.0}  # two queues at load 0.8, one five times as slow as the other


def covers(rng):
    windows, means_ns = [], {}
    for name, rate in RATES.items():
        stream = simulate.mm1(rng, 0.8, LENGTH_S, rate)
        means_ns[name] = stream.true_ns(0.5) / math.log(2)
        in_time = stream.finished_at_s < LENGTH_S
        for second, h in enumerate(windows_of(stream.finished_at_s[in_time], stream.latency_ns[in_time])):
            windows.append(Window(second, name, ok=h.total, response=h, service=h))
    run = Measurements(tuple(windows), (), (), RunFacts(0, LENGTH_S * 10**9))
    outcome = {}
    for q in MOST:
        o = Objective("o", "O", Severity.CRITICAL, ClientLatency(q, "response"), tuple(RATES), Limit("<", 1e9), None, "")
        e = estimator_of(o, FIGURES_ONLY).from_run(run, Steady(0, LENGTH_S, 0.0, 0.0, ""), None)(0.95).estimate
        outcome[named(q)] = e.low <= true_ns(q, means_ns) <= e.high
    return outcome


def true_ns(q, means_ns):
    """The sojourn time of each queue is exponential: the quantile of their mixture by the rates."""
    shares = {name: rate / sum(RATES.values()) for name, rate in RATES.items()}

    def over(ns):
        return sum(shares[name] * np.exp(-ns / mean_ns) for name, mean_ns in means_ns.items()) - (1 - q)

    return brentq(over, 0, 100 * max(means_ns.values()))


TRIALS = [Trial("25", "coverage of two queues together, M/M/1 at load 0.8, 120 s", covers, every(MOST, MM1))]
