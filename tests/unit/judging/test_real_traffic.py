"""Which window of a Prometheus' data is judged: the last seconds, or the judged part of a load test."""

import dataclasses
import hashlib
import json
import time
from pathlib import Path

import pytest

from bizra_load.archive.run_record import RunRecord
from bizra_load.archive.store import RunWriter
from bizra_load.judging.agreements import read_agreement
from bizra_load.judging.real_traffic import MetricsQuery, query_of_last, query_of_run, write_report
from sla.judgement.monitored import judge_monitored
from sla.judgement.objectives import NO_PLAN
from sla.judgement.steady import find_steady
from sla.values.assessment import Status
from tests.unit.sla.synthetic import HOLD_S, RAMP_S, START, measurements

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("length_s", [0.5, 300.0])
def test_the_last_seconds_end_now_and_are_as_long_as_asked_for(length_s):
    before_ns = time.time_ns()
    asked = query_of_last(length_s, read_agreement("local"), None)
    assert before_ns <= asked.to_ns <= time.time_ns()
    assert asked.to_ns - asked.from_ns == length_s * 1e9


def test_of_a_load_test_the_judged_part_is_asked_for(tmp_path):
    m = measurements(rate=20)
    writer = RunWriter(tmp_path)
    writer.record(RunRecord(name="x"), m.facts)
    writer.windows(m.windows)
    writer.close()
    asked = query_of_run(tmp_path, "local")
    assert asked.run == tmp_path
    steady = find_steady(m)
    assert (asked.from_ns, asked.to_ns) == (steady.from_second * 10**9, steady.to_second * 10**9)
    assert START + RAMP_S <= steady.from_second < steady.to_second == START + RAMP_S + HOLD_S
    target, acceptable = asked.planned["poi_throughput"]  # of 60 a second two in three are generate and verify
    assert (target.value, acceptable.value) == (pytest.approx(0.98 * 40), pytest.approx(0.9 * 40))


def test_of_a_load_test_without_a_plan_no_share_of_one_is_taken(tmp_path):
    m = measurements(rate=20)
    writer = RunWriter(tmp_path)
    writer.record(RunRecord(name="x"), dataclasses.replace(m.facts, plan=()))
    writer.windows(m.windows)
    writer.close()
    asked = query_of_run(tmp_path, "local")
    assert asked.planned == {}
    assessment = judge_monitored(m.snapshots, asked.from_ns, asked.to_ns, asked.file.agreement, planned=asked.planned)
    throughput = next(o for o in assessment.objectives if o.key == "poi_throughput")
    assert (throughput.status, throughput.target) == (Status.INCONCLUSIVE, None)
    assert throughput.reason.endswith(NO_PLAN)


def test_the_report_names_the_run_and_the_text_of_the_agreement(tmp_path):
    m, file = measurements(), read_agreement("local")
    run = tmp_path / "runs" / "20261126T010000Z-a"
    run.mkdir(parents=True)
    (run / "SHA256SUMS").write_text("of all that was measured\n")
    asked = MetricsQuery((START - 1) * 10**9, (START + 66) * 10**9, file, None, {}, run=run)
    assessment = judge_monitored(m.snapshots, asked.from_ns, asked.to_ns, file.agreement, file.baseline)
    document = json.loads(write_report(assessment, asked, "http://u:secret@p", "", tmp_path).read_text())
    assert document["run"] == str(run)
    assert document["measured_sha256"] == hashlib.sha256(b"of all that was measured\n").hexdigest()
    assert document["agreement"] == "local"
    assert (
        document["agreement_sha256"] == hashlib.sha256((ROOT / "bizra_load/poi/agreements/local.yaml").read_bytes()).hexdigest()
    )
