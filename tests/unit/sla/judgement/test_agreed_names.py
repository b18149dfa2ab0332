"""What an agreement calls "checkout" is measured as "POST checkout"."""

import dataclasses

from sla.judgement.agreed_names import under_agreed_names
from sla.judgement.evaluate import evaluate
from sla.judgement.sequential import undecided
from sla.values.agreement import Limit
from sla.values.failure import FailureReason
from sla.values.kinds import ClientLatency
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
