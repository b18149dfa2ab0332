"""A window in which nothing was tried says nothing: beside as many as you like, an estimate is what it was without them."""

import numpy as np
import pytest

from sla.estimators.increments import Increments, bucket_increments
from sla.estimators.proportions import proportion_estimate
from sla.estimators.quantiles import quantile_results
from sla.estimators.rates import rate_estimate
from sla.values.histogram import EMPTY, from_values
from sla.values.snapshot import BucketCounts, Snapshot

RNG = np.random.default_rng(7)
TRIALS = RNG.poisson(1000, 40)
SUCCESSES = TRIALS - RNG.binomial(TRIALS, RNG.beta(2, 98, 40))
LATENCIES = [from_values((RNG.exponential(1e6, 200) * level).astype(np.int64)) for level in RNG.uniform(0.5, 2, 40)]
PLACES = {"behind": [40] * 80, "before": [0] * 80, "between": sorted([*range(40)] * 2), "in one hole": [20] * 80}


def spread_out(values, at, filler):
    """The values with a `filler` before each of the places `at`."""
    out, places = [], [*at, len(values)]
    for i, value in enumerate(values):
        out += [filler] * places.count(i) + [value]
    return out + [filler] * (places.count(len(values)) - 1)


@pytest.mark.parametrize("at", PLACES.values(), ids=PLACES)
def test_seconds_without_trials_change_no_share(at):
    plain = proportion_estimate(SUCCESSES, TRIALS)
    assert 0 < plain.n_eff < plain.n / 5  # it depends on how the windows hang together
    assert proportion_estimate(spread_out(SUCCESSES, at, 0), spread_out(TRIALS, at, 0)) == plain


@pytest.mark.parametrize("at", PLACES.values(), ids=PLACES)
def test_seconds_without_samples_change_no_quantile(at):
    plain = quantile_results(LATENCIES)
    assert any(r.deff > 1 for r in plain)
    assert quantile_results(spread_out(LATENCIES, at, EMPTY)) == plain


@pytest.mark.parametrize("at", PLACES.values(), ids=PLACES)
def test_scrape_intervals_without_observations_change_no_share_beyond_an_edge(at):
    counts = np.stack((SUCCESSES, TRIALS - SUCCESSES), axis=1)
    spread = np.array(spread_out(list(counts), at, np.zeros(2)))
    plain, quiet = (Increments(np.array([1.0, np.inf]), c, 0, np.zeros((len(c), 2))) for c in (counts, spread))
    assert plain.effective_beyond(0, 0.95)[0] > 1
    assert quiet.effective_beyond(0, 0.95) == plain.effective_beyond(0, 0.95)


def test_four_windows_and_sixty_empty_ones_are_four_and_bound_nothing():
    """Of fewer than five windows no spread is known, and a pause makes them no more."""
    share = proportion_estimate([990] * 4 + [0] * 60, [1000] * 4 + [0] * 60)
    assert (share.low, share.high, share.n_eff) == (0, 1, 0)
    [quantile] = quantile_results([LATENCIES[0]] * 4 + [EMPTY] * 60, [0.5])
    assert (quantile.estimate.low, quantile.estimate.high) == (0, np.inf)


def test_a_target_that_counts_nothing_parts_the_counts_of_no_other():
    """It is scraped each second, the other one three times in a minute: two intervals, not sixty that are all alike."""

    def scraped(name, at_s, per_s):
        counts = [BucketCounts((1.0, np.inf), (0.9 * per_s * t, 1.0 * per_s * t)) for t in at_s]
        return [Snapshot(t * 10**9, 0, (("instance", name),), {}, {}, {"h": c}) for t, c in zip(at_s, counts, strict=True)]

    idle, busy = scraped("idle", range(61), 0), scraped("busy", (0, 30, 60), 100)
    assert bucket_increments([*idle, *busy], "h", 0, 60 * 10**9).counts.tolist() == [[2700, 300]] * 2
    assert bucket_increments(idle, "h", 0, 60 * 10**9).counts.sum() == 0


def test_windows_of_several_lengths_count_by_their_length():
    """30 in 10 s and 10 in 30 s, one of each thrice: 40 in 40 s; by hand, 30 - 10 and 10 - 30 off the rate."""
    counts, lengths = [30, 10] * 3, [10, 30] * 3
    rate = rate_estimate(counts, lengths)
    assert (rate.point, rate.n) == (1.0, 6)
    off = rate_estimate(np.array([20, -20] * 3) + 100.0, 20.0)  # the same spread, in windows as long as these are on average
    assert (rate.high - rate.point) == pytest.approx(off.high - off.point)
    assert rate.n_eff == pytest.approx(off.n_eff)


def test_a_rate_by_the_second_is_that_of_windows_of_one_length():
    plain = rate_estimate(SUCCESSES, 2.0)
    each = rate_estimate(SUCCESSES, np.full(40, 2.0))
    assert (each.point, each.low, each.high, each.n_eff) == pytest.approx((plain.point, plain.low, plain.high, plain.n_eff))


def test_one_long_interval_is_one_however_many_scrapes_were_missed_in_it():
    """Taken for as many as were missed, forty windows that are all alike count as so much evidence."""
    noisy = RNG.poisson(1000, 10)
    one = rate_estimate([*noisy, 40_000], [*[1.0] * 10, 40.0])
    made_up = rate_estimate(RNG.permutation([*noisy, *[1000] * 40]))
    assert one.n == 11
    assert one.n_eff <= 11 < 2 * 11 < made_up.n_eff
