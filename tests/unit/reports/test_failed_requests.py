"""Failures of one operation, while others succeed: the advice names it and why, and not what would fail them all."""

import dataclasses

import pytest

from bizra_load.settings.remedies import WORDS
from reports.documents.advice import recommendations
from reports.documents.next_step import next_step
from sla.judgement.evaluate import evaluate
from sla.judgement.status import NO_DATA
from sla.values.assessment import Decision, Status
from sla.values.failure import FailureReason
from tests.unit.sla.synthetic import LOCAL, measurements

TOKEN = "the request was refused: look at the token, the base path and any proxy's limits"
NOT_FOUND = (
    "verify: 84 of 84 failed, status 404: Not Found: others succeed: look at this request's own path, parameters and rights"
)


@pytest.fixture(scope="module")
def healthy():
    return evaluate(measurements(hold_s=30), LOCAL.agreement, LOCAL.baseline, words=WORDS)


def failing(a, failed, category="http_4xx", reason="status 404: Not Found"):
    """With a success rate that is missed; `failed`: operations, (successful, failed)."""
    operations = tuple(
        dataclasses.replace(s, ok=failed[s.operation][0], failed={category: failed[s.operation][1]})
        if s.operation in failed
        else dataclasses.replace(s, failed={})
        for s in a.operations
    )
    reasons = tuple(FailureReason(name, category, reason, n, 0, 0) for name, (_, n) in failed.items())
    objectives = tuple(
        dataclasses.replace(o, status=Status.FAIL) for o in a.objectives if o.key == "poi_success_rate"
    )  # of generate and verify
    return dataclasses.replace(
        a, decision=Decision.NO_GO, objectives=objectives, operations=operations, failures=reasons, checks=()
    )


def test_requests_of_one_operation_that_are_not_found_are_no_matter_of_the_token(healthy):
    a = failing(healthy, {"verify": (0, 84)})
    assert next_step(a, WORDS) == f"PoI success rate: {NOT_FOUND}"
    [advice] = recommendations(a, WORDS)
    assert advice.figure.endswith(": 84 with http_4xx")
    nearly = failing(healthy, {"verify": (0, 84), "generate": (9000, 9)})
    assert next_step(nearly, WORDS) == f"PoI success rate: {NOT_FOUND}"


@pytest.mark.parametrize(
    "failed",
    [
        {"verify": (0, 84), "generate": (9000, 10)},  # not nearly all of one
        {"verify": (0, 84), "generate": (0, 1), "finality": (0, 1)},  # and no other succeeds
    ],
)
def test_where_others_fail_likewise_the_advice_is_on_what_they_share(healthy, failed):
    assert next_step(failing(healthy, failed), WORDS) == f"PoI success rate: {TOKEN}"


def test_other_failures_of_one_operation_are_named_with_their_usual_cause(healthy):
    a = failing(healthy, {"verify": (916, 84)}, "http_5xx", "status 500: injected")
    assert next_step(a, WORDS) == (
        "PoI success rate: verify: 84 of 1,000 failed, status 500: injected: "
        "the node's own log of these seconds says why it failed"
    )


def test_a_reason_that_is_unknown_is_its_category_and_a_long_or_hostile_one_is_cut_and_printable(healthy):
    a = failing(healthy, {"verify": (0, 84)})
    assert "84 of 84 failed, http_4xx: others" in next_step(dataclasses.replace(a, failures=()), WORDS)
    hostile = next_step(failing(healthy, {"verify": (0, 84)}, reason="\x1b[31m" + 500 * "x"), WORDS)
    assert hostile.isprintable()
    assert len(hostile) < 200


def test_an_objective_of_that_operation_alone_without_any_success_says_the_same(healthy):
    a = failing(healthy, {"verify": (0, 84)})
    [o] = [dataclasses.replace(o, kind="client_quantile", estimate=None, status=Status.INCONCLUSIVE, reason=NO_DATA,
                               operations=("verify",)) for o in a.objectives]  # fmt: skip
    [advice] = recommendations(dataclasses.replace(a, objectives=(o,)), WORDS)
    assert advice.action == f"no request was successful, {NOT_FOUND}"
