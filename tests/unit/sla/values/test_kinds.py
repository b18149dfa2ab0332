"""What an objective can be about: what each kind takes of a measure, and what it needs."""

import pytest

from sla.values.kinds import KINDS, ClientLatency, ServerLatency, SuccessRate, Throughput


def test_a_kind_takes_of_a_measure_what_is_its_own():
    assert {word: kind.of(0.9, "response") for word, kind in KINDS.items()} == {
        "server_quantile": ServerLatency(0.9),
        "client_quantile": ClientLatency(0.9, "response"),
        "throughput": Throughput(),
        "success": SuccessRate(),
    }
    assert ClientLatency(0.9).latency == "service"


@pytest.mark.parametrize(
    ("word", "unit", "quantile", "of_one_operation", "from_server", "counts_failures"),
    [
        ("server_quantile", "ns", 0.9, True, True, False),
        ("client_quantile", "ns", 0.9, True, False, False),
        ("throughput", "ops/s", 0.0, False, False, False),
        ("success", "ratio", 0.0, False, False, True),
    ],
)
def test_a_kind_says_what_it_is_measured_in_and_by(word, unit, quantile, of_one_operation, from_server, counts_failures):
    kind = KINDS[word].of(0.9, "response")
    assert (kind.name, kind.unit, kind.quantile) == (word, unit, quantile)
    assert (kind.of_one_operation, kind.from_server, kind.counts_failures) == (
        of_one_operation, from_server, counts_failures,
    )  # fmt: skip
