"""Our few laws are those of scipy.stats, which is too slow to import for every start of a process."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest

from sla.estimators import laws

LEVELS = (0.0, 1e-12, 1e-6, 0.005, 0.025, 0.5, 0.975, 0.995, 1 - 1e-9, 1.0)
SHAPES = (1e-9, 1e-3, 0.5, 1.0, 3.7, 60.0, 1e4, 3e6, 1e9)
DOFS = (1.0, 1.3, 4.0, 19.0, 399.5, 1e6)
RNG = np.random.default_rng(20261126)


def same(computed, wanted):
    """To twelve digits; where one is not a number or infinite, so is the other."""
    return (math.isnan(computed) and math.isnan(wanted)) or math.isclose(computed, wanted, rel_tol=1e-12, abs_tol=1e-300)


@pytest.mark.parametrize(("a", "b"), list(itertools.product(SHAPES, SHAPES)))
def test_beta_quantiles_are_those_of_scipy(a, b):
    from scipy import stats  # a second, for whoever only collects tests too

    for p in LEVELS:
        assert same(laws.beta_quantile(p, a, b), float(stats.beta.ppf(p, a, b))), p


@pytest.mark.parametrize("wrong", [(0.5, 0.0, 1.0), (0.5, 1.0, -1.0), (1.5, 1.0, 1.0), (-0.1, 1.0, 1.0)])
def test_what_is_no_beta_law_has_no_quantile(wrong):
    assert math.isnan(laws.beta_quantile(*wrong))


def test_normal_and_t_quantiles_are_those_of_scipy():
    from scipy import stats  # a second, for whoever only collects tests too

    for p in LEVELS:
        assert same(laws.normal_quantile(p), float(stats.norm.ppf(p)))
        for dof in DOFS:
            assert same(laws.t_quantile(p, dof), float(stats.t.ppf(p, dof))), (p, dof)


@pytest.mark.parametrize("shift", [0.0, 0.7, 4.0])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 9), (5, 5), (5, 300), (8, 8), (9, 9), (40, 200), (300, 5)])
def test_the_rank_sum_test_is_that_of_scipy(n, m, tied, shift):
    from scipy import stats  # a second, for whoever only collects tests too

    one, other = RNG.normal(shift, 1, n), RNG.normal(0, 1, m)
    if tied:
        one, other = np.round(one), np.round(other)
    if np.ptp(np.concatenate((one, other))) == 0:
        assert laws.rank_sum_p_value(one, other) == 1.0
    else:
        assert same(laws.rank_sum_p_value(one, other), float(stats.mannwhitneyu(one, other).pvalue))


def test_samples_that_lie_apart_have_the_smallest_p_value_there_is():
    assert laws.rank_sum_p_value(np.arange(5.0), np.arange(5.0, 20.0)) == 2 / math.comb(20, 5)


def test_values_that_are_all_the_same_differ_in_nothing():
    assert laws.rank_sum_p_value(np.ones(5), np.ones(20)) == 1.0


@pytest.mark.parametrize("slope", [0.0, 1e-3, -2.0])
@pytest.mark.parametrize("size", [3, 20, 600])
def test_the_slope_test_is_that_of_scipy(size, slope):
    from scipy import stats  # a second, for whoever only collects tests too

    x = np.arange(size, dtype=np.float64) * 0.7
    y = 1e3 + slope * x + RNG.normal(0, 1, size)
    wanted = stats.linregress(x, y)
    fitted = laws.slope_test(x, y)
    assert math.isclose(fitted[0], wanted.slope, rel_tol=1e-9)
    assert math.isclose(fitted[1], wanted.pvalue, rel_tol=1e-9)


def test_a_series_that_does_not_vary_has_no_slope():
    assert laws.slope_test(np.arange(20.0), np.full(20, 3.0)) == (0.0, 1.0)


def test_a_rank_sum_in_the_middle_of_its_law_is_as_likely_as_can_be():
    """All three orders are as far from the middle of the law, or farther."""
    assert laws.rank_sum_p_value(np.array([2.0]), np.array([1.0, 3.0])) == 1.0
    tied = np.array([1.0, 2.0, 3.0])
    assert laws.rank_sum_p_value(tied, tied) == 1.0


def test_few_tied_values_have_a_small_variance_and_may_differ():
    """One above two equal ones: U is 2, its mean 1, its variance 2 / 12 (4 - 6 / 6) = 1 / 2; so z = (1 - 0.5) sqrt(2)."""
    assert laws.rank_sum_p_value(np.array([2.0]), np.array([1.0, 1.0])) == pytest.approx(math.erfc(0.5), rel=1e-12)


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_points_on_a_line_leave_hardly_a_doubt_of_it(slope):
    """Of three points one degree of freedom is left: P(|T| > t) = 2 / pi arctan(1 / t), with t = 1 / sqrt(2e-20) at most."""
    line = np.arange(3.0)
    fitted = laws.slope_test(line, slope * line)
    assert fitted == (slope, pytest.approx(2 / math.pi * math.sqrt(2e-20), rel=1e-9))


def test_points_that_lie_above_each_other_have_no_slope_and_others_may_have_any_spread():
    assert laws.slope_test(np.full(4, 3.0), np.arange(4.0)) == (0.0, 1.0)
    four = np.array([0.0, 1.0, 0.0, 1.0])  # the squares of its deviations sum to 1
    assert laws.slope_test(four, 2 * four + np.array([0.0, 0.0, 1.0, 1.0]))[0] == 2.0
    assert laws.slope_test(2 * four + np.array([0.0, 0.0, 1.0, 1.0]), four)[0] == pytest.approx(0.4)  # 2 of 5


@pytest.mark.parametrize("load", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_the_exponent_of_a_queue_solves_its_equation(load):
    x = laws.lundberg_exponent(load)
    assert x > 0
    assert load * math.expm1(x) == pytest.approx(x, rel=1e-9)


@pytest.mark.parametrize(
    "start", ["import bizra_load.runtime.plugin", "from bizra_load.cli.main import main; main(['--version-of-nothing'])"]
)
def test_no_process_of_a_run_loads_scipy_before_it_judges(start):
    code = f"import sys\ntry:\n    {start}\nexcept SystemExit:\n    pass\n"
    code += "print(*(m for m in sys.modules if m.startswith('scipy')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def test_judging_loads_the_laws_and_nothing_of_scipys_statistics():
    code = (
        "import sys, numpy as np, sla\n"
        "assert sla.rate_estimate([5, 6, 7, 5, 6] * 9) and sla.proportion_estimate([5] * 9, [6] * 9)\n"
        "from sla.estimators.steadiness import drift, warm_up_windows\n"
        "series = np.concatenate((np.arange(30.0) * -5 + 150, np.arange(60.0) % 7))\n"
        "warm_up_windows({'x': series}), drift(series)\n"
        "print(*(m for m in sys.modules if m in ('scipy.special', 'scipy.stats', 'scipy.spatial', 'scipy.optimize')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["scipy.special"]
