"""Warnings before the load, and looks at it while it runs."""

import dataclasses

import numpy as np
import pytest

from sla.estimators.quantiles import QUANTILES
from sla.judgement import sequential
from sla.judgement.evaluate import evaluate
from sla.judgement.moving import REACHES
from sla.judgement.preflight import TooShort, judged_quantiles, too_short
from sla.judgement.sequential import MISSED_S, Looks, failing, look_level, undecided
from sla.judgement.status import MISSES, THIN_EVIDENCE
from sla.judgement.steady import find_steady
from sla.values.agreement import FIGURES_ONLY
from sla.values.assessment import Status, Steady
from sla.values.histogram import from_values
from sla.values.measurements import PlannedSegment
from tests.unit.sla.lagging import client, with_objectives
from tests.unit.sla.synthetic import LOCAL, RAMP_S, START, measurements, result_of

PLAN = (PlannedSegment(10, 0, 1000), PlannedSegment(60, 1000, 1000))
EVERY = dict.fromkeys(("generate", "finality", "never"), QUANTILES)


def test_a_run_that_is_too_short_is_told_how_long_it_must_be():
    warnings = {(f.operation, f.quantile): f for f in too_short(PLAN, {"generate": 0.95, "finality": 0.05}, EVERY)}
    assert set(warnings) == {("generate", 0.999), ("finality", 0.99), ("finality", 0.999)}
    assert warnings["finality", 0.999].largest_deff < 1
    assert "independent latencies need 228 s" in str(warnings["finality", 0.999])
    assert warnings["finality", 0.99].largest_deff == pytest.approx(2.6, abs=0.05)
    assert warnings["finality", 0.99].needed_s == {0.5: 183, 0.8: 1596, 0.9: 5700}


def test_a_long_run_and_a_closed_model_have_nothing_to_be_told():
    assert too_short((PlannedSegment(3600, 10_000, 10_000),), {"generate": 1.0}, EVERY) == []
    assert too_short((), {"generate": 1.0}, EVERY) == []


def test_an_operation_that_is_never_due_is_said_to_be_so():
    [median, *others] = too_short(PLAN, {"never": 0.0}, EVERY)
    assert [f.quantile for f in others] == [0.9, 0.95, 0.99, 0.999]
    assert str(median) == "never p50: no arrivals are planned"


def test_looks_begin_at_40_s_and_those_that_were_missed_are_one():
    looks = Looks()
    assert [s for s in range(1, 60) if looks.due(s)] == [40, 43, 45, 48, 51, 54, 57]  # 40, 42.4, 44.9, 47.6, 50.5, 53.5, 56.7
    late = Looks()
    assert [s for s in (39, 60, 61, 62, 64) if late.due(s)] == [60, 61, 64]  # those of 42.4 to 56.7 were missed


def test_a_look_errs_less_often_the_later_it_is():
    """0.3 s over the judged ones about what is kept, twice as much about what is missed, and never over 1 %."""
    assert [look_level(Steady(5, 5 + s, 0, 0, "")) for s in (20, 60, 300)] == pytest.approx([0.99, 0.995, 0.999])
    assert look_level(Steady(5, 305, 0, 0, ""), MISSED_S) == pytest.approx(0.998)


def test_a_run_is_decided_once_every_objective_is_either_way():
    def open_ones(**options):
        return undecided(measurements(**{"hold_s": 40, **options}), LOCAL.agreement, LOCAL.baseline)

    assert open_ones() == frozenset()
    assert open_ones(server_us={"generate": 900.0}) == frozenset()  # missed, and that for certain
    assert "poi_success_rate" in open_ones(failures={"generate": 0.0195})
    assert "poi_verify_p99" in open_ones(rate=20)  # WARN on thin evidence: a longer run would tell
    assert open_ones(hold_s=2) is None
    assert undecided(measurements(hold_s=40), FIGURES_ONLY) is None


@pytest.mark.parametrize(
    ("status", "up_to", "open_"),
    [
        (Status.PASS, 0.9976, False),
        (Status.PASS, 0.9974, True),  # 0.9975 after 120 s
        (Status.FAIL, 0.9951, False),
        (Status.FAIL, 0.9949, True),  # 0.995
        (Status.FAIL, 0.98, True),  # no judgement of a looked run
    ],
)
def test_a_look_wants_more_of_what_is_kept_than_of_what_is_missed(monkeypatch, status, up_to, open_):
    o = next(o for o in LOCAL.agreement.objectives if o.key == "poi_verify_p99")

    def judged(measured, agreement, baseline, steady, level, drawn):
        assert measured.facts.looked
        return [result_of(o, status if level <= up_to else Status.INCONCLUSIVE, "")]

    monkeypatch.setattr(sequential, "judge_all", judged)
    run = measurements(hold_s=120, rate=20)
    steady = find_steady(run)
    assert steady.to_second - steady.from_second == 120
    assert undecided(run, LOCAL.agreement, LOCAL.baseline) == (frozenset({"poi_verify_p99"}) if open_ else frozenset())


@pytest.mark.parametrize(("why", "decided"), [(THIN_EVIDENCE, False), (f"{THIN_EVIDENCE}; {REACHES}", False), (MISSES, True)])
def test_a_warning_on_thin_evidence_is_not_decided_whatever_else_is_said(monkeypatch, why, decided):
    o = next(o for o in LOCAL.agreement.objectives if o.key == "poi_verify_p99")
    monkeypatch.setattr(sequential, "judge_all", lambda *_, **__: [result_of(o, Status.WARN, why)])
    expected = frozenset() if decided else {"poi_verify_p99"}
    assert undecided(measurements(hold_s=40), LOCAL.agreement, LOCAL.baseline) == expected


@pytest.mark.parametrize("stopped", [True, False])
def test_a_run_that_a_look_ended_is_judged_by_what_that_saw(stopped):
    """Half of all fails in the two seconds until it has stopped: 2.4 %, where 1 % may."""
    run, until = measurements(hold_s=42), START + RAMP_S + 40
    windows = [dataclasses.replace(w, ok=150, failed={"http_5xx": 150}) if w.second >= until else w for w in run.windows]
    facts = dataclasses.replace(
        run.facts, decided=stopped, interrupted=stopped, looked=True, judged_until_ns=until * 10**9 * stopped
    )
    run = dataclasses.replace(run, windows=tuple(windows), facts=facts)
    assert find_steady(run).to_second == (until if stopped else until + 2)
    success = next(o for o in evaluate(run, LOCAL.agreement, LOCAL.baseline).objectives if o.key == "poi_success_rate")
    assert (success.estimate.point == 1.0) is stopped


def test_only_what_is_critical_and_surely_broken_is_failing():
    def failed(**options):
        return failing(measurements(**{"hold_s": 40, **options}), LOCAL.agreement, LOCAL.baseline)

    assert failed() == frozenset()
    assert failed(failures={"generate": 0.03}) == {"poi_success_rate"}
    assert failed(server_us={"generate": 900.0}) == frozenset()  # a WARNING gate
    assert failed(server_us={"finality": 5000.0}) == {"finality_p99"}
    assert failed(hold_s=2) == frozenset()


def test_a_limit_that_is_not_known_for_want_of_a_baseline_is_not_broken():
    assert failing(measurements(hold_s=20, server_us={"finality": 5000.0}), LOCAL.agreement) == frozenset()


def test_what_comes_after_an_interim_analysis_is_no_part_of_it():
    """The last seconds have not been reported by every worker yet; and the load goes on in them."""
    run = measurements(hold_s=40)
    now = START + 25
    slow = from_values(np.full(300, 5 * 10**9))
    later = (
        dataclasses.replace(w, response=slow, service=slow) if w.second >= now and w.response.total else w for w in run.windows
    )
    so_far = dataclasses.replace(run, windows=tuple(later), facts=dataclasses.replace(run.facts, load_ended_ns=now * 10**9))
    assert failing(so_far, with_objectives(LOCAL.agreement, client(target_ns=50e6)), LOCAL.baseline) == frozenset()


def test_the_longest_constant_piece_with_arrivals_is_what_a_run_has():
    pieces = [(100, 0, 0), (20, 1000, 1000), (60, 1, 1), (300, 0, 2000), (40, 5000, 5000)]
    warnings = too_short([PlannedSegment(*piece) for piece in pieces], {"a": 1.0}, {"a": [0.9]})
    assert [(f.length_s, f.rate_per_s) for f in warnings] == [(60, 1)]
    assert too_short([PlannedSegment(100, 0, 0), PlannedSegment(300, 0, 2000)], {"a": 1.0}, {"a": [0.9]}) == []


@pytest.mark.parametrize(("length_s", "warned"), [(182.4, []), (182.0, [0.5])])
def test_what_a_load_of_a_half_lets_it_decide_is_long_enough(length_s, warned):
    """At 1 op/s and a design effect of 8 the median needs 11.4 x 8 / 0.5 = 182.4 s."""
    warnings = too_short([PlannedSegment(length_s, 1, 1)], {"a": 1.0}, {"a": [0.5]})
    assert [f.quantile for f in warnings] == warned
    assert all(f.needed_s == {0.5: 183, 0.8: 1596, 0.9: 5700} for f in warnings)


def test_an_operation_of_one_arrival_in_two_seconds_is_told_how_long_too():
    [warning] = too_short([PlannedSegment(60, 10, 10)], {"a": 0.05}, {"a": [0.5]})
    assert warning.needed_s[0.5] == 365  # 11.4 x 8 / (0.5 x 0.5) = 364.8


@pytest.mark.parametrize(
    ("largest_deff", "words"),
    [
        (0.0, "is too short: independent latencies need inf s, usual ones about 120 s at a utilization of 50 %"),
        (0.7, "is too short: independent latencies need 86 s, usual"),  # 60 / 0.7 = 85.7
        (0.99, "is too short: independent latencies need 61 s, usual"),
        (1.0, "is likely too short for a target close by: that takes about 120 s at a utilization of 50 %"),
    ],
)
def test_it_is_said_whether_any_service_could_be_decided_in_that_time(largest_deff, words):
    assert words in str(TooShort("a", 0.99, 100.0, 60.0, largest_deff, {0.5: 120.0}))


def test_a_warning_is_one_line_with_rate_length_and_what_is_needed():
    short_run = TooShort("a", 0.999, 12_345.0, 60.0, 2.64, {0.5: 120.0, 0.9: 4000.0})
    assert str(short_run) == (
        "a p99.9 at 12,345 ops/s: 60 s is likely too short for a target close by: that takes about "
        "120 s at a utilization of 50 %, 4,000 s at a utilization of 90 %"
    )


def test_only_what_the_agreement_judges_is_looked_at():
    judged = judged_quantiles(LOCAL.agreement)
    assert judged == {"finality": (0.99,), "generate": (0.75, 0.9, 0.99), "verify": (0.75, 0.9, 0.99)}
    plan = [PlannedSegment(10, 100, 100)]
    warnings = too_short(plan, {"generate": 0.4, "other": 0.6}, judged)
    assert [(f.operation, f.quantile) for f in warnings] == [("generate", 0.9), ("generate", 0.99)]
    nothing = judged_quantiles(dataclasses.replace(LOCAL.agreement, objectives=()))
    assert too_short(plan, {"other": 1.0}, nothing) == []


@pytest.mark.parametrize("looked", [False, True])
def test_what_a_look_stops_a_run_for_is_a_fail_in_the_end_among_however_many_objectives(looked):
    """The end claims at Holm's level over them all: a look that claimed at its own would throw a run away."""
    [own] = [o for o in LOCAL.agreement.objectives if o.key == "poi_success_rate"]
    alike = tuple(dataclasses.replace(own, key=f"rate_{i}", title=f"Rate {i}") for i in range(12))
    others = tuple(o for o in LOCAL.agreement.objectives if o.key != own.key)
    crowd = dataclasses.replace(LOCAL.agreement, objectives=(alike[0], *others, *(with_target(o, 0.5) for o in alike[1:])))
    stopped = 0
    for share in np.linspace(0.02, 0.05, 13):
        run = measurements(hold_s=40, failures={"generate": share})
        run = dataclasses.replace(run, facts=dataclasses.replace(run.facts, looked=looked))
        if "rate_0" in failing(run, crowd, LOCAL.baseline):
            stopped += 1
            assert {o.key: o.status for o in evaluate(run, crowd, LOCAL.baseline).objectives}["rate_0"] is Status.FAIL
    assert 0 < stopped < 13


def with_target(objective, share):
    return dataclasses.replace(objective, target=dataclasses.replace(objective.target, value=share))
