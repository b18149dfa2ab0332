"""Open warning gates: however they turn out they are warnings at worst, and the decision is made for that."""

import dataclasses
from itertools import combinations_with_replacement, product

import pytest

from sla.judgement.decision import decide, exit_code, exit_code_of_all, warnings_at_worst
from sla.judgement.evaluate import evaluate
from sla.judgement.family import gate_of, unjudged
from sla.release.rollout import SLOWER
from sla.release.validation import WORST_FIRST
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Gate, Severity, Status
from sla.values.estimate import Estimate
from tests.unit.sla.synthetic import LOCAL, measurements

CRITICAL, WARNING = Severity.CRITICAL, Severity.WARNING
MEASURED = Estimate(1.0, 0.5, 2.0, 0.95, 10, 10)


def gate(status, severity=WARNING, measured=True, title="O", reason="why", counts=True):
    return Gate(title, title, severity, status, counts, reason, measured=measured)


PASSED, OPEN, WARNED = gate(Status.PASS, CRITICAL), gate(Status.INCONCLUSIVE), gate(Status.WARN, title="W")


@pytest.mark.parametrize(
    ("still_open", "warned", "worst", "best"),
    [
        (1, 0, Decision.GO_WITH_CAUTION, Decision.GO),
        (2, 0, Decision.GO_WITH_CAUTION, Decision.GO),
        (1, 1, Decision.GO_WITH_CAUTION, Decision.GO_WITH_CAUTION),
        (3, 0, Decision.CONDITIONAL_GO, Decision.GO),
        (1, 2, Decision.CONDITIONAL_GO, Decision.GO_WITH_CAUTION),
        (2, 3, Decision.CONDITIONAL_GO, Decision.CONDITIONAL_GO),
    ],
)
def test_each_open_warning_gate_counts_as_one_warning_at_worst(still_open, warned, worst, best):
    made = decide([PASSED, *[OPEN] * still_open, *[WARNED] * warned], [])
    assert (made.decision, made.at_best) == (worst, best)
    assert exit_code(made.decision, False, made.at_best) == 0
    # a failure that was shown is 3, one that may yet be none is open
    assert exit_code(made.decision, True, made.at_best) == (4 if best is Decision.GO else 3)


@pytest.mark.parametrize(
    ("gates", "summary"),
    [
        (
            [gate(Status.INCONCLUSIVE, title="A", reason="straddles")],
            "at worst (GO if it keeps its target): 1 open: A: straddles",
        ),
        (
            [
                gate(Status.INCONCLUSIVE, title="A", reason="x"),
                WARNED,
                WARNED,
                gate(Status.INCONCLUSIVE, title="B", reason="y"),
            ],
            "at worst (GO WITH CAUTION if they keep their targets): 2 open: A: x; B: y; besides, 2 warnings: W, W: why",
        ),
        ([OPEN, WARNED], "at worst: 1 open: O: why; besides, 1 warning: W: why"),
    ],
)
def test_the_summary_names_what_is_open_and_what_it_would_be_at_best(gates, summary):
    assert decide([PASSED, *gates], []).summary == summary


@pytest.mark.parametrize(
    "gates",
    [
        [OPEN, gate(Status.INCONCLUSIVE, CRITICAL)],  # a critical one decides by itself
        [OPEN, gate(Status.INCONCLUSIVE, measured=False)],  # nothing is known of it
    ],
)
def test_a_critical_gate_that_is_open_or_a_warning_without_data_leaves_the_decision_open(gates):
    made = decide([PASSED, *gates], [])
    assert (made.decision, made.summary) == (Decision.INCONCLUSIVE, "not decided: O, O: why")


@pytest.mark.parametrize("interrupted", [False, True])
def test_with_fail_on_warn_a_warning_that_was_shown_fails_a_run_that_is_otherwise_open(interrupted):
    """However the open gate turns out, or the run had gone on: no longer run takes the warning back."""
    gates = [PASSED] if interrupted else [gate(Status.INCONCLUSIVE, CRITICAL)]
    for more, code in (([], 4), ([OPEN], 4), ([WARNED], 3)):
        made = decide([*gates, *more], [], interrupted)
        assert made.decision is Decision.INCONCLUSIVE
        assert made.summary.endswith("; besides, 1 warning: W: why") is (code == 3)
        assert [exit_code(made.decision, fail, made.at_best) for fail in (False, True)] == [4, code]


@pytest.mark.parametrize(
    ("decision", "codes", "code"),
    [
        (Decision.GO, [0, 0], 0),
        (Decision.GO_WITH_CAUTION, [0, 0], 0),  # without --fail-on warn
        (Decision.GO_WITH_CAUTION, [4, 0], 4),
        (Decision.GO_WITH_CAUTION, [4, 3], 3),
        (Decision.INCONCLUSIVE, [3, 0], 3),
        (Decision.INCONCLUSIVE, [0, 0], 4),  # a step could not be done
        (Decision.INVALID, [3, 5], 5),
        (Decision.NO_GO, [3, 5], 3),
    ],
)
def test_of_two_judgements_a_warning_that_was_shown_comes_before_one_that_may_be_none(decision, codes, code):
    assert exit_code_of_all(decision, codes) == code


def test_a_run_that_was_stopped_can_not_pass_with_caution_either():
    assert decide([PASSED, OPEN], [], interrupted=True).decision is Decision.INCONCLUSIVE


def test_a_gate_is_measured_where_there_is_an_estimate_and_a_target_to_hold_it_against():
    o = LOCAL.agreement.objectives[1]
    known = dataclasses.replace(o, target=Limit("<", 5.0))
    assert not gate_of(unjudged(known, {}, None, "no data")).measured
    assert gate_of(unjudged(known, {}, MEASURED, "open")).measured
    assert not gate_of(unjudged(dataclasses.replace(o, target=Limit("<", float("nan"))), {}, MEASURED, "no baseline")).measured


def assessed(target_per_s, fail_on_warn=False, **options):
    """Of about 299.1 successful operations a second of either kind."""
    run = measurements(failures={"generate": 0.003, "verify": 0.003}, hold_s=30, **options)
    objectives = tuple(
        dataclasses.replace(o, target=Limit(">=", target_per_s), acceptable=None) if o.key == "poi_throughput" else o
        for o in LOCAL.agreement.objectives
    )
    agreement = dataclasses.replace(LOCAL.agreement, objectives=objectives)
    return evaluate(run, agreement, LOCAL.baseline, fail_on_warn=fail_on_warn)


def test_a_throughput_at_its_target_is_go_with_caution_at_worst_as_one_far_under_it_is():
    at = next(o.estimate.point for o in assessed(1.0).objectives if o.key == "poi_throughput")
    straddles, missed, kept = assessed(at), assessed(2 * at), assessed(at / 2)
    assert [a.decision for a in (straddles, missed, kept)] == [*[Decision.GO_WITH_CAUTION] * 2, Decision.GO]
    assert straddles.summary.startswith("at worst (GO if it keeps its target): 1 open: PoI throughput: ")
    assert (straddles.exit_code, straddles.rollout) == (0, str(SLOWER))
    assert "poi_throughput_degraded" in {t.key for t in straddles.strategy.triggers}
    assert [assessed(x, fail_on_warn=True).exit_code for x in (at / 2, at, 2 * at)] == [0, 4, 3]
    slow = assessed(at, fail_on_warn=True, server_us={"generate": 150.0})  # and a warning that was shown
    assert (slow.decision, slow.exit_code) == (Decision.GO_WITH_CAUTION, 3)


# what a gate becomes when it is worse, or less is known of it
WORSE = {
    WARNING: [
        (PASSED, OPEN), (OPEN, WARNED), (WARNED, gate(Status.FAIL)), (OPEN, gate(Status.INCONCLUSIVE, measured=False)),
        (PASSED, gate(Status.WARN, counts=False)), (gate(Status.WARN, counts=False), OPEN),
    ],
    CRITICAL: [(PASSED, OPEN), (OPEN, gate(Status.FAIL)), (PASSED, WARNED), (gate(Status.INVALID), gate(Status.FAIL))],
}  # fmt: skip
PAIRS = [[dataclasses.replace(g, severity=severity) for g in pair] for severity, pairs in WORSE.items() for pair in pairs]
EVERY = [gate(status, severity, known) for status, severity, known in product(Status, Severity, (True, False))]
BAD_FIRST = (3, 5, 4, 0)  # exit codes: what was shown to be bad, what can't be trusted, what is not known


def badness(gates, interrupted, fail_on_warn):
    made = decide(gates, [], interrupted)
    code = exit_code(made.decision, fail_on_warn, made.at_best)
    return -WORST_FIRST.index(made.decision), -BAD_FIRST.index(code)


@pytest.mark.parametrize("interrupted", [False, True])
@pytest.mark.parametrize("fail_on_warn", [False, True])
def test_a_gate_that_is_worse_makes_neither_the_decision_nor_the_exit_code_better(interrupted, fail_on_warn):
    """Beside up to three others, of both severities and every status."""
    compared = 0
    for others in (o for n in range(4) for o in combinations_with_replacement(EVERY, n)):
        for better, worse in PAIRS:
            before, after = (badness([g, *others], interrupted, fail_on_warn) for g in (better, worse))
            assert all(a >= b for a, b in zip(after, before, strict=True)), (better, worse, others)
            compared += 1
    assert compared == 1771 * len(PAIRS)  # 1 + 20 + 210 + 1540 sets of others


def test_every_gate_that_is_counted_at_worst_is_open_measured_and_a_warning():
    assert warnings_at_worst(EVERY) == [OPEN]
