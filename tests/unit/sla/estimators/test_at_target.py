"""What may lie beyond a target, tested there: 40 windows of 1,000 samples of 1,000 ns, some of them slower."""

import numpy as np
import pytest

from sla.estimators.at_target import at_target, beyond_target
from sla.estimators.dependence import cosines_of, effective_size
from sla.estimators.far_target import FarTarget, far_target
from sla.estimators.quantiles import MergedWindows
from sla.estimators.share_limits import share_limits
from sla.values.histogram import from_values

WINDOWS, EACH, TARGET_NS = 40, 1000, 5000.0


def run(slow, upper=0, tick_ns=0, slow_ns=9000):
    """`slow`: how many of each window, shape (WINDOWS,) or one number; `upper`: how many take 3,000 ns."""
    slow, upper = np.broadcast_to(slow, WINDOWS), np.broadcast_to(upper, WINDOWS)
    windows = np.full((WINDOWS, EACH), 1000)
    for window, s, u in zip(windows, slow, upper, strict=True):
        window[:u], window[:s] = 3000, slow_ns
    return MergedWindows.of([from_values(w) for w in windows], tick_ns)


def test_slow_ones_that_come_evenly_are_independent_but_for_what_is_not_known_of_them():
    known = at_target(run(4), 0.99, TARGET_NS, 0.99)
    n_eff = effective_size(WINDOWS * EACH, 1.0, cosines_of(WINDOWS), 0.99)
    assert (known.share, known.share_at_most) == (0.004, pytest.approx(share_limits(0.004, n_eff, 0.99)[1]))
    assert known.share_at_most < at_target(run(4), 0.99, TARGET_NS, 0.999).share_at_most < 0.01


def test_those_that_come_in_clusters_are_worth_fewer():
    clustered = np.zeros(WINDOWS, int)
    clustered[[1, 7, 8, 14, 22, 27, 33, 38]] = 20
    assert (
        at_target(run(clustered), 0.99, TARGET_NS, 0.95).share_at_most
        > 1.5 * at_target(run(4), 0.99, TARGET_NS, 0.95).share_at_most
    )


def test_the_dependence_of_the_slowest_fifth_is_theirs_too():
    moving = np.full(WINDOWS, 180)
    moving[[1, 2, 7, 8, 14, 22, 27, 28, 33, 38]] = 260  # a fifth of all lies there, or evenly
    even, in_some = (at_target(run(4, upper), 0.99, TARGET_NS, 0.95) for upper in (200, moving))
    assert in_some.share_at_most > 1.4 * even.share_at_most


@pytest.mark.parametrize(
    ("slow", "q", "why"),
    [(0, 0.99, "none is slower"), (11, 0.99, "as many as may be"), (4, 0.8, "no tail"), (1, 0.9999, "more than may be")],
)
def test_nothing_is_known_of(slow, q, why):
    assert at_target(run(slow), q, TARGET_NS, 0.95) is None, why


def test_nothing_is_said_on_evidence_thinner_than_a_pass_needs():
    """Of 40,000 with a design effect of 1 and 17 degrees of freedom 34,400 are worth as much: 10 of them are 0.029 %."""
    evidence = effective_size(WINDOWS * EACH, 1.0, cosines_of(WINDOWS), 0.95)
    enough, lacking = 1 - 10.01 / evidence, 1 - 9.99 / evidence
    once = np.zeros(WINDOWS, int)
    once[[3, 17, 30]] = 1
    assert at_target(run(once), enough, TARGET_NS, 0.95)
    assert at_target(run(once), lacking, TARGET_NS, 0.95) is None


@pytest.mark.parametrize(
    ("slow_ns", "tick_ns", "known"), [(5000, 0, True), (5003, 0, True), (4990, 0, False), (4990, 20, True)]
)
def test_what_may_be_over_the_target_is(slow_ns, tick_ns, known):
    """5000 to 5003 ns is one bucket; with a tick of 20 ns what reads 4990 may have taken 5010."""
    assert (at_target(run(4, slow_ns=slow_ns, tick_ns=tick_ns), 0.99, 5000.0, 0.95) is not None) is known


def test_under_the_lowest_bucket_all_is_over_the_target():
    assert at_target(run(4), 0.99, 0.0, 0.95) is None
    assert at_target(run(4), 0.99, 500.0, 0.95) is None


def test_the_one_that_shows_more_is_taken():
    far = run(4, slow_ns=2000)
    assert beyond_target(far, 0.99, 60_000.0, 0.95) == far_target(far, 0.99, 60_000.0, 0.95)
    assert isinstance(beyond_target(far, 0.99, 60_000.0, 0.95), FarTarget)
    assert beyond_target(run(4), 0.99, TARGET_NS, 0.95) == at_target(run(4), 0.99, TARGET_NS, 0.95)
    assert beyond_target(run(20), 0.99, TARGET_NS, 0.95) is None
