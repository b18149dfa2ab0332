"""Two sides against each other: the verdict follows from the interval of the ratio."""

import math

import numpy as np
import pytest

from sla.judgement.comparison import Change, Figure, compare, figure_of_file, ratio_of, ratio_of_runs
from sla.values.estimate import Estimate


def estimate(point, low, high):
    return Estimate(point, low, high, 0.95, 1000, 500)


def figure(baseline, candidate, higher=False, margin=0.1):
    return Figure("f", "ns", higher, margin, [lambda _, e=e: e for e in baseline], [lambda _, e=e: e for e in candidate])


def verdict(baseline, candidate, **options):
    return compare([figure([baseline], [candidate], **options)], paired=False).compared[0]


@pytest.mark.parametrize(
    ("candidate", "higher", "expected"),
    [
        (estimate(100, 99, 101), False, Change.EQUIVALENT),
        (estimate(150, 148, 152), False, Change.REGRESSED),
        (estimate(50, 49, 51), False, Change.IMPROVED),
        (estimate(150, 148, 152), True, Change.IMPROVED),
        (estimate(50, 49, 51), True, Change.REGRESSED),
        (estimate(105, 80, 130), False, Change.INCONCLUSIVE),
        (estimate(105, 80, math.inf), False, Change.INCONCLUSIVE),
        (estimate(103, 102, 104), False, Change.EQUIVALENT),  # different for certain, and by less than matters
    ],
)
def test_the_verdict_follows_from_the_interval(candidate, higher, expected):
    assert verdict(estimate(100, 99, 101), candidate, higher=higher).change is expected


def test_what_is_missing_or_endless_is_no_equivalence():
    endless = estimate(math.inf, 1, math.inf)
    assert verdict(estimate(100, 99, 101), endless).change is Change.INCONCLUSIVE
    comparison = compare([Figure("f", "ns", False, 0.1, [lambda _: None], [lambda _: endless])], paired=False)
    assert comparison.change is Change.INCONCLUSIVE


def test_the_ratio_of_two_certain_numbers_is_certain_and_uncertainty_adds_up():
    certain = ratio_of(estimate(100, 100, 100), estimate(120, 120, 120))
    assert (certain.point, certain.low, certain.high) == pytest.approx((1.2, 1.2, 1.2))
    both = ratio_of(estimate(100, 90, 110), estimate(100, 90, 110))
    assert both.low == pytest.approx(math.exp(-math.hypot(math.log(100 / 90), math.log(1.1))))


def test_several_runs_are_welchs_t_on_logarithms_and_pairs_the_paired_t():
    from scipy import stats  # a second, for whoever only collects tests too

    rng = np.random.default_rng(1)
    a, b = np.exp(rng.normal(0, 0.1, 6)), np.exp(rng.normal(0.2, 0.2, 5))
    ours = ratio_of_runs(a, b, False, 0.95)
    theirs = stats.ttest_ind(np.log(b), np.log(a), equal_var=False).confidence_interval(0.95)
    assert (math.log(ours.low), math.log(ours.high)) == pytest.approx((theirs.low, theirs.high))
    paired = ratio_of_runs(a[:5], b, True, 0.95)
    theirs = stats.ttest_rel(np.log(b), np.log(a[:5])).confidence_interval(0.95)
    assert (math.log(paired.low), math.log(paired.high)) == pytest.approx((theirs.low, theirs.high))


SINGLE, PAIR = [estimate(1, 1, 1)], [estimate(1, 1, 1)] * 2


@pytest.mark.parametrize(
    ("figures", "paired", "message"),
    [
        ([], False, "nothing in common to compare"),
        ([figure([], SINGLE)], False, "nothing in common to compare"),
        ([figure(SINGLE, SINGLE), figure(SINGLE, [])], False, "nothing in common to compare"),
        ([figure(PAIR, [*PAIR, *SINGLE])], True, "pairs need as many runs on both sides, not 2 and 3"),
        ([figure(SINGLE, PAIR)], True, "pairs need as many runs on both sides, not 1 and 2"),
        ([figure(SINGLE, PAIR)], False, "one run against several can't be compared, not 1 and 2"),
        ([figure(PAIR, SINGLE)], False, "one run against several can't be compared, not 2 and 1"),
    ],
)
def test_sides_that_can_not_be_compared_are_refused(figures, paired, message):
    with pytest.raises(ValueError, match=message):
        compare(figures, paired)


def test_two_runs_a_side_are_enough():
    assert compare([figure(PAIR, PAIR)], False).change is Change.EQUIVALENT
    assert compare([figure(PAIR, [*PAIR, *SINGLE])], False).method.startswith("Welch's t over 2 and 3 runs")


def test_the_level_is_95_percent_unless_another_is_asked_for():
    assert compare([figure(SINGLE, SINGLE)], False).method.endswith("; changes at a family-wise error of 5 % (Holm)")
    assert compare([figure(SINGLE, SINGLE)], False, 0.8).method.endswith("; changes at a family-wise error of 20 % (Holm)")


def levels_asked(level, *ratios):
    """At which levels figures with these ratios were asked for; each has an interval of 5 % either way."""
    asked = []

    def at(ratio):
        def estimate_at(level):
            asked.append(round(level, 6))
            return Estimate(ratio, ratio * 0.95, ratio * 1.05, level, 1000, 500)

        return estimate_at

    compare([Figure("f", "ns", False, 0.1, [lambda _: estimate(1, 1, 1)], [at(r)]) for r in ratios], False, level)
    return sorted(set(asked))


def test_a_change_is_claimed_at_the_stricter_level_of_a_family():
    """Two figures of which one differs: it at 1 - 5 % / 2, the other at 95 %. The middle of the table is one of 95 %."""
    assert levels_asked(0.9, 1.0) == [0.9, 0.95]
    assert levels_asked(0.9, 1.0, 2.0) == [0.9, 0.95]
    assert levels_asked(0.8, 0.5, 2.0, 1.0, 1.0) == [0.8, 0.9, 0.95]


def test_one_regressed_figure_decides_and_a_file_has_no_interval():
    same, worse = estimate(100, 99, 101), estimate(150, 140, 160)
    comparison = compare(
        [figure_of_file(name, "ns", False, 0.1, 100.0, e) for name, e in (("a", same), ("b", worse))], paired=False
    )
    assert comparison.change is Change.REGRESSED
    assert [c.change for c in comparison.compared] == [Change.EQUIVALENT, Change.REGRESSED]
    assert comparison.compared[1].ratio.low == pytest.approx(1.4)


def test_many_equal_figures_seldom_make_a_claim():
    """Forty figures without a change: each alone would be called changed in 5 % of cases, the family must not be."""
    rng = np.random.default_rng(2)
    false = 0
    for _ in range(200):
        sides = [[np.exp(rng.normal(0, 0.5, 5)) for _ in range(2)] for _ in range(20)]
        figures = [figure(*[[estimate(x, x, x) for x in side] for side in pair]) for pair in sides]
        false += compare(figures, paired=False).change in (Change.REGRESSED, Change.IMPROVED)
        false += any(c.change in (Change.REGRESSED, Change.IMPROVED) for c in compare(figures, paired=False).compared)
    assert false / 2 <= 0.05 * 200 + 3 * math.sqrt(0.05 * 0.95 * 200)
