"""Seeded streams of latencies whose true quantiles are known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """finished_at_s and latency_ns, both of shape (n,); `true_ns(q)` is the quantile of the law they were drawn from."""

    finished_at_s: FloatArray
    latency_ns: FloatArray
    true_ns: object


def mm1(rng, load, length_s, rate=1000.0):
    """Sojourn times of an M/M/1 queue (first come, first served) from its stationary state: exponential with mean
    1 / (mu - lambda), so that every quantile is known exactly. Lindley's recursion by reflection.
    """
    n = int(rate * length_s * 1.2) + 100
    mu = rate / load
    between, service = rng.exponential(1 / rate, n), rng.exponential(1 / mu, n)
    arrivals = np.cumsum(between)
    first = rng.exponential(1 / (mu - rate)) if rng.random() < load else 0.0
    walk = np.concatenate(([first], first + np.cumsum(service[:-1] - between[1:])))
    waiting = walk - np.minimum(np.minimum.accumulate(walk), 0.0)
    sojourn = waiting + service
    kept = arrivals < length_s
    return Stream((arrivals + sojourn)[kept], sojourn[kept] * 1e9, lambda q: -math.log1p(-q) / (mu - rate) * 1e9)


def wandering(rng, count, tau):
    """A level of standard normal law that wanders over `tau` steps (AR(1)), from its own law on, shape (count,)."""
    phi = math.exp(-1 / tau)
    shocks = rng.normal(0, math.sqrt(1 - phi * phi), count)
    shocks[0] = rng.normal()
    return _first_order(shocks, phi)


def lognormal_ar(rng, length_s, rate=1000.0, tau_s=0.5, sigma_slow=0.3, sigma_fast=0.3, median_ns=200e3):
    """A level that wanders (AR(1) with correlation time tau) times independent noise; the product is lognormal."""
    n = int(rate * length_s)
    level = wandering(rng, n, rate * tau_s)
    latency = median_ns * np.exp(sigma_slow * level + sigma_fast * rng.normal(0, 1, n))
    sigma = math.hypot(sigma_slow, sigma_fast)
    arrivals = np.arange(n) / rate
    return Stream(arrivals + latency / 1e9, latency, lambda q: median_ns * math.exp(sigma * ndtri(q)))


def independent(rng, length_s, rate=1000.0, sigma=0.5, median_ns=200e3):
    n = int(rate * length_s)
    latency = median_ns * np.exp(rng.normal(0, sigma, n))
    arrivals = np.arange(n) / rate
    return Stream(arrivals + latency / 1e9, latency, lambda q: median_ns * math.exp(sigma * ndtri(q)))


def wandering_rate(rng, length_s, tau_s=2.0, mean=1000.0, spread=0.1):
    """Completions per second, Poisson about a rate that wanders with correlation time tau; its true mean is `mean`."""
    return rng.poisson(np.maximum(mean * (1 + spread * wandering(rng, length_s, tau_s)), 0.0))


def outages(rng, length_s, period_s, share, outage_s=2, rate=1000):
    """(attempts, failures) of each second: every `period_s` from a random phase on this share fails for `outage_s`."""
    steps = np.arange(length_s * 1000) / 1000
    down = ((steps + rng.uniform(0, period_s)) % period_s < outage_s).reshape(length_s, 1000).mean(axis=1)
    attempts = rng.poisson(rate, length_s)
    return attempts, rng.binomial(attempts, down * share)


def _first_order(shocks, phi):
    """level[i] = phi level[i - 1] + shocks[i]"""
    from scipy import signal  # a second, for whoever only collects tests too

    return signal.lfilter([1.0], [1.0, -phi], shocks)
