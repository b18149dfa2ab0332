"""What a dependent series is worth, on series so short that their spread is worked out by hand."""

import math

import numpy as np
import pytest

from sla.estimators.dependence import (
    BATCHES,
    Alike,
    Spread,
    _slower_is_more,
    alike,
    batch_begins,
    batches_with,
    cosine_power,
    cosines_of,
    design_effect,
    effective_size,
    lasts,
    spread,
    too_few,
)


def series(*values):
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize("values", [(), (5,)])
def test_fewer_than_two_windows_have_no_known_spread(values):
    assert spread(series(*values)) == Spread(math.inf, 0.0)


def test_of_two_windows_the_spread_is_known_with_one_degree_of_freedom():
    assert spread(series(1, 3)).variance_of_sum == pytest.approx(4.0)  # 2 values with a variance of 2
    assert spread(series(1, 3)).dof == 1


@pytest.mark.parametrize("m", [2, 3, 7, 50, 120])
def test_power_is_that_of_the_cosines(m):
    values = np.random.default_rng(m).normal(3, 1, m)
    t = (np.arange(m) + 0.5) / m
    expected = [2 * float(values @ np.cos(math.pi * j * t)) ** 2 for j in range(1, m)]
    assert cosine_power(values, m - 1) == pytest.approx(expected)


def test_every_cosine_of_independent_values_has_the_power_of_their_sum():
    """The mean over all m - 1 is m / (m - 1) times the sum of squares about the mean, whatever the values."""
    values = np.random.default_rng(1).exponential(1, 60)
    assert float(cosine_power(values, 59).mean()) == pytest.approx(60 * float(values.var(ddof=1)))


@pytest.mark.parametrize(("m", "count"), [(2, 1), (3, 2), (5, 4), (10, 7), (30, 14), (120, 36), (600, 107), (3600, 352)])
def test_there_are_more_cosines_in_a_longer_run(m, count):
    """1.5 times m^(2/3), and never as many as there are values."""
    assert cosines_of(m) == count


def test_independent_values_keep_most_of_their_cosines_and_dependent_ones_the_slow_ones():
    rng = np.random.default_rng(2)
    plain = [spread(rng.normal(0, 1, 120)) for _ in range(200)]
    # where the slower half happens to hold more it is taken alone: the price of noticing correlation
    assert 120 < np.mean([s.variance_of_sum for s in plain]) < 165
    assert np.mean([s.dof == cosines_of(120) for s in plain]) > 0.5
    slow = [spread(wandering(rng, 120, 10.0)) for _ in range(200)]
    assert np.mean([s.dof <= 4 for s in slow]) > 0.5
    truth = 120 * (1 + math.exp(-0.1)) / (1 - math.exp(-0.1))  # variance of a long sum: m times the sum of correlations
    assert np.mean([s.variance_of_sum for s in slow]) == pytest.approx(truth, rel=0.4)


def of_power(*powers, m=28):
    """A series whose cosines have these powers, and the other ones none: a cosine of amplitude a has a^2 m^2 / 2."""
    t = (np.arange(m) + 0.5) / m
    return sum(math.sqrt(2 * power) / m * np.cos(math.pi * j * t) for j, power in enumerate(powers, start=1))


# 28 values have fourteen cosines, the slower half of them seven, and the slower ones of these three. By the F law the slower
# seven of fourteen hold 1.22 times as much as the others by chance with p = 0.40, 3.79 times with 0.05, 4.65 with 0.03; three
# of seven as much as the other four with p = 0.48, and a third of that with p = 0.80.
@pytest.mark.parametrize(
    ("powers", "variance", "dof"),
    [
        ([5.0] * 14, 5.0, 14),
        ([1.2] * 7 + [1.0] * 7, 1.1, 14),
        ([1.25] * 7 + [1.0] * 7, 1.25, 7),
        ([4.5] * 7 + [1.0] * 7, 4.5, 7),  # not so clear that a half of these, which holds as much, would be taken
        ([4.8] * 7 + [1.0] * 7, 4.8, 2),  # as it is here
        ([2.0] * 3 + [6.2] * 4 + [0.5] * 7, 30.8 / 7, 7),  # a p-value of 0.81
        ([2.2] * 3 + [6.2] * 4 + [0.5] * 7, 2.2, 2),
        ([9.0] * 3 + [3.0] * 4 + [2.5] * 7, 9.0, 3),  # 2.23 times as much and 3 times: neither is clear
        ([9.0] * 3 + [0.9] * 4 + [2.0] * 7, 9.0, 2),  # the second one is
        ([1.0] * 7 + [9.0] * 7, 5.0, 14),  # what is fast alone is no reason
    ],
)
def test_the_slower_half_is_taken_while_it_holds_more(powers, variance, dof):
    of_sum = spread(of_power(*powers))
    assert (of_sum.variance_of_sum, of_sum.dof) == (pytest.approx(variance), dof)


def test_fewer_than_six_cosines_are_not_halved():
    """Six to nine values have five, ten have seven, of which three are left."""
    assert [cosines_of(m) for m in (6, 9, 10)] == [5, 5, 7]
    assert spread(of_power(9.0, m=9)) == Spread(pytest.approx(9 / 5), 5)
    assert spread(of_power(9.0, m=10)) == Spread(pytest.approx(9 / 3), 3)


@pytest.mark.parametrize(("m", "count", "dof"), [(21, 11, 5), (22, 12, 2)])
def test_what_rises_up_to_the_slowest_cosines_has_done_so_in_two_halvings(m, count, dof):
    assert cosines_of(m) == count
    assert spread(of_power(90.0, 90.0, m=m)).dof == dof


def test_what_is_clearly_slow_but_ends_within_the_run_keeps_its_degrees_of_freedom():
    """138 values have forty cosines, a quarter of them ten: of these the slower five hold little."""
    of_sum = spread(of_power(*[1.0] * 5, *[9.0] * 5, *[0.1] * 30, m=138))
    assert (of_sum.variance_of_sum, of_sum.dof) == (pytest.approx(5.0), 10)


def test_what_is_clearly_slow_and_may_be_halved_once_more_but_is_not_keeps_them_too():
    """23 values have twelve cosines. The slower six hold clearly more, but three of these a third of the others."""
    of_sum = spread(of_power(*[2.0] * 3, *[6.5] * 3, *[0.5] * 6, m=23))
    assert (of_sum.variance_of_sum, of_sum.dof) == (pytest.approx(4.25), 6)


def test_nothing_is_no_more_than_nothing_and_less_than_something():
    assert _slower_is_more(np.array([0.0, 0.0]), 1) == 1.0
    assert _slower_is_more(np.array([1.0, 0.0]), 1) == 0.0


def test_the_slower_half_is_taken_only_where_it_is_as_clear_as_asked_for():
    series = of_power(*[3.5] * 7, *[1.0] * 7)  # a p-value of 0.06
    assert [spread(series, at).dof for at in (0.25, 0.07, 0.05)] == [7, 7, 14]
    assert spread(series, 0.05).variance_of_sum == pytest.approx(2.25)
    assert design_effect(series, 0.5, 0.05) == (pytest.approx(4.5), 14)
    assert design_effect(series, 0.5) == (pytest.approx(7.0), 7)
    clear = of_power(*[9.0] * 7, *[1.0] * 7)
    assert spread(clear, 0.05) == spread(clear)


def test_no_more_cosines_are_taken_than_are_alike_in_another_series_of_the_same_windows():
    flat = of_power(*[5.0, 3.0] * 7)
    assert spread(flat) == spread(flat, at_most=None) == spread(flat, at_most=Alike(14, True))
    assert spread(flat).dof == 14
    assert spread(flat, at_most=Alike(3, False)) == Spread(pytest.approx(13 / 3), 3)
    assert spread(flat, at_most=Alike(3, True)) == Spread(pytest.approx(13 / 3), 2)  # what lasts there lasts here
    assert design_effect(flat, 1.0, at_most=Alike(7, False)) == (pytest.approx(29 / 7), 7)


def test_the_fewest_of_several_series_are_alike():
    flat, slow, slower = of_power(*[5.0] * 14), of_power(*[9.0] * 7, *[1.0] * 7), of_power(*[9.0] * 3, *[0.5] * 11)
    assert alike([flat], 0.02) == Alike(14, False)
    assert alike([flat, slow], 0.02) == Alike(3, True)  # p = 0.005, and of these three hold as much as the others
    assert alike([slower, flat, slow], 0.02) == Alike(3, True)
    assert alike([flat, slow], 0.001) == Alike(14, False)
    assert alike([], 0.02) is None


def test_what_takes_turns_spreads_less_than_independent_values():
    assert spread(np.tile([6.0, 4.0], 20)).variance_of_sum < 2  # 40 were they independent
    assert spread(series(3, 3, 3)) == Spread(0.0, 2.0)


def test_a_trend_and_a_wave_last_as_long_as_the_run_and_what_wanders_does_not():
    rng = np.random.default_rng(3)
    t = np.linspace(0, 1, 120)
    for slow in (t, np.cos(2 * math.pi * t), np.cos(math.pi * t)):
        assert lasts(5 * slow + rng.normal(0, 1, 120))
    assert np.mean([lasts(rng.normal(0, 1, 120)) for _ in range(300)]) < 0.01
    assert np.mean([lasts(wandering(rng, 120, 2.0)) for _ in range(300)]) < 0.03  # in 1.1 % of 5000
    assert not lasts(np.zeros(120))
    assert lasts(np.linspace(0, 1, 20))
    assert lasts(of_power(9.0, m=10))
    assert not lasts(of_power(9.0, m=9))  # of five cosines nothing is told


@pytest.mark.parametrize(("power", "slow"), [(12.8, False), (13.1, True)])
def test_what_lasts_has_its_power_in_half_a_wave_and_a_whole_one(power, slow):
    """Two of fourteen cosines hold 12.97 times as much as the others, each, in one of a thousand independent series."""
    assert lasts(of_power(power, power, *[1.0] * 12)) is slow
    assert not lasts(of_power(1.0, 1.0, power, power, *[1.0] * 10))


def wandering(rng, m, tau):
    """AR(1) of variance 1, correlation time tau."""
    phi = math.exp(-1 / tau)
    values = np.empty(m)
    values[0] = rng.normal()
    for i in range(1, m):
        values[i] = phi * values[i - 1] + math.sqrt(1 - phi**2) * rng.normal()
    return values


def test_batches_are_twenty_or_one_a_window_and_of_nearly_one_size():
    assert batch_begins(3).tolist() == [0, 1, 2]
    assert batch_begins(20).tolist() == list(range(20))
    assert batch_begins(50).tolist() == [0, 2, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 30, 32, 35, 37, 40, 42, 45, 47]


@pytest.mark.parametrize("each", [1.0, 5.0])
def test_a_batch_with_one_exceedance_has_one(each):
    assert batches_with(np.full(3 * BATCHES, each)) == 1.0
    assert batches_with(np.repeat([each, 0.0], [BATCHES, BATCHES])) == 0.5


@pytest.mark.parametrize(
    ("influence", "independent", "expected"),
    [
        ((1, 3), 2.0, (math.inf, 1.0)),  # four windows may depend on each other in any way
        ((1, 3, 1, 3), 2.0, (math.inf, 1.0)),
        ((), 5.0, (math.inf, 1.0)),
        ((2, 2, 2, 2, 2), 5.0, (1.0, 4.0)),  # less spread than independence has is no credit
        ((1, 2, 3, 4, 5), 0.0, (1.0, 4.0)),
        ((1, 2) * 20, 0.0, (1.0, 18.0)),
    ],
)
def test_a_design_effect_is_the_spread_over_that_of_independent_samples(influence, independent, expected):
    assert design_effect(series(*influence), independent) == expected


@pytest.mark.parametrize(("slow", "dof"), [(1e-28, 14), (0.2, 14), (0.24, 14), (0.26, 2), (0.9, 2)])
def test_what_spreads_far_less_than_independent_samples_is_no_slow_correlation(slow, dof):
    """A constant or a periodic series has little in its slow cosines, and be it all in the slowest. By Student's law two
    degrees of freedom ask for four times the spread that fourteen do: (4.303 / 2.145)^2 = 4.02.
    """
    series = of_power(*[slow] * 3, *[slow / 100] * 11)
    assert design_effect(series, 1.0) == (1.0, dof)


def test_rounding_is_no_correlation():
    """A tenth of every window, of as many as come."""
    sizes = np.random.default_rng(5).uniform(100, 1000, 60)
    noise = sizes - 0.9 * sizes - 0.1 * sizes
    assert 0 < np.abs(noise).max() < 1e-11
    assert design_effect(noise, float(0.09 * sizes.sum())) == (1.0, cosines_of(60))


def test_a_design_effect_grows_with_the_spread():
    values = series(1, 2, 3, 2, 5, 1)
    deff, dof = design_effect(values, 0.5)
    assert (deff, dof) == pytest.approx((spread(values).variance_of_sum / 0.5, spread(values).dof))


def test_samples_are_worth_less_the_more_they_depend_and_the_less_that_is_known():
    """At level 1/2 the normal law ends at 0.67449, Student's with one degree of freedom at 1."""
    assert effective_size(1000.0, 4.0, 1.0, 0.5) == pytest.approx(250 * 0.67449**2, rel=1e-4)
    assert effective_size(1000.0, 1.0, math.inf, 0.95) == pytest.approx(1000)
    assert effective_size(1000.0, math.inf, 1.0, 0.95) == 0


@pytest.mark.parametrize(
    ("sizes", "few"),
    [
        ([10] * 4, True),
        ([10] * 5, False),
        ([10, 10, 10, 10, 0], True),
        ([9, 10, 11, 12, 8], False),
        ([1000] + [1] * 59, True),  # one holds all
        ([1000, 1000, 1000] + [1] * 59, True),
        ([1000, 1000, 1000, 1000] + [1] * 59, False),  # worth four and a bit
        ([], True),
    ],
)
def test_windows_that_hold_nearly_nothing_are_none(sizes, few):
    assert too_few(np.array(sizes, float)) is few


def test_of_windows_worth_too_few_any_dependence_is_possible():
    influence, sizes = np.linspace(-1, 1, 60), np.array([1000.0] + [1.0] * 59)
    assert design_effect(influence, 10.0, sizes=sizes) == (math.inf, 1.0)
    assert design_effect(influence, 10.0, sizes=np.ones(60)) == design_effect(influence, 10.0)
