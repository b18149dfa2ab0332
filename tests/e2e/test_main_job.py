"""The main job with real processes: master, workers, node."""

import json
import os
import re
import signal
import statistics
import subprocess
import sys

import pytest
import requests

from bizra_load.archive import checksums
from bizra_load.io.ports import free_port
from bizra_load.rehearsal.node_process import start_node
from sla.values.machine import TARGET
from tests.e2e.running import ROOT, Running, attempts, load, load_undisturbed, measured_baseline

ASSESS = (sys.executable, "-m", "bizra_load.cli.main", "assess")
WIDE = """
schema: bizra-load/agreement/1
name: wide
operations: {verify: {histogram: bizra_poi_verify_seconds}}
objectives:
  verify_p90: {title: Verify p90, severity: CRITICAL, target: '< 10 s',
               measure: {kind: server_quantile, operations: [verify], quantile: 0.9}}
  success: {title: Success rate, severity: CRITICAL, target: '>= 90 %', measure: {kind: success, operations: [verify]}}
"""
SHORT = ("-f", "locustfiles/mixed.py", "--target-ops", "600", "--ramp", "2s", "--duration", "8s")


@pytest.mark.slow
@pytest.mark.quiet
def test_a_healthy_node_gets_go_and_the_same_answer_when_judged_again(tmp_path):
    # enough finality checks that their tail is no thin evidence, which decides nothing for a critical objective
    arguments = ("--ramp", "2s", "--duration", "30s", "--finality-share", "27%")
    ended = load_undisturbed(tmp_path, None, ("GO",), *arguments, BASELINE="")
    assert (ended.code, ended.assessment["decision"]) == (0, "GO"), ended.out
    assert {o["status"] for o in ended.assessment["objectives"]} == {"PASS"}
    assert {c["status"] for c in ended.assessment["checks"]} == {"PASS"}, ended.out
    assert abs(ended.check("achieved")["figure"]) < 0.005
    assert re.search(r"Baseline, measured on this machine for \d\.\d s: ", ended.err)
    for o in ended.assessment["objectives"][:5]:  # each latency against what it takes alone, here and now
        assert o["target"] == pytest.approx(max(10 * o["baseline"], o["at_least"]))
    assert "GO: every gate passes" in ended.out
    overhead = ended.check("schedule_lag")["reason"]  # the generator's own share in what was measured
    assert re.match(r"arrivals started [\d.]+ [um]s \(p50\) and [\d.]+ [um]s \(p99\) late", overhead)

    assert_it_tells_what_workers_and_target_went_through(ended)
    assert_the_server_is_read_when_no_worker_reports(ended)

    before = {p: (ended.folder / p).read_bytes() for p in ("assessment.json", "assessment.md")}
    again = subprocess.run([*ASSESS, str(ended.folder)], cwd=ROOT, capture_output=True, check=False)
    assert again.returncode == 0
    assert {p: (ended.folder / p).read_bytes() for p in before} == before

    for form, mark in (("json", '"decision": "GO"'), ("md", "# GO"), ("text", "GO: every gate passes")):
        command = [sys.executable, "-m", "bizra_load.cli.main", "report", str(ended.folder), "--format", form]
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert mark in shown
        if form == "json":
            assert shown.encode() == before["assessment.json"]


def assert_it_tells_what_workers_and_target_went_through(ended):
    """In nearly each second of the load: the accounts are read once a second, which may fall to either side of an edge."""
    m = ended.measurements
    seconds = range(m.facts.load_started_ns // 10**9 + 1, m.facts.load_ended_ns // 10**9)
    of_workers = {(h.worker, h.second): h.machine for h in m.health if h.machine is not None}
    for worker in m.facts.workers:
        machines = [of_workers.get((worker, s)) for s in seconds]
        known = [
            machine
            for machine in machines
            if machine and machine.process == worker and machine.cpu_s >= 0 and machine.waited_s >= 0
        ]
        assert len(known) >= 0.9 * len(seconds), worker
        assert all(machine.cores == os.cpu_count() for machine in known)
    of_target = {t.second for t in m.target if t.process == TARGET and t.cpu_s >= 0 and t.waited_s >= 0}
    assert len(of_target & set(seconds)) >= 0.9 * len(seconds)
    assert sum(t.cpu_s for t in m.target) > 0
    assert m.facts.target_is_local


def assert_the_server_is_read_when_no_worker_reports(ended):
    """Late in each second, when all of them have reported the one before (master_run.PHASE_S); the first and the last
    reading, before and after the load, have no phase.
    """
    during = sorted(s.at_ns % 10**9 / 1e9 for s in ended.measurements.snapshots[1:-1])
    assert len(during) > 25
    assert statistics.median(during) == pytest.approx(0.85, abs=0.1)


@pytest.mark.slow
def test_three_percent_errors_are_no_go(tmp_path):
    with start_node(["--fault", "error_rate=3%", "--seed", "1"]) as node:
        ended = load(tmp_path, node, *SHORT, "--duration", "15s")
        assert (ended.code, ended.assessment["decision"]) == (3, "NO-GO"), ended.out
        assert "Before the load: finality p99 at 120 ops/s: 15 s is likely too short" in ended.err
        assert "p99.9" not in ended.err  # which the agreement does not judge
        assert ended.objective("poi_success_rate")["status"] == "FAIL"
        assert ended.finished() == attempts_with_finality(node, ended)


def attempts_with_finality(node, ended):
    """The node does not count failed finality checks; everything else must agree exactly."""
    counted = attempts(node)
    failed = sum(w.failures for w in ended.measurements.windows if w.operation == "finality")
    return {**counted, "finality": counted["finality"] + failed}


@pytest.mark.slow
@pytest.mark.quiet
def test_slow_generation_shows_on_its_gate_and_on_no_other_and_fail_on_warn_makes_it_3(tmp_path, node):
    alone = measured_baseline(tmp_path / "baseline.json")
    generate_ns = next(o.paced.p99.point for o in alone.operations if o.name == "generate")
    # six times the acceptable limit: the edge below it is over the limit, however coarse the node's buckets are there
    slow = {"generate.latency": f"{6 * 20 * generate_ns / 1e3:.0f}us"}
    requests.post(f"{node.admin_url}/faults", json=slow, timeout=5).raise_for_status()
    # finality checks: as above; connections: for a machine on which such a latency is a tenth of a second
    often = ("--target-ops", "1000", "--duration", "35s", "--finality-share", "40%", "--ops-per-user", "5")
    arguments = (*SHORT, *often, "--fail-on", "warn")
    cautious = ("GO WITH CAUTION", "CONDITIONAL GO")
    ended = load_undisturbed(tmp_path / "runs", node, cautious, *arguments, "--baseline", str(tmp_path / "baseline.json"))
    gate = ended.objective("poi_generate_p99")
    assert gate["status"] == "FAIL", ended.out
    assert gate["acceptable"] == pytest.approx(20 * generate_ns)
    assert gate["estimate"]["low"] >= gate["acceptable"]
    assert (ended.folder / "baseline.json").read_text() == alone.as_json()
    assert ended.objective("poi_verify_p99")["status"] in ("PASS", "WARN"), ended.out
    assert ended.assessment["decision"] in cautious, ended.out
    assert ended.code == 3

    record = json.loads((ended.folder / "run.json").read_text())
    (ended.folder / "run.json").write_text(json.dumps(record | {"fail_on_warn": False}))
    assert subprocess.run([*ASSESS, str(ended.folder)], cwd=ROOT, capture_output=True, check=False).returncode == 6
    checksums.seal(ended.folder)
    assert subprocess.run([*ASSESS, str(ended.folder)], cwd=ROOT, capture_output=True, check=False).returncode == 0


def failures(ended):
    counts = {}
    for w in ended.measurements.windows:
        for category, count in w.failed.items():
            counts[w.operation, category] = counts.get((w.operation, category), 0) + count
    return counts


def test_wrong_signatures_are_found_by_the_client_and_by_the_node(tmp_path):
    with start_node(["--fault", "wrong_signature_rate=20%", "--seed", "1"]) as node:
        ended = load(tmp_path, node, *SHORT, "--verify-share", "50%")
    failed = failures(ended)
    wrong, refused = failed.pop(("generate", "bad_signature")), failed.pop(("verify", "not_valid"))
    assert failed == {}
    # one in five is wrong; the client finds half of them itself, the node is asked about the other half
    share = wrong / ended.finished()["generate"]
    assert 0.07 < share < 0.13
    assert 0.07 < refused / ended.finished()["verify"] < 0.15
    assert (ended.code, ended.assessment["decision"]) == (3, "NO-GO"), ended.out


def test_metrics_that_go_away_in_mid_run_leave_a_warning_and_the_counters_still_agree(tmp_path, node):
    running = Running(tmp_path, "-H", node.url, "--metrics-url", node.metrics_url, "--agreement", "local", *SHORT)
    running.wait_for(1000)
    requests.post(f"{node.admin_url}/faults", json={"metrics.down": "true"}, timeout=5).raise_for_status()
    running.wait_for(2500)
    requests.delete(f"{node.admin_url}/faults", timeout=5).raise_for_status()
    ended = running.end()
    assert ended.check("scrapes")["status"] == "WARN"
    assert ended.check("scrapes")["figure"] >= 1
    assert ended.check("counters_generate")["status"] == "PASS"
    assert ended.finished() == attempts(node)


def test_slow_metrics_do_not_disturb_the_load(tmp_path, node):
    requests.post(f"{node.admin_url}/faults", json={"metrics.latency": "1500ms"}, timeout=5).raise_for_status()
    # between scrapes of 1.5 s a busy machine leaves too few for the judged part of a shorter one
    ended = load(tmp_path, node, *SHORT, "--target-ops", "100", "--duration", "25s")
    assert ended.check("achieved")["status"] == "PASS", ended.out
    assert ended.check("counters_generate")["status"] == "PASS", ended.out
    assert ended.check("server_data")["status"] == "PASS", ended.out


def test_metrics_that_never_answer_are_said_before_the_load(tmp_path, node):
    ended = load(tmp_path, None, "-H", node.url, "--metrics-url", f"http://127.0.0.1:{free_port()}/metrics")
    assert ended.code == 5
    assert "the server's metrics can't be read" in ended.err
    assert sum(attempts(node).values()) == 0


def test_a_stall_shows_in_the_response_time_that_service_time_alone_would_hide(tmp_path, node):
    running = Running(tmp_path, "-H", node.url, "--metrics-url", node.metrics_url, "--agreement", "local", *SHORT)
    running.wait_for(1500)
    requests.post(f"{node.admin_url}/faults", json={"stall": "2s"}, timeout=5).raise_for_status()
    ended = running.end()
    verify = next(o for o in ended.assessment["operations"] if o["operation"] == "verify")
    assert verify["response"]["p99"]["point"] > 1e9
    assert verify["service"]["p99"]["point"] < verify["response"]["p99"]["point"] / 2
    assert ended.check("counters_verify")["status"] == "PASS"


@pytest.mark.parametrize("workers", ["1", "2", "3"])
@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_client_and_node_count_the_same_with_any_number_of_workers(tmp_path, node, workers, arrivals):
    ended = load(tmp_path, node, *SHORT, "--duration", "5s", "--workers", workers, "--arrivals", arrivals)
    assert ended.finished() == attempts(node)
    assert ended.check("workers")["status"] == "PASS"
    planned = sum(w.planned for w in ended.measurements.windows)
    unsent = sum(w.unsent for w in ended.measurements.windows)
    assert planned == unsent + sum(ended.finished().values())
    assert {ended.check(f"counters_{o}")["status"] for o in attempts(node)} == {"PASS"}
    assert len(ended.measurements.facts.workers) == int(workers)


def test_no_node_is_one_clear_line(tmp_path):
    ended = load(tmp_path, None, "-H", f"http://127.0.0.1:{free_port()}")
    assert ended.code == 5
    assert ended.err.strip().count("\n") == 0
    assert "can't be reached" in ended.err
    assert ended.folder is None


def test_a_killed_worker_makes_the_run_invalid_and_keeps_what_was_measured(tmp_path, node):
    running = Running(tmp_path, "-H", node.url, "--metrics-url", node.metrics_url, "--agreement", "local", *SHORT)
    running.wait_for(500)
    os.kill(running.workers()[0], signal.SIGKILL)
    ended = running.end()
    assert (ended.code, ended.assessment["decision"]) == (5, "INVALID"), ended.err
    assert ended.check("workers")["status"] == "FAIL"
    assert len(ended.measurements.facts.lost_workers) == 1
    assert sum(ended.finished().values()) > 500


@pytest.mark.parametrize("how", ["Ctrl+C", "SIGTERM", "SIGINT to the one process that was started"])
def test_a_stopped_run_is_drained_to_the_last_operation(tmp_path, node, how):
    running = Running(
        tmp_path, "-H", node.url, "--metrics-url", node.metrics_url, "--agreement", "local", *SHORT, "--duration", "60s"
    )
    running.wait_for(1500)
    if how == "Ctrl+C":
        running.interrupt()
    else:
        running.process.send_signal(signal.SIGTERM if how == "SIGTERM" else signal.SIGINT)
    ended = running.end()
    assert ended.finished() == attempts(node)
    assert ended.measurements.facts.interrupted
    assert ended.check("workers")["status"] == "PASS"
    assert ended.code in (0, 4, 5), ended.err  # judged by what there was


@pytest.mark.slow
def test_a_run_that_has_surely_failed_is_stopped_early_on_request(tmp_path):
    with start_node(["--fault", "error_rate=10%", "--seed", "1"]) as node:
        ended = load(tmp_path, node, *SHORT, "--duration", "300s", "--abort-on-fail")
        assert ended.finished() == attempts_with_finality(node, ended)
    assert (ended.code, ended.assessment["decision"]) == (3, "NO-GO"), ended.out
    assert "Stopping early: PoI success rate missed the target for certain" in ended.err
    assert ended.measurements.facts.stopped_for == ("poi_success_rate",)
    assert ended.measurements.facts.load_ended_ns - ended.measurements.facts.load_started_ns < 300e9


@pytest.mark.slow
def test_a_run_ends_on_request_as_soon_as_every_objective_is_decided_and_passes(tmp_path, node):
    """Its targets are so wide that any machine keeps them, and any noise on it leaves them decided."""
    (tmp_path / "wide.yaml").write_text(WIDE)
    ended = load(
        tmp_path, node, *SHORT, "--duration", "300s", "--stop-when-decided", "--agreement", str(tmp_path / "wide.yaml")
    )
    facts = ended.measurements.facts
    assert (facts.decided, facts.looked, facts.stopped_for) == (True, True, ())
    assert 40e9 <= facts.load_ended_ns - facts.load_started_ns < 300e9
    assert (ended.code, ended.assessment["decision"]) == (0, "GO"), ended.out
    assert "Stopping: every objective is decided" in ended.err
    assert any("stopped when decided" in note for note in ended.assessment["notes"])


def test_a_saturating_run_counts_what_the_node_counts_and_plans_nothing(tmp_path, node):
    ended = load(tmp_path, node, *SHORT, "--duration", "5s", "--arrivals", "saturate")
    assert ended.finished() == attempts(node)
    # each user sends as soon as it has its answer: however fast that is, nearly all of them wait for one nearly all the time
    measurements = ended.measurements
    length_ns = measurements.facts.load_ended_ns - measurements.facts.load_started_ns
    users = sum(max(h.slots for h in measurements.health if h.worker == w) for w in measurements.facts.workers)
    assert 0.75 * users < sum(w.in_flight_ns for w in measurements.windows) / length_ns <= users
    assert {c["key"] for c in ended.assessment["checks"]}.isdisjoint({"achieved"})
    assert ended.check("unsent")["figure"] == 0
