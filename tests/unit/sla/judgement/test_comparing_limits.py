"""A comparison exactly on its margins, at the levels of its family, and where a figure is missing at one of them."""

import math

import pytest

from sla.judgement.comparison import Change, Figure, compare, ratio_of
from tests.unit.sla.judgement.test_comparing import ONE, fixed, interval

UNSURE = interval(0.5, 1.0, 2.0)


def levels_asked(*candidates, level=0.8):
    """At which levels figures with these intervals, against exactly one, are asked for; 0.95 is the table's own."""
    asked = set()

    def at(estimate):
        def estimate_at(level):
            asked.add(round(level, 4))
            return estimate

        return estimate_at

    compare([Figure("f", "ns", False, 0.1, fixed(ONE), [at(e)]) for e in candidates], False, level)
    return sorted(asked - {0.95})


@pytest.mark.parametrize(
    ("first", "levels"),
    [
        (UNSURE, [0.8, 0.9333]),  # no claim of three at 1 - 20 % / 3: that is the level of all
        (interval(1.1, 1.2, 1.3), [0.8, 0.9, 0.9333]),  # one: the others at 1 - 20 % / 2
        (interval(0.7, 0.8, 0.9), [0.8, 0.9, 0.9333]),
        (interval(1.0, 1.2, 1.3), [0.8, 0.9333]),  # a ratio of one is no claim
        (interval(0.7, 0.8, 1.0), [0.8, 0.9333]),
        (interval(1.9, 2.5, 3.0), [0.8, 0.9, 0.9333]),
    ],
)
def test_each_claim_that_is_made_leaves_a_smaller_family(first, levels):
    assert levels_asked(first, UNSURE, UNSURE) == levels


def test_an_interval_that_ends_on_the_margin_is_within_it():
    figure = compare([Figure("f", "ns", False, 1.0, fixed(ONE), fixed(interval(0.5, 1.0, 2.0)))], False).compared[0]
    assert (figure.change, figure.reason) == (Change.EQUIVALENT, "the whole interval lies within 100 %")


def test_the_reason_names_the_direction_and_the_margin():
    def reason(candidate, higher=False):
        return compare([Figure("f", "ns", higher, 0.1, fixed(ONE), fixed(candidate))], False).compared[0].reason

    more = interval(1.2, 1.3, 1.4)
    assert (reason(more), reason(more, True)) == ("the whole interval is worse", "the whole interval is better")
    assert reason(UNSURE) == "neither a change nor equivalence within 10 % is shown"


def test_a_figure_that_is_unknown_at_the_stricter_level_claims_nothing():
    def candidate(level):
        return interval(1.2, 1.3, 1.4) if level < 0.96 else None

    figures = [Figure(str(i), "ns", False, 0.1, fixed(ONE), [f]) for i, f in enumerate((candidate, lambda _: UNSURE))]
    figure = compare(figures, False).compared[0]
    assert (figure.change, figure.reason) == (Change.INCONCLUSIVE, "one side has no such figure")


def test_the_lag_is_taken_off_both_sides_or_none():
    plain = Figure("f", "ns", False, 0.1, fixed(ONE), fixed(interval(1.2, 1.25, 1.3)))
    for less in ({"baseline_less_lag": fixed(ONE)}, {"candidate_less_lag": fixed(ONE)}):
        figure = compare([Figure("f", "ns", False, 0.1, plain.baseline, plain.candidate, **less)], False).compared[0]
        assert figure.ratio == compare([plain], False).compared[0].ratio
    nothing = Figure("f", "ns", False, 0.1, [lambda _: None], fixed(ONE), fixed(ONE), fixed(ONE))
    assert compare([nothing], False).compared[0].ratio is None


def test_runs_are_compared_by_the_ratio_of_their_geometric_means():
    baseline, candidate = fixed(interval(2, 2, 2), interval(8, 8, 8)), fixed(interval(16, 16, 16), interval(4, 4, 4))
    figure = compare([Figure("f", "ns", False, 0.1, baseline, candidate)], False).compared[0]
    assert (figure.ratio.point, figure.baseline, figure.candidate) == (pytest.approx(2), pytest.approx(4), pytest.approx(8))
    [pairs] = compare([Figure("f", "ns", False, 0.1, fixed(ONE, ONE), candidate)], True).compared
    half = 12.706 * math.log(4) / 2  # t of one degree of freedom, and the standard error of two differences
    limits = (8 * math.exp(-half), 8, 8 * math.exp(half))
    assert (pairs.ratio.low, pairs.ratio.point, pairs.ratio.high) == pytest.approx(limits, rel=1e-3)
    assert (pairs.ratio.level, pairs.ratio.n) == (0.95, 2)


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        ((0.9, 0.4), 0.6),
        ((4.0, math.inf), math.inf),
        ((math.inf, 4.0), math.inf),
        ((4.0, 0.0), 0.0),
        ((math.inf, 0.0), None),
    ],
)
def test_what_is_shown_of_several_runs_is_their_geometric_mean_where_they_have_one(points, shown):
    figure = Figure("f", "ns", False, 0.1, fixed(*(interval(0, p, math.inf) for p in points)), fixed(ONE, ONE))
    assert compare([figure], False).compared[0].baseline == pytest.approx(shown)


def test_a_ratio_of_e_to_the_709th_or_more_is_beyond_any_number():
    """The largest float is about e to the 709.78th."""
    just_under, at = math.exp(708.9), math.exp(709)
    assert ratio_of(ONE, interval(just_under, just_under, just_under)).high == pytest.approx(just_under)
    assert ratio_of(ONE, interval(at, at, at)).high == math.inf
