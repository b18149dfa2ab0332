"""Several answers about one release become the worst of them."""

import itertools
import json

import pytest

from reports.results.validated import ValidationReport, render_json
from sla.judgement.decision import STRATEGY
from sla.release.validation import WORST_FIRST, Outcome, StepResult, combined
from sla.values.assessment import Decision


def step(decision=None, outcome=Outcome.DONE, needed=True, key="metrics"):
    return StepResult(key, key.title(), outcome, "because", decision, needed)


@pytest.mark.parametrize(("one", "other"), list(itertools.product(Decision, Decision)))
def test_the_worst_step_decides_whatever_their_order(one, other):
    worst = min(one, other, key=WORST_FIRST.index)
    assert combined([step(one), step(other)])[0] is combined([step(other), step(one)])[0] is worst


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SKIPPED])
def test_a_needed_step_that_was_not_done_is_never_a_pass_and_hides_no_failure(outcome):
    undone = step(outcome=outcome)
    decision, why = combined([step(Decision.GO, key="load_test"), undone])
    assert decision is Decision.INCONCLUSIVE
    assert "because" in why
    assert combined([step(Decision.NO_GO, key="load_test"), undone])[0] is Decision.NO_GO


def test_an_import_that_nobody_asked_for_takes_nothing_away_and_nothing_measured_is_invalid():
    skipped = step(outcome=Outcome.SKIPPED, needed=False)
    assert combined([skipped, step(Decision.GO)]) == (Decision.GO, "every step passes")
    assert combined([skipped])[0] is Decision.INVALID


def test_the_reason_is_that_of_the_worst_steps_alone():
    steps = [
        StepResult(key, key.title(), Outcome.DONE, f"why {key}", decision)
        for key, decision in (
            ("one", Decision.GO),
            ("two", Decision.NO_GO),
            ("three", Decision.INVALID),
            ("four", Decision.NO_GO),
        )
    ]
    worst = min((s.decision for s in steps), key=WORST_FIRST.index)
    mine = [s for s in steps if s.decision is worst]
    assert combined(steps) == (worst, "; ".join(f"{s.title}: {s.text}" for s in mine))


@pytest.mark.parametrize("decision", list(Decision))
def test_a_controller_gets_steps_exactly_where_it_may_roll_out(decision):
    text = render_json(
        ValidationReport(
            decision, 0, "", False, "", "", "", "", STRATEGY[decision], "", "", "", "", "", (step(decision),)
        )
    )  # fmt: skip
    document = json.loads(text)
    assert bool(document["steps"]) == (decision in (Decision.GO, Decision.GO_WITH_CAUTION, Decision.CONDITIONAL_GO))
    assert document["validation"][0]["decision"] == decision.value
