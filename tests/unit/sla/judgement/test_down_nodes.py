"""A node that can't be scraped while others do its work leaves the decision open; one that left does not."""

import dataclasses

import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.monitored import judge_monitored
from sla.values.assessment import Decision, Status
from sla.values.snapshot import Snapshot, labels_of
from tests.unit.sla.synthetic import LOCAL, START, measurements

JOB = {"job": "node"}
A, B = JOB | {"instance": "a"}, JOB | {"instance": "b"}


@pytest.fixture(scope="module")
def run():
    return measurements(hold_s=30, rate=200)


def of(run, labels):
    return [dataclasses.replace(s, target=labels_of(labels)) for s in run.snapshots]


def failed(labels, seconds):
    return [Snapshot((START + s) * 10**9, 0, labels_of(labels), {}, {"up": 0.0}) for s in seconds]


def gates(run, *scrapes):
    """Of a load test and of its metrics alone, which say the same."""
    snapshots = tuple(sorted((s for some in scrapes for s in some), key=lambda s: s.at_ns))
    of_run = evaluate(dataclasses.replace(run, snapshots=snapshots), LOCAL.agreement, LOCAL.baseline)
    last_ns = (START + 35) * 10**9
    of_metrics = judge_monitored(snapshots, (START + 5) * 10**9, last_ns, LOCAL.agreement, LOCAL.baseline)
    named = [{g.key: g for g in a.gates}.get("nodes-up") for a in (of_run, of_metrics)]
    assert [g and g.status for g in named] == [named[0] and named[0].status] * 2
    if named[0]:
        assert Decision.GO not in {of_run.decision, of_metrics.decision}
    return named[0]


def test_a_node_that_could_not_be_scraped_for_a_part_is_named(run):
    idle = [dataclasses.replace(s, target=labels_of(B)) for s in run.snapshots[:2]]
    gate = gates(run, of(run, A), idle, failed(B, range(5, 36)))
    assert (gate.status, gate.counts) == (Status.INCONCLUSIVE, True)
    assert 'was down or hung: instance="b",job="node" (' in gate.reason


def test_one_that_was_down_all_the_time_is_of_a_job_that_holds_nothing_else(run):
    assert gates(run, of(run, A), failed(B, range(5, 36)))
    stranger = [
        Snapshot(s.at_ns, 0, labels_of(JOB | {"instance": "proxy"}), {}, {"process_cpu_seconds_total": 1.0})
        for s in run.snapshots
    ]
    assert gates(run, of(run, A), failed(B, range(5, 36)), stranger) is None  # may well be another thing, too
    assert gates(run, of(run, A), failed({"job": "other", "instance": "b"}, range(5, 36))) is None


def test_a_failed_scrape_now_and_then_and_one_before_or_after_are_none(run):
    assert gates(run, of(run, A), of(run, B), failed(B, (9, 21))) is None
    assert gates(run, of(run, A), of(run, B)[:3], failed(B, (20,))) is None  # it left, and was asked once more
    assert gates(run, of(run, A), of(run, B), failed(B, range(40, 60))) is None


def test_what_another_replica_of_prometheus_can_scrape_is_up(run):
    other = A | {"prometheus_replica": "b"}
    assert gates(run, of(run, A), failed(other, range(5, 36))) is None
    assert gates(run, of(run, A)[:2], failed(A, range(5, 36)), failed(other, range(5, 36)), of(run, B))
