"""Lengths of time and rates from options and files; tests/properties/test_outside.py tries any text."""

import pytest

from bizra_load.io.units import duration_s, rate_per_s


def test_durations_have_units():
    assert [duration_s(t) for t in ("10s", "1m30s", "500ms", "2h", "7", 3)] == [10, 90, 0.5, 7200, 7, 3]
    for wrong in ("10 parsecs", "", "-1s", "nan", "s"):
        with pytest.raises(ValueError, match="duration"):
            duration_s(wrong)


def test_rates_are_finite_and_not_negative():
    assert [rate_per_s(r) for r in ("0", "0.5", 1000, "1e3")] == [0, 0.5, 1000, 1000]
    for wrong in ("-1", "nan", "inf", "fast", "1,5", None, True):
        with pytest.raises(ValueError, match="not a rate in ops/s"):
            rate_per_s(wrong)
