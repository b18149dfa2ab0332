"""What an objective can be about: what each kind takes of a measure, and what it needs."""

import pytest

from sla.values.agreement_parser import agreement_from_mapping
from sla.values.kinds import KINDS, ClientLatency, ServerLatency, SuccessRate, Throughput, needs_failures


def test_a_clients_latency_is_the_response_time_unless_the_agreement_says_otherwise():
    """As in words: a stall of the service is in it."""
    measure = {"kind": "client_quantile", "operations": ["pay"], "quantile": 0.99}
    objective = {"title": "Pay p99", "severity": "CRITICAL", "target": "< 1 s"}
    for given, kind in (({}, ClientLatency(0.99, "response")), ({"latency": "service"}, ClientLatency(0.99, "service"))):
        objectives = {"pay_p99": {**objective, "measure": measure | given}}
        document = {"schema": "bizra-load/agreement/1", "name": "mine", "operations": {"pay": {}}, "objectives": objectives}
        assert agreement_from_mapping(document).objectives[0].kind == kind
    assert ClientLatency(0.99) == ClientLatency(0.99, "response")


def test_a_kind_takes_of_a_measure_what_is_its_own():
    assert KINDS["server_quantile"].of(0.9, "response") == ServerLatency(0.9)
    assert KINDS["client_quantile"].of(0.9, "response") == ClientLatency(0.9, "response")
    assert KINDS["throughput"].of(0.9, "response") == Throughput()
    assert KINDS["success"].of(0.9, "response") == SuccessRate()


@pytest.mark.parametrize(
    ("word", "unit", "quantile", "of_one_operation", "from_server", "counts_failures"),
    [
        ("server_quantile", "ns", 0.9, True, True, False),
        ("client_quantile", "ns", 0.9, False, False, False),
        ("throughput", "ops/s", 0.0, False, False, False),
        ("success", "ratio", 0.0, False, False, True),
        ("errors", "ratio", 0.0, False, False, True),
    ],
)
def test_a_kind_says_what_it_is_measured_in_and_by(word, unit, quantile, of_one_operation, from_server, counts_failures):
    kind = KINDS[word].of(0.9, "response")
    assert (kind.name, kind.unit, kind.quantile) == (word, unit, quantile)
    assert (kind.of_one_operation, kind.from_server, kind.counts_failures) == (
        of_one_operation, from_server, counts_failures,
    )  # fmt: skip


def test_only_a_clients_latency_can_count_failed_requests_in():
    assert KINDS["client_quantile"].of(0.9, "service", "included") == ClientLatency(0.9, "service", "included")
    assert KINDS["server_quantile"].of(0.9, "service", "included") == ServerLatency(0.9)
    assert KINDS["throughput"].of(0.9, "service", "included") == Throughput()
    assert (ClientLatency(0.9).failures, ClientLatency(0.9).suffix) == ("excluded", "")
    assert ClientLatency(0.9, failures="included").suffix == ", failed requests included"


def test_what_is_judged_by_failures_can_not_be_where_they_are_unknown():
    needing = [SuccessRate(), ClientLatency(0.9, failures="included")]
    others = [ServerLatency(0.9), ClientLatency(0.9), Throughput()]
    assert [needs_failures(kind) for kind in (*needing, *others)] == [True, True, False, False, False]
