"""A worker's health holds its lags in coarse buckets: nothing that judging looks at becomes smaller by it."""

from types import SimpleNamespace

import numpy as np
import pytest

from bizra_load.engine.lags import LagRows
from bizra_load.measure.hdr_codec import encode_histograms
from bizra_load.measure.health import LAG_BITS, Counts, HealthReader
from sla.values.histogram import from_values

SECOND_NS = 1_000_000_000
SAMPLES = 500


class Lags:
    """`waiting`: what is to be taken."""

    waiting: LagRows

    def take(self, _until_ns=None):
        waiting, self.waiting = self.waiting, LagRows(*[np.zeros(0, np.int64)] * 3)
        return waiting


@pytest.fixture
def seconds():
    """(lags, own parts, turns) as measured, all of shape (n,), and the row of health made of them."""
    rng = np.random.default_rng(1)
    lag_ns = rng.lognormal(np.log(100e3), 0.6, SAMPLES).astype(np.int64)
    own_ns = np.where(lag_ns < 50_000, 0, lag_ns // 2)
    turns = rng.lognormal(np.log(20e3), 0.5, SAMPLES).astype(np.int64)
    lags = Lags()
    lags.waiting = LagRows(*[np.zeros(0, np.int64)] * 3)
    reactor = SimpleNamespace(take_turns=lambda: turns)
    quiet = SimpleNamespace(take_longest=lambda: 5)
    sender = SimpleNamespace(take_reading=lambda: None)
    reader = HealthReader("w", 0, lags, reactor, quiet)
    try:
        lags.waiting = LagRows(np.sort(rng.integers(0, SECOND_NS, SAMPLES)), lag_ns, own_ns)
        for _ in reader.steps(SECOND_NS, 3, Counts(), sender):
            pass
    finally:
        reader.close()
    [row] = reader.rows
    return (lag_ns, own_ns, turns), row


def test_lags_keep_their_extremes_and_are_never_understated(seconds):
    measured, row = seconds
    for values, held in zip(measured, (row.lag, row.own_lag, row.hub), strict=True):
        exact = from_values(values)
        assert (held.total, held.min_ns, held.max_ns) == (SAMPLES, exact.min_ns, exact.max_ns)
        for p in (0.5, 0.8, 0.9, 0.99, 0.998):
            assert exact.quantile_ns(p) <= held.quantile_ns(p) <= exact.quantile_ns(p) * (1 + 2**LAG_BITS / 1024)


def test_lags_take_little_more_than_half_the_bytes(seconds):
    measured, row = seconds
    exact = encode_histograms([from_values(values) for values in measured])
    held = encode_histograms([row.lag, row.own_lag, row.hub])
    assert sum(map(len, held)) < 0.65 * sum(map(len, exact))


def test_shares_are_written_without_digits_that_nobody_measured(seconds):
    _, row = seconds
    shares = (row.cpu_share, row.machine.cpu_s, row.machine.waited_s, row.machine.pressure)
    assert all(len(f"{share!r}") <= len("0.123456") or share >= 1 for share in shares if share >= 1e-4)
