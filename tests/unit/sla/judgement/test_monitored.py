"""The agreement judged by the server's own counters and buckets."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.results import metrics_validation
from sla.judgement.checks.counters import common_times_s, coverage, increments, restarts, with_restart
from sla.judgement.monitored import judge_monitored
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Severity, Status
from sla.values.kinds import ClientLatency
from sla.values.snapshot import Snapshot, labels_of
from tests.unit.sla.synthetic import LOCAL, START, measurements

NAME = "bizra_poi_generate_total"
PLAN = {"poi_throughput": (Limit(">=", 500.0), Limit(">=", 400.0))}


def judged(snapshots, planned=PLAN, from_s=START - 1, to_s=START + 66, **options):
    return judge_monitored(snapshots, from_s * 10**9, to_s * 10**9, LOCAL.agreement, LOCAL.baseline, planned=planned, **options)


def scrapes(values, step_s=1, instance=""):
    return [
        Snapshot((START + i * step_s) * 10**9, 0, (("instance", instance),), {} if v is None else {NAME: v})
        for i, v in enumerate(values)
    ]


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=30), st.integers(0, 29))
def test_increments_sum_to_what_was_counted_through_a_restart(counts, restart):
    """A restarted counter holds what it counted since: only what came between scrape and restart is lost, here nothing."""
    values, total = [0.0], 0.0
    for i, n in enumerate(counts):
        total = float(n) if i == restart else total + n
        values.append(total)
    series = scrapes(values)
    # a restart that counted more than was there before can't be seen, by nobody
    seen = restart < len(counts) and restart > 0 and counts[restart] < values[restart]
    assert restarts(series, [NAME]) == int(seen)
    if seen or restart == 0 or restart >= len(counts):
        assert increments(series, [NAME], common_times_s(series)).sum() == pytest.approx(sum(counts))


def test_intervals_in_which_a_target_was_restarted_are_known():
    values = [0.0, 10.0, 20.0, 5.0, 15.0, 25.0]
    series = scrapes(values) + scrapes([100.0 * i for i in range(6)], instance="b")
    times = common_times_s(series)
    assert with_restart(series, [NAME], times).tolist() == [False, False, True, False, False]
    assert with_restart(series[6:], [NAME], times).tolist() == [False] * 5


def test_missed_scrapes_make_one_long_interval_and_lose_nothing():
    series = [s for i, s in enumerate(scrapes([10.0 * i for i in range(10)])) if i not in (4, 5)]
    counted = increments(series, [NAME], common_times_s(series))
    assert counted.tolist() == [10, 10, 10, 30, 10, 10, 10]
    assert coverage(series, START, START + 9) == pytest.approx(8 / 9)


def test_a_counter_that_appears_later_counts_from_zero_and_one_that_is_nowhere_is_no_zero():
    series = scrapes([None, None, 5.0, 7.0])
    assert increments(series, [NAME], common_times_s(series)).tolist() == [0, 5, 2]
    assert increments(series, [NAME, "nowhere_total"], common_times_s(series)) is None


def test_a_healthy_window_passes_and_says_how_far_it_is_from_the_baseline():
    assessment = judged(measurements().snapshots)
    assert assessment.decision is Decision.GO, assessment.summary
    throughput = next(o for o in assessment.objectives if o.key == "poi_throughput")
    expected = throughput.estimate.point / throughput.baseline - 1
    assert assessment.deviations["poi_throughput"].point == pytest.approx(expected)
    assert assessment.exit_code == 0


def test_every_latency_of_the_server_has_its_draws_and_a_gate_says_that_they_agree():
    assessment = judged(measurements(hold_s=20).snapshots)
    assert {o.key for o in assessment.objectives if o.bootstrap} == {o.key for o in assessment.objectives if o.unit == "ns"}
    [gate] = [g for g in assessment.gates if g.key == "bootstrap"]
    assert gate.status is Status.PASS
    assert f"\n{gate.reason}\n" in metrics_validation.render(assessment)
    assert json.loads(metrics_validation.render_json(assessment, {}, {}))["metrics"][0]["bootstrap"]["draws"] == 100_000


def test_errors_are_a_share_of_attempts():
    assessment = judged(measurements(failures={"generate": 0.03, "verify": 0.03}).snapshots)
    success = next(o for o in assessment.objectives if o.key == "poi_success_rate")
    assert success.status is Status.FAIL
    assert success.estimate.low < 0.97 < success.estimate.high
    assert (assessment.decision, assessment.exit_code) == (Decision.NO_GO, 3)


def test_a_failure_counter_that_no_scrape_has_is_read_as_no_failure_and_said():
    """Client libraries that expose a counter with its first event never expose this one on a healthy node."""
    without = [
        dataclasses.replace(s, counters={n: v for n, v in s.counters.items() if "fail" not in n})
        for s in measurements().snapshots
    ]
    assessment = judged(without)
    success = next(o for o in assessment.objectives if o.key == "poi_success_rate")
    assert (success.status, success.estimate.point) == (Status.PASS, 1.0)
    assert any("no series of" in note and "read as no failure" in note for note in assessment.notes)


def test_without_the_counters_of_what_was_done_success_is_not_known():
    without = [
        dataclasses.replace(s, counters={n: v for n, v in s.counters.items() if "fail" in n}) for s in measurements().snapshots
    ]
    success = next(o for o in judged(without).objectives if o.key == "poi_success_rate")
    assert (success.status, success.estimate) == (Status.INCONCLUSIVE, None)


@pytest.mark.parametrize("snapshots", [[], measurements().snapshots[:1]])
def test_no_data_is_inconclusive_and_every_metric_says_so(snapshots):
    assessment = judged(snapshots)
    assert (assessment.decision, assessment.exit_code) == (Decision.INCONCLUSIVE, 4)
    assert {o.estimate for o in assessment.objectives} == {None}
    assert "no data" in metrics_validation.render(assessment)
    assert '"estimate": null' in metrics_validation.render_json(assessment, {}, {})


def test_nothing_passes_while_it_is_not_known_whether_two_targets_are_one_node():
    """Two scrapes by each of two jobs: the throughput may be twice the truth."""
    scrapes = [dataclasses.replace(s, gauges={}) for s in (measurements().snapshots[10], measurements().snapshots[-10])]
    targets = [dataclasses.replace(s, target=labels_of({"instance": "a", "job": job})) for s in scrapes for job in ("x", "y")]
    gates = {g.key: g for g in judged(targets).gates}
    assert (gates["targets"].severity, gates["targets"].counts) == (Severity.CRITICAL, True)
    assert gates["targets"].status is Status.INCONCLUSIVE
    assert 'job="x" and job="y"' in gates["targets"].reason
    assert gates["targets"].reason.endswith("exclude one of them, or ask for a longer window")
    assert "targets" not in {g.key for g in judged(measurements().snapshots).gates}


def test_a_window_twice_as_long_as_the_data_never_passes_and_a_failure_in_it_stays_one():
    assessment = judged(measurements().snapshots, to_s=START + 132)
    assert assessment.decision is Decision.INCONCLUSIVE
    assert "of it, 90 % are needed" in assessment.summary
    failing = judged(measurements(failures={"generate": 0.05}).snapshots, to_s=START + 132)
    assert failing.decision is Decision.NO_GO


def test_a_share_of_a_plan_without_the_plan_is_not_judged():
    assessment = judged(measurements().snapshots, planned=None)
    throughput = next(o for o in assessment.objectives if o.key == "poi_throughput")
    assert (throughput.status, throughput.estimate is not None) == (Status.INCONCLUSIVE, True)
    assert assessment.exit_code == 4


def test_scrapes_without_the_nodes_metrics_cover_nothing():
    """Prometheus itself, or a node whose series are gone while its process is still seen."""
    node = measurements().snapshots
    others = [Snapshot(s.at_ns, 0, (("instance", "prometheus"),), {"process_cpu_seconds_total": 1.0}) for s in node]
    empty = [Snapshot(s.at_ns, 0, (), {}, {"process_resident_memory_bytes": 1.0}) for s in node[30:]]
    assessment = judged([*node[:30], *empty, *others])
    assert assessment.window.instances == 1
    assert assessment.window.coverage < 0.5
    assert assessment.exit_code == 4


def test_an_agreement_that_the_server_shows_nothing_of_is_not_kept():
    objective = dataclasses.replace(LOCAL.agreement.objectives[0], kind=ClientLatency(0.99))
    agreement = dataclasses.replace(LOCAL.agreement, objectives=(objective,))
    assessment = judge_monitored(measurements().snapshots, (START - 1) * 10**9, (START + 66) * 10**9, agreement)
    assert (assessment.decision, assessment.objectives) == (Decision.INCONCLUSIVE, ())
    assert "only a client sees it" in assessment.notes[0]


@given(st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_instances_scraped_at_any_times_give_a_share_between_0_and_1(instances, seed):
    rng = np.random.default_rng(seed)
    series = []
    for name in range(instances):
        at_ns = START * 10**9 + np.cumsum(rng.integers(1, 3 * 10**9, 12))
        done, failed = np.cumsum(rng.integers(0, 50, 12)), np.cumsum(rng.integers(0, 3, 12))
        for i, at in enumerate(at_ns.tolist()):
            counters = {m.total: float(done[i]) for m in LOCAL.agreement.operations.values()}
            counters |= {m.failed: float(failed[i]) for m in LOCAL.agreement.operations.values() if m.failed}
            series.append(Snapshot(at, 0, (("instance", str(name)),), counters))
    ordered = sorted(series, key=lambda s: s.at_ns)
    assessment = judged(ordered, to_s=START + 40)
    success = next(o for o in assessment.objectives if o.key == "poi_success_rate")
    assert success.estimate is None or 0 <= success.estimate.low <= success.estimate.high <= 1
    assert 0 <= assessment.window.coverage <= 1


def test_a_node_that_is_seen_in_a_part_of_the_window_is_named():
    snapshots = measurements().snapshots
    two = [
        dataclasses.replace(s, target=(("instance", name),)) for name, part in (("a", None), ("b", 8)) for s in snapshots[:part]
    ]
    notes = judged(sorted(two, key=lambda s: s.at_ns)).notes
    assert [n for n in notes if n.startswith('instance="b" was scraped in ')] != []
    assert not any("was scraped in" in n for n in judged(snapshots).notes)


def test_what_holds_of_every_throughput_of_real_traffic_is_said_once():
    throughput = next(o for o in LOCAL.agreement.objectives if o.key == "poi_throughput")
    again = dataclasses.replace(throughput, key="again", title="Again")
    agreement = dataclasses.replace(LOCAL.agreement, objectives=(*LOCAL.agreement.objectives, again))
    planned = PLAN | {"again": PLAN["poi_throughput"]}
    a = judge_monitored(
        measurements().snapshots, (START - 1) * 10**9, (START + 66) * 10**9, agreement, LOCAL.baseline, planned=planned
    )
    assert sum("throughput is the load on the node in this window" in note for note in a.notes) == 1
