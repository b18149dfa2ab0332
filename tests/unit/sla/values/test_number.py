"""A number from outside is what its writer meant, or it is refused: no comma is passed over, nothing becomes infinite."""

import math

import pytest

from bizra_load.io.units import duration_s, rate_per_s
from bizra_load.node.faults import FaultError, rate, seconds, size
from bizra_load.settings.inputs import share
from sla.values.limit_parser import parse_limit
from sla.values.number import finite, number_in, share_in, whole_in
from sla.values.section import AgreementError, brief

DIGITS_OF_OTHERS = "٣", "१", "²"
NEVER = (
    "",
    "0,5",
    "1,,5",
    "1,5",
    "1,50",
    "1,0000",
    "0,500",
    ",5",
    "1_0",
    "1.",
    "1.2.3",
    "-1",
    "+1",
    " 1",
    "nan",
    "inf",
    "1e400",
)


@pytest.mark.parametrize("text", [*NEVER, *DIGITS_OF_OTHERS])
def test_what_is_no_plain_number_is_none_with_or_without_thousands(text):
    assert number_in(text) is None
    assert number_in(text, thousands=True) is None


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("12", 12), ("0.5", 0.5), (".5", 0.5), ("1e3", 1000), ("1.5E-3", 0.0015)]
)
def test_digits_one_point_and_an_exponent_are_a_number(text, number):
    assert number_in(text) == number_in(text, thousands=True) == number


@pytest.mark.parametrize(("text", "number"), [("1,000", 1e3), ("100,000", 1e5), ("1,234,567.5", 1234567.5)])
def test_commas_stand_between_all_thousands_and_only_where_they_are_asked_for(text, number):
    assert number_in(text, thousands=True) == number
    assert number_in(text) is None


@pytest.mark.parametrize(
    ("text", "ratio"), [("1%", 0.01), ("100 %", 1.0), ("0.5", 0.5), ("0,5%", None), ("%", None), ("1%%", None)]
)
def test_a_share_is_a_number_or_per_cent(text, ratio):
    assert share_in(text) == ratio


@pytest.mark.parametrize("text", [*DIGITS_OF_OTHERS, "1_0", "1.5", "-1", "+1", " 1", "", "9" * 5000])
def test_a_whole_number_has_digits_only(text):
    assert whole_in(text) is None
    assert whole_in("1600000000123456789") == 1_600_000_000_123_456_789


@pytest.mark.parametrize(
    "value", [10**400, -(10**400), pytest.param(1 << 100_000, id="endless"), math.inf, math.nan, True, "1", None]
)
def test_a_value_that_no_finite_float_holds_is_none_and_can_be_shown(value):
    assert finite(value) is None
    assert len(brief(value)) < 120


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("ns", "< 0,5 ms"),
        ("ns", "< 1,,,5_ ms"),
        ("ns", "< 1_000 us"),
        ("ns", "< ٣ ms"),
        ("ns", "< 1,5 x baseline"),
        ("ns", "< 10 x baseline, at least 0,1 ms"),
        ("ns", "< 1e308 s"),
        ("ns", "< 2000000 x baseline"),
        ("ns", f"< 10 x baseline, at least {'9' * 308} s"),
        ("ops/s", ">= 1,5 ops/s"),
        ("ops/s", ">= 10,00 ops/s"),
        ("ops/s", ">= 200 % of plan"),
        ("ratio", ">= 0,99 %"),
    ],
)
def test_a_limit_with_a_decimal_comma_or_out_of_all_bounds_is_refused(unit, text):
    with pytest.raises(AgreementError, match=r"here: .* \(allowed: "):
        parse_limit(text, "here", unit)


@pytest.mark.parametrize(
    ("unit", "text", "value"),
    [
        ("ops/s", ">= 100,000 ops/s", 1e5),
        ("ops/s", ">= 100 % of plan", 1.0),
        ("ns", "< 0.5 ms", 5e5),
        ("ns", "< 1,500 us", 1.5e6),
    ],
)
def test_a_limit_keeps_its_thousands_and_its_point(unit, text, value):
    assert parse_limit(text, "here", unit).value == value


@pytest.mark.parametrize("text", ["0,5s", "1_0s", "٣s", "1,5", "1m0,5s", "1e3s"])
def test_durations_are_read_in_the_same_way(text):
    for convert, refusal in ((duration_s, ValueError), (seconds, FaultError)):
        with pytest.raises(refusal, match="not a duration"):
            convert(text)
    assert duration_s("1m0.5s") == 60.5


@pytest.mark.parametrize("value", ["1,5", "1_0", "٣", 10**400, pytest.param(1 << 100_000, id="endless"), True, None])
def test_rates_are_read_in_the_same_way(value):
    for convert in (rate_per_s, duration_s):
        with pytest.raises(ValueError, match="allowed: "):
            convert(value)


@pytest.mark.parametrize("text", ["0,5%", "1_0%", "٣%", "0,5", "1e400"])
def test_shares_are_read_in_the_same_way(text):
    with pytest.raises(ValueError, match="a share must be"):
        share(text)
    with pytest.raises(FaultError, match="not a rate"):
        rate(text)


@pytest.mark.parametrize("text", ["٣MiB", "9" * 5000 + "MiB", "1_0MiB"])
def test_sizes_are_read_in_the_same_way(text):
    with pytest.raises(FaultError, match="not a size"):
        size(text)
