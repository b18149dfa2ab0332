"""Systems of the second audit: correlation that is slow, periodic, or as long as the run; their laws are known exactly."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import optimize, special

from tests.calibration.simulate import Stream, wandering

SIGMA = 0.3  # of the lognormal that every latency here is drawn from, but for M/M/1 in bursts
MISS_NS, HIT_NS = 20e6, 1e6


def cache(rng, length_s, misses, tau_s=10.0, rate=1000, step_s=0.1):
    """Hits and misses of a cache whose share of misses wanders: lognormal about `misses`, correlated over tau."""
    count, n = int(length_s / step_s), int(rate * length_s)
    share = np.minimum(misses * np.exp(0.5 * wandering(rng, count, tau_s / step_s) - 0.125), 1.0)
    at = np.arange(n) / rate
    missed = rng.random(n) < share[np.minimum((at / step_s).astype(int), count - 1)]
    latency = np.where(missed, MISS_NS, HIT_NS) * np.exp(rng.normal(0, SIGMA, n))
    return Stream(at, latency, lambda q: _cache_ns(misses, q))


@lru_cache
def _cache_ns(misses, q):
    def below(t):
        hit, miss = (special.ndtr(math.log(t / ns) / SIGMA) for ns in (HIT_NS, MISS_NS))
        return (1 - misses) * hit + misses * miss - q

    return optimize.brentq(below, 1e4, 1e9)


def stalls(rng, length_s, every_s=2.7, stall_s=0.05, rate=1000):
    """Whatever arrives in a stall waits for its end; stalls come at equal distances, with a phase by chance."""
    n = int(rate * length_s)
    at = np.arange(n) / rate
    into = (at + rng.random() * every_s) % every_s
    latency = HIT_NS * np.exp(rng.normal(0, SIGMA, n)) + np.where(into < stall_s, stall_s - into, 0) * 1e9
    return Stream(at, latency, lambda q: _stalls_ns(stall_s / every_s, stall_s * 1e9, q))


@lru_cache
def _stalls_ns(share, stall_ns, q):
    waits = (np.arange(5000) + 0.5) / 5000 * stall_ns

    def below(t):
        left = np.maximum(t - waits, 1e-9)
        stalled = special.ndtr(np.log(left / HIT_NS) / SIGMA).mean()
        return (1 - share) * special.ndtr(math.log(t / HIT_NS) / SIGMA) + share * stalled - q

    return optimize.brentq(below, 1e4, 1e9)


def backlog(rng, length_s, tau_s=10.0, mean_ns=10e6, rate=1000, step_s=0.05):
    """A backlog that all wait for, as it wanders over tau: Brownian motion that is reflected at 0, from its own law on, which
    is exponential (Harrison 1985, section 5.6); its steps are exact (the lowest point of a Brownian bridge).
    """
    count, n = int(length_s / step_s), int(rate * length_s)
    drift, sigma = -1.0, math.sqrt(tau_s)  # tau is sigma^2 / drift^2
    moves = rng.normal(drift * step_s, sigma * math.sqrt(step_s), count)
    lowest = (np.sqrt(moves**2 - 2 * sigma**2 * step_s * np.log(rng.random(count))) - moves) / 2
    waits, wait = np.empty(count), rng.exponential(tau_s / 2)
    for i, (move, low) in enumerate(zip(moves.tolist(), lowest.tolist(), strict=True)):
        wait = move + max(wait, low)
        waits[i] = wait
    at = np.arange(n) / rate
    latency = (
        HIT_NS * np.exp(rng.normal(0, SIGMA, n)) + waits[np.minimum((at / step_s).astype(int), count - 1)] * mean_ns / tau_s * 2
    )
    return Stream(at, latency, lambda q: _backlog_ns(mean_ns, q))


@lru_cache
def _backlog_ns(mean_ns, q):
    waits = -mean_ns * np.log1p(-(np.arange(5000) + 0.5) / 5000)

    def below(t):
        return special.ndtr(np.log(np.maximum(t - waits, 1e-9) / HIT_NS) / SIGMA).mean() - q

    return optimize.brentq(below, 1e4, 1e9)


def diurnal(rng, length_s, amplitude=0.5, lengths=4.0, rate=1000):
    """A level that swings as slowly as the run is long: a wave of `lengths` runs, of which one run sees a part by chance."""
    n = int(rate * length_s)
    at = np.arange(n) / rate
    level = np.sin(2 * math.pi * (at / (lengths * length_s) + rng.random()))
    latency = HIT_NS * np.exp(amplitude * level + rng.normal(0, SIGMA, n))
    return Stream(at, latency, lambda q: _diurnal_ns(amplitude, q))


@lru_cache
def _diurnal_ns(amplitude, q):
    level = amplitude * np.sin(2 * math.pi * (np.arange(5000) + 0.5) / 5000)
    return optimize.brentq(lambda t: special.ndtr((math.log(t / HIT_NS) - level) / SIGMA).mean() - q, 1e4, 1e9)


def mmpp(rng, length_s, tau_s=5.0, rates=(1300.0, 700.0), mu=1500.0):
    """M/M/1 whose arrivals come at two rates in turn, each for an exponential time of mean tau."""
    at, parts, fast = 0.0, [], rng.random() < 0.5
    while at < length_s:
        lasts_s = rng.exponential(tau_s)
        parts.append(at + np.sort(rng.random(rng.poisson(rates[0 if fast else 1] * lasts_s))) * lasts_s)
        at, fast = at + lasts_s, not fast
    arrivals = np.concatenate(parts)
    service, between = rng.exponential(1 / mu, arrivals.size), np.diff(arrivals, prepend=0.0)
    walk = np.concatenate(([0.0], np.cumsum(service[:-1] - between[1:])))
    sojourn = walk - np.minimum.accumulate(walk) + service
    kept = arrivals < length_s
    return Stream((arrivals + sojourn)[kept], sojourn[kept] * 1e9, lambda q: _mmpp_ns(tau_s, rates, mu, q))


@lru_cache
def _mmpp_ns(tau_s, rates, mu, q):
    """Who arrives finds k others with the law pi_0 R^k Lambda (Neuts 1981), and stays an Erlang(k + 1) time."""
    switch, arrive, serve = np.array([[-1, 1], [1, -1]]) / tau_s, np.diag(rates), mu * np.eye(2)
    r, within = np.zeros((2, 2)), switch - arrive - serve
    for _ in range(20_000):
        r, before = -(arrive + r @ r @ serve) @ np.linalg.inv(within), r
        if np.abs(r - before).max() < 1e-14:
            break
    boundary = np.vstack(((switch - arrive + r @ serve).T, (np.linalg.inv(np.eye(2) - r) @ np.ones(2))[None]))
    pi = np.linalg.lstsq(boundary, np.array([0.0, 0.0, 1.0]), rcond=None)[0]
    shares = []
    for _ in range(3000):
        shares.append(float((pi @ arrive).sum()))
        pi = pi @ r
    weights, k = np.array(shares) / np.sum(shares), np.arange(len(shares)) + 1
    return optimize.brentq(lambda t: (weights * special.gammainc(k, mu * t)).sum() - q, 1e-6, 100) * 1e9
