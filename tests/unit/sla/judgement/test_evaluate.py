"""The whole judgement, on simulated measurements."""

import dataclasses
import math

import numpy as np
import pytest

from bizra_load.judging.agreements import read_agreement
from reports.formats import json_report, table
from sla.judgement.evaluate import evaluate
from sla.values.assessment import Decision, Evidence, Status
from sla.values.histogram import from_values
from sla.values.measurements import Measurements, RunFacts
from tests.unit.sla.synthetic import LOCAL, START, measurements


def judged(m, **options):
    return evaluate(m, LOCAL.agreement, LOCAL.baseline, **options)


def check(assessment, key):
    return next(c for c in assessment.checks if c.key == key)


def objective(assessment, key):
    return next(o for o in assessment.objectives if o.key == key)


def test_a_healthy_run_is_go_and_every_check_passes():
    a = judged(measurements())
    assert a.decision is Decision.GO, a.summary
    assert {c.status for c in a.checks} == {Status.PASS}
    assert a.steady.from_second >= START + 5
    assert objective(a, "poi_generate_p99").estimate.high <= 50e3


def test_without_the_evidence_of_its_gates_an_agreement_is_never_go():
    read = read_agreement("v2.2.0-rc1")
    run = measurements(rate=1000, hold_s=30)
    evidence = {key: Evidence(key, Status.PASS, "shown") for key in read.agreement.evidence}
    open_gates = evaluate(run, read.agreement, read.baseline)
    assert open_gates.decision is Decision.INCONCLUSIVE
    assert "no evidence was given" in open_gates.summary
    closed = evaluate(run, read.agreement, read.baseline, evidence=evidence)
    assert closed.decision is Decision.GO_WITH_CAUTION  # the throughput misses its acceptable range: not accepted
    assert objective(closed, "poi_throughput").status is Status.FAIL


def test_errors_are_no_go_and_the_fail_is_claimed_at_the_family_level():
    a = judged(measurements(failures={"generate": 0.03, "verify": 0.03}))
    assert (a.decision, a.exit_code) == (Decision.NO_GO, 3)
    assert objective(a, "poi_success_rate").estimate.high < 0.99


def test_a_slow_server_side_fails_its_gate_and_passing_ten_times_the_baseline_warns():
    assert objective(judged(measurements(server_us={"generate": 700.0})), "poi_generate_p99").status is Status.FAIL
    read = read_agreement("v2.2.0-rc1")
    baseline = dataclasses.replace(read.baseline, values={"poi_generate_p99_us": 2e3})
    assert objective(evaluate(measurements(), read.agreement, baseline), "poi_generate_p99").status is Status.WARN


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"lost_workers": ("w2",)}, "workers"),
        ({"missing_messages": 1}, "reports"),
        ({"unsent": 5000}, "unsent"),
        ({"counter_factor": 0.97}, "counters_generate"),
        ({"lost_samples": 0.05}, "littles_law_generate"),
    ],
)
def test_a_run_that_cannot_be_trusted_is_invalid_whatever_its_latencies_say(options, key):
    a = judged(measurements(**options))
    assert check(a, key).status is Status.FAIL
    assert (a.decision, a.exit_code) == (Decision.INVALID, 5)
    assert a.summary.startswith("the run can't be trusted: ")
    assert check(a, key).reason in a.summary


def test_a_slow_server_alone_is_no_reason_for_distrust():
    assert judged(measurements(server_us={"generate": 3000.0})).decision is not Decision.INVALID


def test_a_client_faster_than_the_server_is_found_out():
    m = measurements()
    faster = tuple(
        dataclasses.replace(s, histograms={n: dataclasses.replace(h, cumulative=_slower(h)) for n, h in s.histograms.items()})
        for s in m.snapshots
    )
    a = judged(dataclasses.replace(m, snapshots=faster))
    assert check(a, "dominance_generate").status is Status.FAIL
    assert a.decision is Decision.INVALID


def _slower(h):
    return tuple(0.0 if edge < 1e-2 else c for edge, c in zip(h.edges_s, h.cumulative, strict=True))


@pytest.mark.parametrize("name", ["late", "blind", "short", "empty"])
def test_each_way_of_knowing_too_little_has_its_own_word(name):
    m = measurements(hold_s=20)
    if name == "late":
        lag = from_values(np.full(100, 600_000_000))
        a = judged(dataclasses.replace(m, health=tuple(dataclasses.replace(h, lag=lag) for h in m.health)))
        assert check(a, "schedule_lag").status is Status.FAIL
    elif name == "blind":
        a = judged(dataclasses.replace(m, snapshots=()))
        assert check(a, "server_data").status is Status.FAIL
    elif name == "short":
        a = judged(measurements(hold_s=3))
        assert a.steady is None
    else:
        a = judged(Measurements((), (), (), RunFacts(START * 10**9, (START + 60) * 10**9)))
        assert check(a, "data").status is Status.FAIL
    assert a.decision is Decision.INVALID


def test_too_little_to_bound_it_says_how_much_more_is_needed_at_least():
    a = judged(measurements(rate=8, hold_s=20))
    finality = objective(a, "finality_p99")
    assert (finality.status, finality.estimate.high) == (Status.INCONCLUSIVE, math.inf)
    assert finality.seconds_needed > 0
    least = f"at least about {finality.seconds_needed:,.0f} s more at this rate are needed to bound it"
    assert table.objective_row(finality).cells[-1].endswith(least)
    assert (a.decision, a.exit_code) == (Decision.INCONCLUSIVE, 4)


def test_the_same_measurements_give_the_same_bytes_and_json_gives_them_back():
    first, second = (judged(measurements(rate=50)) for _ in range(2))
    text = json_report.render(first)
    assert json_report.render(second) == text
    assert json_report.render(json_report.parse(text)) == text
    assert json_report.parse(text) == first


def test_what_a_user_allows_is_a_warning_that_says_so():
    run = measurements(lost_workers=("w2",))
    assert judged(run).decision is Decision.INVALID
    a = judged(run, allowed=frozenset({"lost-worker"}))
    assert a.decision is Decision.GO
    assert (check(a, "workers").status, check(a, "workers").reason) == (Status.WARN, "workers lost: w2 (allowed)")
    assert judged(run, allowed=frozenset({"unsent"})).decision is Decision.INVALID


def test_refused_messages_are_shown_and_do_not_condemn_the_run():
    a = judged(measurements(unsigned_messages=3))
    assert a.decision is Decision.GO
    assert check(a, "unsigned").status is Status.WARN


def test_every_inconclusive_objective_with_data_says_how_much_longer():
    for a in (judged(measurements(rate=30, hold_s=10)), judged(measurements(rate=100, hold_s=20, failures={"generate": 0.02}))):
        undecided = [o for o in a.objectives if o.status is Status.INCONCLUSIVE]
        assert undecided
        assert all(o.seconds_needed >= 1 for o in undecided)


def test_a_clock_that_jumps_is_no_exception_and_no_pass():
    run = measurements(hold_s=30)
    jumped = tuple(dataclasses.replace(w, second=w.second + 3600 * (w.second > START + 15)) for w in run.windows)
    a = judged(dataclasses.replace(run, windows=jumped))
    assert a.decision is not Decision.GO


def test_a_node_that_is_scraped_in_a_part_of_the_run_is_named():
    run = measurements()
    half = run.snapshots[: len(run.snapshots) // 2]
    two = [dataclasses.replace(s, target=(("instance", n),)) for n, part in (("a", run.snapshots), ("b", half)) for s in part]
    notes = judged(dataclasses.replace(run, snapshots=tuple(sorted(two, key=lambda s: s.at_ns)))).notes
    assert any(n.startswith('instance="b" was scraped in ') for n in notes)
    assert not any("was scraped in" in n for n in judged(run).notes)
