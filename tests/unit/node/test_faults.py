"""Fault specifications: what they mean, and that a wrong one changes nothing."""

import math
import random
import statistics

import pytest

from bizra_load.node.faults import FaultError, Faults, parse_assignments, rate, seconds, size


@pytest.fixture
def faults():
    return Faults(random.Random(1))


@pytest.mark.parametrize(("text", "value"), [("600us", 6e-4), ("1.5ms", 1.5e-3), ("2s", 2.0), ("10ns", 1e-8), ("1m", 60.0)])
def test_durations(text, value):
    assert math.isclose(seconds(text), value)


@pytest.mark.parametrize("text", ["", "5", "-1s", "1h", "1e3s", "nan", "61m", "s", "1 s s"])
def test_what_is_not_a_duration_is_refused(text):
    with pytest.raises(FaultError, match="not a duration"):
        seconds(text)


@pytest.mark.parametrize(("text", "value"), [("3%", 0.03), ("0.5", 0.5), ("100%", 1.0), ("0", 0.0)])
def test_rates(text, value):
    assert rate(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "%", "101%", "-1%", "nan", "1.1", "inf", "three"])
def test_what_is_not_a_rate_is_refused(text):
    with pytest.raises(FaultError, match="not a rate"):
        rate(text)


@pytest.mark.parametrize(("text", "value"), [("100MiB", 100 * 2**20), ("1 GiB", 2**30), ("0KiB", 0)])
def test_sizes(text, value):
    assert size(text) == value


@pytest.mark.parametrize("text", ["", "5", "-1MiB", "2GiB", "1.5GiB", "100MB", "nan"])
def test_what_is_not_a_size_is_refused(text):
    with pytest.raises(FaultError, match="not a size"):
        size(text)


@pytest.mark.parametrize(
    ("spec", "median_s"),
    [
        ("600us", 600e-6),
        ("lognormal(200us,0.5)", 200e-6),
        ("exponential(1ms)", 1e-3 * math.log(2)),
        ("uniform(1ms, 3ms)", 2e-3),
    ],
)
def test_latency_distributions_have_the_median_they_promise(faults, spec, median_s):
    faults.set({"generate.latency": spec})
    drawn = [faults.latency["generate"]() for _ in range(4000)]
    assert statistics.median(drawn) == pytest.approx(median_s, rel=0.1)
    assert min(drawn) >= 0


def test_the_same_seed_draws_the_same_latencies():
    drawn = []
    for _ in range(2):
        faults = Faults(random.Random("seed"))
        faults.set({"verify.latency": "exponential(1ms)"})
        drawn.append([faults.latency["verify"]() for _ in range(10)])
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("generate.latency", "gauss(1ms,2)"),
        ("generate.latency", "lognormal(200us)"),
        ("generate.latency", "lognormal(200us,x)"),
        ("generate.latency", "uniform(1ms)"),
        ("generate.latency", None),
        ("health.latency", "1ms"),
        ("error_rate", "200%"),
        ("metrics.down", "maybe"),
        ("metrics.empty", "maybe"),
        ("memory", "a lot"),
        ("cpu", "120%"),
        ("stall", "forever"),
        ("__init__", "1"),
    ],
)
def test_a_wrong_fault_is_named_and_none_of_its_request_takes_effect(faults, name, value):
    with pytest.raises(FaultError, match=f"^{name}: "):
        faults.set({"wrong_signature_rate": "1%", name: value})
    assert faults.in_force() == {}
    assert faults.wrong_signature_rate == 0


def test_nought_and_false_switch_a_fault_off(faults):
    on = {"generate.latency": "5ms", "verify.latency": "1ms", "metrics.down": "true", "memory": "1MiB", "cpu": "1%"}
    faults.set(on | {"wrong_signature_rate": "1%", "error_rate": "1%"})
    faults.set(
        {"generate.latency": "0ms", "metrics.down": "False", "memory": "0 MiB", "cpu": "0", "wrong_signature_rate": "0%"}
    )
    assert faults.in_force() == {"verify.latency": "1ms", "error_rate": "1%"}
    assert list(faults.latency) == ["verify"]  # even to sleep for no time takes some
    faults.set({"generate.error_rate": "0%"})
    assert faults.in_force()["generate.error_rate"] == "0%"  # a fault of its own beside errors of the others
    faults.set({"verify.latency": "0.00s", "finality.latency": "1ms", "error_rate": "0"})
    assert faults.in_force() == {"finality.latency": "1ms"}
    faults.clear()


def test_one_operations_own_error_rate_stands_beside_the_common_one_in_any_order(faults):
    faults.set({"verify.error_rate": "1%", "error_rate": "3%"})
    assert faults.error_rate == pytest.approx({"generate": 0.03, "verify": 0.01, "finality": 0.03})


def test_a_later_common_error_rate_replaces_all_and_shows_it(faults):
    faults.set({"verify.error_rate": "1%"})
    faults.set({"error_rate": "3%"})
    assert set(faults.error_rate.values()) == {0.03}
    assert faults.in_force() == {"error_rate": "3%"}


def test_clear_ends_everything_a_stall_too(faults):
    faults.set({"stall": "60s", "metrics.down": True, "metrics.latency": "1s", "error_rate": 1})
    assert 59 < float(faults.in_force()["stall"].rstrip("s")) <= 60
    faults.clear()
    assert faults == Faults(faults.rng)


def test_assignments_of_the_command_line():
    assert parse_assignments(["error_rate=3%", "generate.latency = 1ms"]) == {"error_rate": "3%", "generate.latency": "1ms"}
    with pytest.raises(FaultError, match="NAME=VALUE"):
        parse_assignments(["error_rate"])
