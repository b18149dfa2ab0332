"""What an agreement calls "checkout" is measured as "POST checkout"."""

import dataclasses

import pytest

from sla.judgement.agreed_names import as_agreed, under_agreed_names
from sla.judgement.checks.check_scope import touched
from sla.judgement.evaluate import evaluate
from sla.judgement.sequential import undecided
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Check, Severity, Status
from sla.values.failure import FailureReason
from sla.values.kinds import ClientLatency, Throughput
from tests.unit.sla.judgement.test_moving import MS, agreement_of, run_of

AGREED = agreement_of(ClientLatency(0.5, "response"), Limit("<", 50 * MS))  # of "call"


def named(*names):
    """One run in which each second has the same operation under each of these names."""
    run = run_of()
    windows = tuple(dataclasses.replace(w, operation=name) for w in run.windows for name in names)
    failures = tuple(FailureReason(name, "http_5xx", "x", 1, 0, 0) for name in names)
    return dataclasses.replace(run, windows=windows, failures=failures)


def names_of(run):
    return {w.operation for w in run.windows}, {f.operation for f in run.failures}


def test_the_method_before_a_name_is_left_out_where_the_agreement_has_none():
    assert names_of(under_agreed_names(named("POST call", "GET other"), AGREED)) == ({"call", "GET other"},) * 2
    [objective] = evaluate(named("POST call"), AGREED).objectives
    assert objective.status.value == "PASS"
    assert undecided(named("POST call"), AGREED) == frozenset()


def test_what_is_agreed_of_an_operation_is_agreed_of_its_groups_together():
    run = named("call [tenant=a]", "call [tenant=b]", "call", "callback [tenant=a]", "call [of mine]")
    only = dataclasses.replace(run, windows=tuple(w for w in run.windows if w.operation != "call"))
    [objective] = evaluate(only, AGREED).objectives
    [one] = evaluate(named("call [tenant=a]"), AGREED).objectives
    assert (objective.operations, objective.status.value) == (("call [tenant=a]", "call [tenant=b]"), "PASS")
    assert objective.estimate.n == 2 * one.estimate.n
    [plain] = evaluate(run, AGREED).objectives
    assert plain.operations == ("call",)  # it was measured itself
    assert undecided(only, AGREED) == frozenset()


def test_a_key_of_groups_that_no_request_has_is_named():
    expected = "grouped by 'tenant', but no request has it in its context"
    nobody = named("call [tenant=(none), plan=a]", "call [tenant=(none), plan=(none)]", "call [of mine]", "task call")
    some = named("call [tenant=(none)]", "call [tenant=b]")
    notes = [[note for note in evaluate(run, AGREED).notes if note.startswith("grouped by")] for run in (nobody, some)]
    assert notes == [[f"{expected} (allowed: a key of Locust's context)"], []]


def test_a_task_stays_one_whatever_is_agreed_of_its_plain_name():
    run = named("task call", "POST cart")
    both, agreement = as_agreed(run, AGREED)
    assert both is run
    assert [o.operations for o in agreement.objectives] == [("task call",)]
    [objective] = evaluate(run, AGREED).objectives
    assert (objective.operations, objective.status.value) == (("task call",), "PASS")


def test_of_a_task_and_a_request_of_one_name_latencies_are_the_requests_and_the_plan_is_the_tasks():
    rate = Objective("rate", "Rate", Severity.CRITICAL, Throughput(), ("call",), Limit(">=", 0.9, of_plan=True), None, "")
    agreed = dataclasses.replace(AGREED, objectives=(*AGREED.objectives, rate))
    latency, throughput = as_agreed(named("task call", "POST call"), agreed)[1].objectives
    assert (latency.operations, throughput.operations) == (("call",), ("task call",))


@pytest.mark.parametrize("name", ["guest call", "Guest call", "task of call", "X-Y z call"])
def test_what_only_ends_as_the_agreed_name_is_another_operation(name):
    [objective] = evaluate(named(name), AGREED).objectives
    assert objective.status.value == "INCONCLUSIVE"


def test_a_name_that_is_agreed_itself_is_not_taken_for_another():
    [one] = AGREED.objectives
    both = dataclasses.replace(AGREED, objectives=(one, dataclasses.replace(one, key="post", operations=("POST call",))))
    plain, post = evaluate(named("POST call"), both).objectives
    assert (plain.status.value, post.status.value) == ("INCONCLUSIVE", "PASS")


def test_a_failed_check_of_an_operation_opens_what_is_agreed_of_its_groups():
    check = Check("counters_call", "Counters", Status.FAIL, None, None, "operations", "")
    _, agreement = as_agreed(named("call [tenant=a]", "call [tenant=b]"), AGREED)
    assert set(touched(check, agreement.objectives, open_model=True)) == {o.key for o in agreement.objectives}
    _, others = as_agreed(named("callback [tenant=a]"), AGREED)
    assert touched(dataclasses.replace(check, key="counters_other"), others.objectives, open_model=True) == {}


def test_a_method_before_groups_is_left_out_where_there_is_one():
    [objective] = evaluate(named("POST call [tenant=a]", "POST call [tenant=b]"), AGREED).objectives
    assert (objective.operations, objective.status.value) == (("call [tenant=a]", "call [tenant=b]"), "PASS")
    [two] = evaluate(named("POST call [tenant=a]", "GET call [tenant=b]"), AGREED).objectives
    assert two.status.value == "INCONCLUSIVE"


def test_what_has_the_agreed_name_keeps_it_and_of_two_methods_neither_is_it():
    for names in (("call", "POST call"), ("GET call", "POST call"), ("POST a call",)):
        run = named(*names)
        assert under_agreed_names(run, AGREED) is run
    [objective] = evaluate(named("GET call", "POST call"), AGREED).objectives
    assert objective.status.value == "INCONCLUSIVE"
