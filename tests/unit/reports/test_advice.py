"""Recommendations follow from figures, and only from figures."""

import dataclasses

import pytest

from bizra_load.judging.agreements import read_agreement
from bizra_load.settings.remedies import WORDS
from reports.documents.advice import observations, recommendations
from reports.documents.next_step import next_step
from sla.judgement.checks.silence import SILENT
from sla.judgement.evaluate import evaluate
from sla.judgement.few_windows import too_few_scrapes
from sla.judgement.generator.lateness import SHARED_HOST
from sla.judgement.generator.waiting_workers import Waits
from sla.judgement.moving import REACHES
from sla.judgement.no_data import OUTSIDE
from sla.judgement.status import NO_DATA, THIN_EVIDENCE
from sla.values.agreement import FIGURES_ONLY
from sla.values.assessment import Decision, Gate, Severity, Status
from sla.values.estimate import Estimate
from sla.values.shown_facts import ShownFacts
from tests.unit.sla.synthetic import LOCAL, measurements


def judged(**options):
    return evaluate(measurements(**options), LOCAL.agreement, LOCAL.baseline, words=WORDS)


@pytest.fixture(scope="module")
def healthy():
    return judged(hold_s=30)


def changed(assessment, key, **fields):
    objectives = tuple(dataclasses.replace(o, **fields) if o.key == key else o for o in assessment.objectives)
    return dataclasses.replace(assessment, objectives=objectives)


def text(assessment):
    return [f"{r.figure}: {r.action}" for r in recommendations(assessment, WORDS)]


def test_where_every_figure_is_right_nothing_is_recommended(healthy):
    assert recommendations(healthy) == []


def test_a_slow_percentile_says_by_how_much(healthy):
    message, of_p90, of_p75 = text(judged(hold_s=30, server_us={"generate": 700.0}))
    assert "PoI generate p90" in of_p90
    assert "PoI generate p75" in of_p75
    assert "PoI generate p99" in message
    assert "target < 200 us" in message
    assert "times the target" in message
    assert "it needs at least" in message


def test_errors_are_named_by_category_and_explain_the_missing_throughput():
    message = text(judged(hold_s=30, failures={"generate": 0.03, "verify": 0.03}))
    assert len(message) == 2
    assert "failed operations don't count: remedy the errors first" in message[0]
    assert "with http_5xx: the node's own log" in message[1]


def test_straddling_says_how_many_seconds_and_an_interval_without_an_end_how_many_at_least():
    a = judged(rate=100, hold_s=20, failures={"generate": 0.02})
    undecided = [o for o in a.objectives if o.seconds_needed]
    assert undecided
    message = text(a)
    for o in undecided:
        assert any(s.startswith(o.title) and f"about {o.seconds_needed:,.0f} s more" in s for s in message)
    short = judged(rate=8, hold_s=20)
    open_ones = [o for o in short.objectives if o.status is Status.INCONCLUSIVE]
    endless = [o for o in open_ones if o.estimate and o.estimate.high == float("inf")]
    assert endless
    for o in endless:
        (its,) = (s for s in text(short) if s.startswith(o.title))
        assert its.endswith(f"at least about {o.seconds_needed:,.0f} s more at this rate are needed to bound it (--duration)")
    unknown = dataclasses.replace(short, objectives=tuple(dataclasses.replace(o, seconds_needed=None) for o in endless))
    assert all("a longer run; how much longer can't be estimated from this one" in s for s in text(unknown)[: len(endless)])


@pytest.mark.parametrize(
    ("more", "seconds", "action"),
    [
        ("", 30.0, "about 30 s more at this rate"),
        (f"; {REACHES}", None, "a longer run; how much longer can't be estimated from this one"),
        (f"; {too_few_scrapes(4, 60)}", None, "scrape every 2 s, or measure longer"),
        (f"; {too_few_scrapes(4, 5)}", None, "a longer run"),
    ],
)
def test_what_keeps_its_target_on_thin_evidence_wants_a_longer_run_and_no_remedy(healthy, more, seconds, action):
    why = THIN_EVIDENCE + more
    o = dataclasses.replace(healthy.objectives[1], status=Status.WARN, reason=why, seconds_needed=seconds)
    [advice] = [r for r in recommendations(dataclasses.replace(healthy, objectives=(o,))) if why in r.figure]
    assert advice.action.startswith(action)


def test_a_queue_that_the_loads_own_host_can_hide_wants_another_host_for_the_load(healthy):
    reason = f"{SHARED_HOST}: as it stands the interval straddles the target"
    a = changed(healthy, "poi_generate_p99", status=Status.INCONCLUSIVE, reason=reason, seconds_needed=100.0)
    [message] = text(a)
    assert message.startswith("PoI generate p99 ")
    assert message.endswith(f"{reason}: make the load from another host than the target's")


def test_waits_for_a_core_in_a_closed_model_want_a_planned_rate_or_a_free_core(healthy):
    waits = Waits("workers", 0.01, {})
    message = text(changed(healthy, "poi_generate_p99", status=Status.INCONCLUSIVE, reason=f"{waits}: without that, x"))
    assert [m.rpartition(": without that, x: ")[2] for m in message] == [
        "give --target-ops: what the generator adds is measured then; or stop what else runs on its machine"
    ]


def test_a_throughput_that_pauses_of_the_load_made_wants_a_load_without_any(healthy):
    reason = f"{SILENT} 21 s, whose load is unknown: without that, the target is not shown to be missed"
    [message] = text(changed(healthy, "poi_throughput", status=Status.INCONCLUSIVE, reason=reason))
    assert message.endswith(f"{reason}: repeat the run with a load that does not pause")


def test_an_undecided_success_rate_that_this_run_missed_says_what_failed():
    """A service that died in mid-run: no longer run takes its failures back."""
    failing = judged(hold_s=30, failures={"verify": 0.1})
    [o] = [o for o in failing.objectives if o.key == "poi_success_rate"]
    opened = changed(
        failing, o.key, status=Status.INCONCLUSIVE, reason="the interval straddles the target", seconds_needed=None
    )
    [message] = [line for line in text(opened) if line.startswith(o.title)]
    assert " with http_5xx: " in message
    kept = changed(opened, o.key, estimate=dataclasses.replace(o.estimate, point=o.target + 0.001, high=1.0))
    [message] = [line for line in text(kept) if line.startswith(o.title)]
    assert "no length of run decides that" in message


def test_over_ten_times_the_baseline_says_how_many_times(healthy):
    read = read_agreement("v2.2.0-rc1")
    generate = tuple(o for o in read.agreement.objectives if o.key == "poi_generate_p99")
    agreement = dataclasses.replace(read.agreement, objectives=generate, evidence={})
    baseline = dataclasses.replace(read.baseline, values={"poi_generate_p99_us": 2e3})
    [message] = text(evaluate(measurements(hold_s=30), agreement, baseline, words=WORDS))
    assert "times its baseline 2.00 us" in message


def test_a_plan_below_the_target_is_told_from_a_slow_node(healthy):
    low = changed(healthy, "poi_throughput", status=Status.FAIL, target=100_000.0)
    [message] = text(dataclasses.replace(low, run=ShownFacts(planned_per_s=900.0)))
    assert "the load was planned at 900.0 ops/s in all, too low to reach the target: raise --target-ops" in message
    [message] = text(dataclasses.replace(low, run=ShownFacts(planned_per_s=200_000.0)))
    assert "scale the node" in message


def test_a_late_generator_needs_workers_and_waiting_operations_need_connections(healthy):
    lag = next(c for c in healthy.checks if c.key == "schedule_lag")
    late = tuple(
        dataclasses.replace(c, status=Status.FAIL, reason="woken 9 ms late", advice="another machine") if c is lag else c
        for c in healthy.checks
    )
    slow = Estimate(9e6, 8e6, 1e7, 0.95, 1e4, 1e4)
    first, *rest = healthy.operations
    waiting = (dataclasses.replace(first, response={**first.response, "p99": slow}), *rest)
    [message] = text(dataclasses.replace(healthy, checks=late, operations=waiting))
    assert "woken 9 ms late: another machine" in message
    [message] = text(dataclasses.replace(healthy, operations=waiting))
    assert "p99 9.00 ms [8.00 ms to 10.0 ms] from the intended start" in message
    assert "--ops-per-user" in message
    assert message.partition(": lower")[0] in observations(dataclasses.replace(healthy, operations=waiting))


@pytest.mark.parametrize(("server_us", "begin"), [((1e4, 2e4), "HTTP, TLS and network"), ((8e5, 9e5), "the node")])
def test_a_slow_client_latency_is_divided_into_server_and_the_rest(healthy, server_us, begin):
    low, high = server_us
    server = next(o for o in healthy.objectives if o.key == "poi_generate_p99")
    known = changed(healthy, "poi_generate_p99", estimate=Estimate(low, low, high, 0.95, 1e4, 1e4))
    client = dataclasses.replace(
        server, key="mine", title="Mine", kind="client_quantile", target=5e5, status=Status.FAIL,
        estimate=Estimate(1e6, 9e5, 2e6, 0.95, 1e4, 1e4), reason="misses",
    )  # fmt: skip
    [message] = text(dataclasses.replace(known, objectives=(*known.objectives, client)))
    assert f"begin with {begin}" in message
    assert "it needs at least 50 % less" in message


def test_an_open_gate_asks_for_its_evidence_and_a_failed_one_for_a_remedy(healthy):
    open_gate = Gate("alerts", "Alerts active", Severity.CRITICAL, Status.INCONCLUSIVE, True, "no evidence was given")
    failed = dataclasses.replace(open_gate, status=Status.FAIL, reason="X did not fire", source="evidence/alerts.json")
    assert "give --evidence alerts=FILE" in text(dataclasses.replace(healthy, gates=(open_gate,)))[0]
    assert "X did not fire: remedy what evidence/alerts.json shows" in text(dataclasses.replace(healthy, gates=(failed,)))[0]


def test_server_and_client_times_stand_side_by_side(healthy):
    message = observations(healthy)
    assert any(s.startswith("PoI verify p99: ") and "inside the server" in s and "at the client" in s for s in message)


@pytest.mark.parametrize(
    ("failed", "first"),
    [
        (0, "scale the node"),
        (100, "scale the node"),  # with them the rate would still miss the target
        (20_000, "remedy the errors first"),
    ],
)
def test_errors_are_to_be_remedied_first_where_the_rate_keeps_its_target_with_them(healthy, failed, first):
    throughput = next(o for o in healthy.objectives if o.key == "poi_throughput")
    low = changed(healthy, "poi_throughput", status=Status.FAIL, target=1.2 * throughput.estimate.point)
    with_errors = tuple(dataclasses.replace(s, failed={"http_5xx": failed} if failed else {}) for s in healthy.operations)
    message = text(dataclasses.replace(low, operations=with_errors))[0]
    assert first in message
    assert ("failed operations don't count" in message) is (failed == 20_000)


def test_where_every_request_failed_the_advice_is_what_most_of_them_failed_with(healthy):
    a = changed(healthy, "poi_throughput", status=Status.FAIL, estimate=Estimate(0, 0, 0.3, 0.95, 30, 30))
    failed = {"http_4xx": 26_000, "timeout": 1_000}
    operations = tuple(dataclasses.replace(s, ok=0, failed=failed) for s in healthy.operations)
    [message] = text(dataclasses.replace(a, operations=operations))
    assert "54,000 failed operations don't count: remedy the errors first, most of them http_4xx: counting them" in message
    few = tuple(dataclasses.replace(s, ok=0, failed={"http_4xx": 10}) for s in healthy.operations)
    assert "scale the node" in text(dataclasses.replace(a, operations=few))[0]


def test_a_latency_of_failed_requests_alone_is_no_matter_of_names(healthy):
    o = dataclasses.replace(
        next(o for o in healthy.objectives if o.key == "poi_generate_p99"), kind="client_quantile", estimate=None,
        status=Status.INCONCLUSIVE, reason=NO_DATA, operations=("generate",),
    )  # fmt: skip
    failed = tuple(dataclasses.replace(s, ok=0, failed={"http_4xx": 20, "timeout": 2}) for s in healthy.operations)
    [message] = text(dataclasses.replace(healthy, objectives=(o,), operations=failed))
    assert message.endswith(
        "no request was successful, 20 of 22 failed with http_4xx: "
        "the request was refused: look at the token, the base path and any proxy's limits"
    )
    [message] = text(dataclasses.replace(healthy, objectives=(o,)))
    assert message.endswith("check the metric's name and the scenario")
    cut = dataclasses.replace(o, reason=f"{NO_DATA}: all 8 {OUTSIDE}: 8 before it (5 s of ramp was cut)")
    a = dataclasses.replace(healthy, objectives=(cut,), decision=Decision.INCONCLUSIVE)
    assert next_step(a, WORDS) == (
        "PoI generate p99: leave it out, or call its operations while the load is constant too: the rest of a run is not judged"
    )


def test_a_run_without_a_success_says_what_its_requests_failed_with(healthy):
    m = measurements(hold_s=10, failures=dict.fromkeys(("generate", "verify", "finality"), 1.0))
    a = evaluate(m, FIGURES_ONLY, words=WORDS)
    why = "not one operation succeeded: 13,500 failed, 13,500 with http_5xx"
    assert [x for x in text(a) if x.startswith(f"Successes: {why}: see the kinds of failures")]
    assert next_step(a, WORDS) == "Successes: see the kinds of failures: a wrong address, path or token fails every request"


def test_causes_come_in_the_order_of_their_number(healthy):
    low = changed(healthy, "poi_success_rate", status=Status.FAIL)
    failed = {"http_5xx": 3, "timeout": 40, "transport": 7, "exception": 1}
    operations = tuple(dataclasses.replace(s, failed=failed if s.operation == "generate" else {}) for s in healthy.operations)
    message = text(dataclasses.replace(low, operations=operations))
    assert [s.partition(" with ")[2].split(":")[0] for s in message] == ["timeout", "transport", "http_5xx", "exception"]
    assert "the locustfile's own code raised an exception" in message[-1]
    allowed = "no response within the client's time-out (--request-timeout, or one of the locustfile's own): look for a stall"
    assert allowed in message[0]  # nothing tells whose it was


def test_a_warning_is_said_to_be_accepted_where_it_is(healthy):
    accepted = changed(healthy, "poi_throughput", status=Status.WARN, accepted=True)
    assert [o for o in observations(accepted) if "accepts" in o] == [
        "PoI throughput misses its target, which the environment default accepts"
    ]
    assert not [o for o in observations(healthy) if "accepts" in o]
