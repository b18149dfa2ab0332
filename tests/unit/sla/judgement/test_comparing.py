"""A comparison at its margins: which interval decides equivalence, which a change, and what the lag leaves of both."""

import math

import pytest

from sla.judgement.comparison import MARGIN, SUCCESS_MARGIN, Change, Figure, compare, figures_of_runs, ratio_of, ratio_of_runs
from sla.values.assessment import OperationSummary
from sla.values.estimate import Estimate


def interval(low, point, high, n=1000, n_eff=500):
    return Estimate(point, low, high, 0.95, n, n_eff)


def fixed(*estimates):
    return [lambda _, e=e: e for e in estimates]


ONE = interval(1, 1, 1)


def ratio(low, point, high, higher=False, margin=0.1):
    """One figure whose ratio has this interval."""
    return compare([Figure("f", "ns", higher, margin, fixed(ONE), fixed(interval(low, point, high)))], False).compared[0]


@pytest.mark.parametrize(
    ("low", "high", "change"),
    [
        (0.91, 1.09, Change.EQUIVALENT),  # 1/1.1 is 0.9091
        (0.905, 1.05, Change.INCONCLUSIVE),
        (0.95, 1.11, Change.INCONCLUSIVE),
        (1.01, 1.09, Change.EQUIVALENT),
        (1.01, 1.11, Change.REGRESSED),
        (0.90, 0.99, Change.IMPROVED),
        (1.0, 1.11, Change.INCONCLUSIVE),  # a ratio of one is no change
        (0.90, 1.0, Change.INCONCLUSIVE),
    ],
)
def test_equivalent_is_an_interval_within_the_margin_and_a_change_one_without_one(low, high, change):
    assert ratio(low, math.sqrt(low * high), high).change is change


def test_the_ratio_takes_each_end_from_the_ends_that_make_it_extreme():
    estimate = ratio_of(interval(90, 100, 130, n=50, n_eff=40), interval(150, 200, 220, n=70, n_eff=30))
    below = math.hypot(math.log(200 / 150), math.log(130 / 100))
    above = math.hypot(math.log(220 / 200), math.log(100 / 90))
    assert (estimate.point, estimate.low, estimate.high) == pytest.approx((2, 2 * math.exp(-below), 2 * math.exp(above)))
    assert (estimate.n, estimate.n_eff) == (50, 30)
    assert ratio_of(interval(0, 1, 2), ONE).high == math.inf  # a side that may be nothing
    for point in (0.0, math.inf):
        assert ratio_of(interval(point, point, point), ONE) is ratio_of(ONE, interval(point, point, point)) is None


def test_runs_without_any_spread_have_a_certain_ratio():
    estimate = ratio_of_runs([100.0, 100.0], [120.0, 120.0, 120.0], False, 0.95)
    assert (estimate.low, estimate.point, estimate.high) == pytest.approx((1.2, 1.2, 1.2))
    assert estimate.n == 2
    assert ratio_of_runs([100.0, 0.0], [1.0, 1.0], False, 0.95) is None


def less_lag(low, point, high):
    figure = Figure(
        "f", "ns", False, 0.1, fixed(ONE), fixed(interval(1.2, 1.25, 1.3)), fixed(ONE), fixed(interval(low, point, high))
    )
    return compare([figure], False).compared[0]


@pytest.mark.parametrize("paired", [True, False])
def test_two_runs_a_side_that_differ_much_are_beyond_any_number_and_no_crash(paired):
    estimate = ratio_of_runs([1.0, 1.0], [1.0, 1e4], paired, 1 - 0.05 / 200)
    assert (estimate.low, estimate.high) == (0.0, math.inf)


def test_a_change_must_show_without_the_lag_too():
    assert less_lag(1.1, 1.2, 1.3).change is Change.REGRESSED
    gone = less_lag(0.99, 1.0, 1.01)
    assert gone.change is Change.INCONCLUSIVE
    # the measured interval moved to the other point, and both spanned
    assert (gone.ratio.point, gone.ratio.low, gone.ratio.high) == pytest.approx((1.25, 1.2 / 1.25, 1.3))
    more = less_lag(1.4, 1.5, 1.6)
    assert (more.ratio.low, more.ratio.high) == pytest.approx((1.2, 1.3 * 1.5 / 1.25))
    nothing = less_lag(0.0, 0.0, 0.0)
    assert (nothing.ratio.low, nothing.ratio.high, nothing.change) == (0.0, math.inf, Change.INCONCLUSIVE)


def test_the_worst_figure_decides_and_the_method_is_named():
    same, better = interval(0.99, 1.0, 1.01), interval(0.5, 0.51, 0.52)
    unsure, worse = interval(0.5, 1.0, 2.0), interval(2.0, 2.1, 2.2)

    def of(*candidates, runs=1, paired=False):
        return compare(
            [Figure(str(i), "ns", False, 0.1, fixed(*[ONE] * runs), fixed(*[c] * runs)) for i, c in enumerate(candidates)],
            paired,
        )

    assert of(same).change is Change.EQUIVALENT
    assert of(same, better).change is Change.IMPROVED
    assert of(same, better, unsure).change is Change.INCONCLUSIVE
    assert of(same, better, unsure, worse).change is Change.REGRESSED
    assert of(same).method.startswith("one run a side")
    assert len(of(same).notes) == 1
    assert of(same, runs=2).method.startswith("Welch's t over 2 and 2 runs")
    assert of(same, runs=3, paired=True).method.startswith("paired t over 3 pairs of runs")
    assert of(same, runs=2).notes == ()


def test_the_figure_of_several_runs_is_their_geometric_mean():
    comparison = compare([Figure("f", "ns", False, 0.1, fixed(interval(2, 2, 2), interval(8, 8, 8)), fixed(ONE, ONE))], False)
    assert (comparison.compared[0].baseline, comparison.compared[0].candidate) == pytest.approx((4, 1))


def summary(operation, p99, success):
    quantiles = {q: interval(p99, p99, p99) for q in ("p50", "p95", "p99", "p99.9")}
    return OperationSummary(operation, 10, {}, ONE, interval(success, success, success), quantiles, {})


def test_all_operations_that_every_run_has_are_compared_and_success_with_a_narrow_margin():
    def runs(*names):
        return [lambda level: [summary(name, 5.0, 0.99) for name in names]]

    figures = figures_of_runs(runs("b", "a", "only here"), runs("a", "b"))
    assert [f.title for f in figures[:5]] == [
        f"a, {x}" for x in ("response p50", "response p95", "response p99", "throughput", "success")
    ]
    assert [f.title.split(",")[0] for f in figures[::5]] == ["a", "b"]
    assert [(f.higher_is_better, f.margin) for f in figures[2:5]] == [(False, MARGIN), (True, MARGIN), (True, SUCCESS_MARGIN)]
    assert [f.margin for f in figures_of_runs(runs("a"), runs("a"), margin=0.005)] == [0.005] * 5


def test_of_runs_that_say_nothing_of_the_candidate_no_figure_claims_anything():
    figures = [Figure(str(i), "ns", False, 0.1, fixed(ONE), fixed(interval(r, r, r))) for i, r in enumerate((1.0, 2.0))]
    comparison = compare(figures, False, incomparable="other machines")
    assert comparison.change is Change.INCONCLUSIVE
    assert {(c.change, c.reason) for c in comparison.compared} == {(Change.INCONCLUSIVE, "other machines")}
    assert comparison.compared[1].ratio.point == 2


def test_runs_are_summarised_once_for_each_level():
    asked = []

    def run(level):
        asked.append(level)
        return [summary("a", 5.0, 0.99), summary("b", 5.0, 0.99)]

    figures = figures_of_runs([run], [run])
    assert asked == [0.95, 0.95]  # of either side
    compare(figures, False)
    assert sorted(set(asked)) == [0.95, pytest.approx(1 - 0.05 / 10)]
    assert len(asked) == 4


def test_a_run_without_a_figure_leaves_no_ratio():
    assert ratio_of_runs([100.0, math.inf], [1.0, 1.0], False, 0.95) is None
    assert ratio_of_runs([100.0, 100.0], [1.0, -1.0], False, 0.95) is None
    missing = compare([Figure("f", "ns", False, 0.1, [lambda _: ONE] * 2, [lambda _: ONE, lambda _: None])], False)
    assert (missing.compared[0].ratio, missing.compared[0].candidate) == (None, None)
    assert missing.compared[0].baseline == 1
    endless = interval(5, math.inf, math.inf)
    figure = compare([Figure("f", "ns", False, 0.1, fixed(ONE, ONE), fixed(endless, ONE))], False).compared[0]
    assert (figure.candidate, figure.reason) == (math.inf, "one side has no such figure")


@pytest.mark.parametrize(("wide", "change"), [(1.15, Change.REGRESSED), (1.3, Change.INCONCLUSIVE)])
@pytest.mark.parametrize("better", [False, True])
def test_a_difference_that_is_shown_for_one_figure_and_not_for_the_whole_family_is_no_change(wide, change, better):
    """Of two figures each needs 97.5 %; `wide`: its interval then. At 95 % it is 5 % either way."""
    point = 1 / 1.2 if better else 1.2

    def candidate(level):
        half = 1.05 if level < 0.96 else wide
        return interval(point / half, point, point * half)

    figures = [Figure(str(i), "ns", False, 0.1, fixed(ONE), [f]) for i, f in enumerate((candidate, lambda _: ONE))]
    claim = compare(figures, False).compared[0].change
    assert claim is (Change.IMPROVED if better and change is Change.REGRESSED else change)
