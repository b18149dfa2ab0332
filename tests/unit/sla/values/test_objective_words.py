"""Objectives in words: what each says, and that a wrong one is one line with what is allowed."""

import pytest

from sla.values.agreement import Limit
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.assessment import Severity
from sla.values.kinds import ClientLatency, ErrorRate, SuccessRate, Throughput
from sla.values.objective_words import objective_in
from sla.values.section import AgreementError

P95, P99 = ClientLatency(0.95, "response"), ClientLatency(0.99, "response")
SERVICE_P95 = ClientLatency(0.95, "service")
HEAD = {"schema": "bizra-load/agreement/1", "name": "mine"}


@pytest.mark.parametrize(
    ("text", "title", "operations", "kind", "target"),
    [
        ("checkout p95 < 100 ms", "checkout p95", ("checkout",), P95, Limit("<", 1e8)),
        ("error rate < 1 %", "error rate", (), ErrorRate(), Limit(">=", 0.99)),
        ("checkout error rate < 5 %", "checkout error rate", ("checkout",), ErrorRate(), Limit(">=", 0.95)),
        ("throughput >= 95 % of plan", "throughput", (), Throughput(), Limit(">=", 0.95, of_plan=True)),
        ("throughput >= 200 ops/s", "throughput", (), Throughput(), Limit(">=", 200)),
        ("login throughput >= 1,000 ops/s", "login throughput", ("login",), Throughput(), Limit(">=", 1000)),
        ("success rate >= 99 %", "success rate", (), SuccessRate(), Limit(">=", 0.99)),
        ("all p99 < 2 s", "all p99", (), P99, Limit("<", 2e9)),
        ("p99<2s", "all p99", (), P99, Limit("<", 2e9)),
        ("all error rate < 1%", "error rate", (), ErrorRate(), Limit(">=", 0.99)),
        ("checkout service p95 < 80 ms", "checkout service p95", ("checkout",), SERVICE_P95, Limit("<", 8e7)),
        ("service p95 < 80 ms", "all service p95", (), SERVICE_P95, Limit("<", 8e7)),
        ("a p99.9 < 3 us", "a p99.9", ("a",), ClientLatency(0.999, "response"), Limit("<", 3e3)),
        # names may hold anything: blanks, slashes, comparisons, commas, even the words of a metric
        ("GET /items/{id} p95 < 1 s", "GET /items/{id} p95", ("GET /items/{id}",), P95, Limit("<", 1e9)),
        ("GET  /a?b>=1, c p95 < 1 s", "GET  /a?b>=1, c p95", ("GET  /a?b>=1, c",), P95, Limit("<", 1e9)),
        ("error rate error rate < 1 %", "error rate error rate", ("error rate",), ErrorRate(), Limit(">=", 0.99)),
        ("p95 p99 < 1 ms", "p95 p99", ("p95",), P99, Limit("<", 1e6)),
        ("a service response p95 < 1 s", "a service response p95", ("a service",), P95, Limit("<", 1e9)),
    ],
)  # fmt: skip
def test_an_objective_is_read_from_the_right(text, title, operations, kind, target):
    o = objective_in(text, "here")
    assert (o.key, o.title, o.operations, o.kind, o.severity) == (text, title, operations, kind, Severity.CRITICAL)
    assert (o.target.comparison, o.target.value, o.target.of_plan) == (
        target.comparison,
        pytest.approx(target.value),
        target.of_plan,
    )


@pytest.mark.parametrize("suffix", [", warning", ",warning", " , WARNING "])
def test_a_severity_stands_behind_a_comma_and_is_no_part_of_the_key(suffix):
    o = objective_in(f"throughput >= 100,000 ops/s{suffix}", "here")
    assert (o.key, o.severity, o.target.value) == ("throughput >= 100,000 ops/s", Severity.WARNING, 1e5)
    assert objective_in("p95 < 1 s, critical", "here").severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' has no limit (allowed: such as \"checkout p95 < 100 ms\", "),
        ("a\nb p95 < 1 s", "'a\\nb p95 < 1 s' holds a control character (allowed: such as"),
        ("x" * 1000 + " p95 < 1 s", "is longer than an objective (allowed: up to 1,000 characters)"),
        ("checkout p95", "'checkout p95' has no limit (allowed: such as"),
        ("checkout p95 <= 3 s", "'<= 3 s' is not a limit of this kind (allowed: \"< 100 ms\", in ns, us, ms or s;"),
        ("checkout p95 < 100", "'< 100' is not a limit of this kind (allowed: \"< 100 ms\", in ns, us, ms or s;"),
        ("checkout p95 >= 1 s", "'>= 1 s' points the wrong way (allowed: \"< 100 ms\""),
        ("checkout p95 < 1 %", "'< 1 %' is not a limit of this kind (allowed: \"< 100 ms\""),
        ("eror rate < 1 %", "'eror rate' is unknown, did you mean 'error rate'? (allowed: error rate, p50,"),
        ("p(95) < 1 s", "'p(95)' is unknown, did you mean 'p95'? (allowed:"),
        ("checkout throughputs >= 3 ops/s", "'throughputs' is unknown, did you mean 'throughput'? (allowed:"),
        ("avg < 3 s", "'avg' is unknown (allowed: error rate, p50, p95, p99, p99.9, success rate, throughput and other perc"),
        ("< 3 s", "what is measured is missing (allowed: p50, p95,"),
        ("p100 < 1 s", "'p100' is no percentile (allowed: more than p0 and less than p100, such as p99.9)"),
        ("p0 < 1 s", "'p0' is no percentile (allowed:"),
        ("p9.9.9 < 1 s", "'p9.9.9' is no percentile (allowed:"),
        ("error rate >= 1 %", "'>= 1 %' points the wrong way (allowed: \"< 1 %\";"),
        ("error rate < 100 %", "'< 100 %' can't be missed (allowed: \"< 1 %\";"),
        ("error rate < 0 %", "'< 0 %' can't be kept (allowed: \"< 1 %\";"),
        ("success rate < 99 %", "'< 99 %' points the wrong way (allowed: \">= 99 %\";"),
        ("p95 < 1 s, warn", "severity 'warn' is unknown, did you mean 'warning'? (allowed: critical, warning)"),
        ("p95 < 10 x baseline", 'needs the name of a baseline\'s figure (allowed: "< 100 ms"'),
    ],
)
def test_a_wrong_one_is_one_line_that_names_it_and_says_what_is_allowed(text, message):
    with pytest.raises(AgreementError) as caught:
        objective_in(text, "--objective")
    assert str(caught.value).startswith("--objective: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_words_stand_in_a_list_or_beside_the_mapping_form():
    words = ["checkout p95 < 100 ms", "error rate < 1 %, warning"]
    listed = agreement_from_mapping(HEAD | {"objectives": words})
    assert [(o.key, o.title) for o in listed.objectives] == [(words[0], "checkout p95"), ("error rate < 1 %", "error rate")]
    assert list(listed.operations) == ["checkout"]
    mapping = {
        "quick": words[0],
        "sure": {
            "title": "T", "severity": "WARNING", "measure": {"kind": "success", "operations": ["checkout"]}, "target": ">= 9 %",
        },
    }  # fmt: skip
    beside = agreement_from_mapping(HEAD | {"operations": {"checkout": {}}, "objectives": mapping})
    assert [(o.key, o.title) for o in beside.objectives] == [("quick", "checkout p95"), ("sure", "T")]
    assert beside.objectives[0].kind == listed.objectives[0].kind


def test_without_a_list_of_operations_the_longer_form_may_name_any_but_for_what_the_server_times():
    def document(kind):
        measure = {"kind": kind, "operations": ["a", "b"][: 1 + (kind != "server_quantile")], "quantile": 0.9}
        return HEAD | {"objectives": {"k": {"title": "K", "severity": "WARNING", "measure": measure, "target": "< 1 s"}}}

    assert list(agreement_from_mapping(document("client_quantile")).operations) == ["a", "b"]
    with pytest.raises(AgreementError, match=r"operations.a.histogram: is missing, and objectives.k is read from it"):
        agreement_from_mapping(document("server_quantile"))


def test_latencies_count_failed_requests_where_the_agreement_says_so():
    [o] = agreement_from_mapping(HEAD | {"failures": "included", "objectives": ["p95 < 1 s"]}).objectives
    assert (o.kind.failures, o.title) == ("included", "all p95, failed requests included")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"objectives": ["a p95 < 1 s", "a p95 < 1 s, warning"]}, "objectives: 'a p95 < 1 s' is there twice (allowed: once)"),
        ({"objectives": [3]}, 'objectives[0]: must be words such as "checkout p95 < 100 ms", not 3'),
        ({"objectives": ["p95 < 1 s", {"title": "x"}]}, 'objectives[1]: must be words such as "checkout p95 < 100 ms", not {'),
        ({"objectives": []}, "objectives: at least one is needed"),
        ({"objectives": {"a": "p95"}}, "objectives.a: 'p95' has no limit"),
        (
            {"objectives": ["chekout p95 < 1 s"], "operations": {"checkout": {}}},
            "objectives[0]: operation 'chekout' is unknown, did you mean 'checkout'? (allowed: checkout)",
        ),
    ],
)
def test_a_mistake_among_them_is_named_with_its_place(given, message):
    with pytest.raises(AgreementError) as caught:
        agreement_from_mapping(HEAD | given)
    assert message in str(caught.value)


def test_an_error_rate_has_a_mapping_form_with_a_range_of_its_own():
    rate = {"title": "Errors", "severity": "WARNING", "measure": {"kind": "errors", "operations": ["a"]}}
    document = HEAD | {"operations": {"a": {}}, "objectives": {"e": rate | {"target": "< 1 %", "acceptable": "< 5 %"}}}
    [o] = agreement_from_mapping(document).objectives
    assert (o.kind, o.target, o.acceptable) == (ErrorRate(), Limit(">=", 0.99), Limit(">=", 0.95))
    with pytest.raises(AgreementError, match=r"objectives.e.target: '>= 99 %' points the wrong way \(allowed: \"< 1 %\""):
        agreement_from_mapping(HEAD | {"operations": {"a": {}}, "objectives": {"e": rate | {"target": ">= 99 %"}}})
