"""Limits and quantities as an agreement writes them: values at the ends of what is allowed, and what each refusal says."""

import pytest

from sla.values.agreement import Limit
from sla.values.limit_parser import factors_to, parse_limit, parse_quantity
from sla.values.section import AgreementError, brief

NUMBERS = "numbers: digits with a decimal point, such as 0.5, commas only between thousands"
ALLOWED = {
    "ns": f'(allowed: "< 200 us" or "< 10 x baseline, at least 100 us"; {NUMBERS})',
    "ops/s": f'(allowed: ">= 1000 ops/s" or ">= 95 % of plan"; {NUMBERS})',
    "ratio": f'(allowed: ">= 99 %"; {NUMBERS})',
}


@pytest.mark.parametrize(
    ("text", "unit", "limit"),
    [
        ("< 5 ns", "ns", Limit("<", 5.0)),
        ("<5us", "ns", Limit("<", 5e3)),
        ("  < 2.5  ms ", "ns", Limit("<", 2.5e6)),
        ("< 3 s", "ns", Limit("<", 3e9)),
        (">= 1,000.5 ops/s", "ops/s", Limit(">=", 1000.5)),
        (">= 2000 ops/s", "ops/s", Limit(">=", 2000.0)),
        (">= 50 % of plan", "ops/s", Limit(">=", 0.5, of_plan=True)),
        (">= 50 %", "ratio", Limit(">=", 0.5)),
        (">= 100 %", "ratio", Limit(">=", 1.0)),
        (">= 0.5 %", "ratio", Limit(">=", 0.005)),
    ],
)
def test_a_limit_is_in_the_canonical_unit_of_its_kind(text, unit, limit):
    assert parse_limit(text, "here", unit) == limit


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("< 0 ms", "ns", "'< 0 ms' can't be kept"),
        (">= 0 ops/s", "ops/s", "'>= 0 ops/s' can't be kept"),
        (">= 0 %", "ratio", "'>= 0 %' can't be kept"),
        (">= 100.5 %", "ratio", "'>= 100.5 %' can't be kept"),
        (">= 101 % of plan", "ops/s", "'>= 101 % of plan' can't be kept"),
        (">= 5 ms", "ns", "'>= 5 ms' points the wrong way"),
        ("< 5 ops/s", "ops/s", "'< 5 ops/s' points the wrong way"),
        ("< 5 %", "ratio", "'< 5 %' points the wrong way"),
        ("< 5 %", "ns", "'< 5 %' is not a limit of this kind"),
        (">= 5 %", "ops/s", "'>= 5 %' is not a limit of this kind"),  # of what?
        (">= 5 % of plan", "ratio", "'>= 5 % of plan' is not a limit of this kind"),
        (">= 5 ms", "ratio", "'>= 5 ms' is not a limit of this kind"),
        ("200 us", "ns", "'200 us' is not a limit of this kind"),
        (200, "ns", "200 is not a limit of this kind"),
        (None, "ratio", "None is not a limit of this kind"),
    ],
)
def test_what_is_no_limit_of_its_kind_is_refused_with_examples_of_that_kind(text, unit, message):
    with pytest.raises(AgreementError) as caught:
        parse_limit(text, "here", unit)
    assert str(caught.value) == f"here: {message} {ALLOWED[unit]}"


@pytest.mark.parametrize(
    ("text", "times", "at_least_ns"),
    [
        ("< 1,000,000 x baseline", 1e6, 0.0),
        ("< 0.5 x baseline, at least 7 ns", 0.5, 7.0),
        ("< 2 x baseline, at least 1 s", 2.0, 1e9),
        ("< 2 x baseline, at least 0 us", 2.0, 0.0),
    ],
)
def test_a_multiple_may_be_a_fraction_or_a_million(text, times, at_least_ns):
    limit = parse_limit(text, "here", "ns")
    assert (limit.times_baseline, limit.at_least, limit.known, limit.of_plan) == (times, at_least_ns, False, False)


@pytest.mark.parametrize("text", ["< 1000001 x baseline", "< 0 x baseline"])
def test_a_multiple_of_nothing_or_of_more_than_a_million_is_a_slip(text):
    with pytest.raises(AgreementError) as caught:
        parse_limit(text, "here", "ns")
    assert str(caught.value) == f'here: {text!r} can\'t be kept (allowed: such as "< 10 x baseline", up to 1,000,000 x)'


def test_a_quantity_is_converted_by_the_factors_of_its_unit():
    assert factors_to("ns") == {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
    assert factors_to("ratio") == {"%": 0.01}
    assert factors_to("ops/s") == {"ops/s": 1.0}
    for text, amount_ns in (("5 ms", 5e6), ("5ms", 5e6), ("7 ns", 7.0), ("0 s", 0.0), ("1e3 us", 1e6), (".5 s", 5e8)):
        assert parse_quantity(text, "here", factors_to("ns"), "5 ms") == amount_ns


@pytest.mark.parametrize("text", ["1,000 ms", "5 %", "5", "ms", "5 ms or so", "-5 ms", f"{'9' * 305} s"])
def test_what_is_no_quantity_of_these_units_is_refused_with_an_example(text):
    with pytest.raises(AgreementError) as caught:
        parse_quantity(text, "here", factors_to("ns"), "5 ms")
    assert str(caught.value) == f"here: {brief(text)} (allowed: such as 5 ms; digits with a decimal point, such as 0.5)"
