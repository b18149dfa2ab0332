"""A target that dies, comes back, stalls, talks garbage, hangs up, refuses, or accepts and never answers."""

from contextlib import contextmanager

import pytest
import requests

from bizra_load.io.ports import free_port
from bizra_load.rehearsal.node_process import start_node
from tests.e2e.faults.cluster import (
    SHORT,
    assert_counted,
    counted,
    failed_checks,
    missing_from_reports,
    reported,
    target,
    unknown,
)
from tests.e2e.faults.proxy import Proxy
from tests.e2e.running import Running


@contextmanager
def in_front_of(node):
    with Proxy("127.0.0.1", int(node.url.rpartition(":")[2])) as proxy:
        yield proxy, f"http://127.0.0.1:{proxy.port}"


def failures(ended):
    counts = {}
    for w in ended.measurements.windows:
        for category, count in w.failed.items():
            counts[category] = counts.get(category, 0) + count
    return counts


def balanced(ended):
    """Every planned arrival is accounted for: it ended well, or badly in a category, or was not sent."""
    windows = ended.measurements.windows
    planned, unsent = sum(w.planned for w in windows), sum(w.unsent for w in windows)
    return planned == unsent + sum(ended.finished().values()) and sum(w.started for w in windows) == planned - unsent


def no_go_if_surely_failed(ended):
    """Errors are errors, whatever else can't be trusted: where they show that the target is missed, the answer is NO-GO."""
    return 3 if ended.objective("poi_success_rate")["status"] == "FAIL" else 5


@pytest.mark.slow
def test_a_killed_node_shows_as_failures_and_every_arrival_is_accounted_for(tmp_path, node):
    running = Running(tmp_path, *target(node), *SHORT, "--duration", "12s")
    running.wait_for(400)
    node.process.kill()
    node.process.wait()
    ended = running.end()
    assert balanced(ended)
    assert set(failures(ended)) == {"transport"}
    assert failures(ended)["transport"] > 200
    assert ended.objective("poi_success_rate")["status"] == "FAIL"
    assert ended.check("scrapes")["status"] == "WARN"
    assert failed_checks(ended) == {"server_data"}, ended.out
    assert ended.code == 3, ended.out  # one burst of errors says nothing of an average, and that it goes on is seen
    assert reported(ended) == []


@pytest.mark.slow
def test_a_node_restarted_in_mid_run_resets_its_counters_and_is_a_named_failure(tmp_path):
    port, metrics_port = free_port(), free_port()
    with start_node(["--seed", "a"], port, metrics_port) as first:
        running = Running(tmp_path, *target(first), *SHORT, "--duration", "12s", "--allow", "target-restarted,schedule-lag")
        running.wait_for(500)
        before = sum(counted(first).values())
        first.process.kill()
        first.process.wait()
        with start_node(["--seed", "a"], port, metrics_port) as second:
            ended = running.end()
            after = sum(counted(second).values())
    assert balanced(ended)
    assert ended.check("restarted")["figure"] == 1
    assert ended.check("restarted")["status"] == "WARN"
    assert ended.check("restarted")["reason"] == "the target was restarted 1 times under load (allowed)"
    ok = sum(w.ok for w in ended.measurements.windows)
    # what both lives of the node have counted, but for what the first did after we looked
    assert before + after <= ok + failures(ended)["transport"]
    assert failed_checks(ended) == set(), ended.out
    assert {ended.check(f"counters_{o}")["status"] for o in ("generate", "verify")} == {"PASS"}
    assert "the counters were reset 1 times" in ended.check("counters_generate")["reason"]


def test_a_restart_makes_the_run_invalid_unless_allowed_or_surely_failed(tmp_path):
    port, metrics_port = free_port(), free_port()
    with start_node([], port, metrics_port) as first:
        running = Running(tmp_path, *target(first), *SHORT, "--duration", "14s")
        running.wait_for(400)
        first.process.terminate()
        first.process.wait()
        with start_node([], port, metrics_port):
            ended = running.end()
    assert failed_checks(ended) == {"restarted"}, ended.out
    assert ended.code == no_go_if_surely_failed(ended), ended.out


def test_a_stalled_node_times_operations_out_and_the_counters_still_agree(tmp_path, node):
    running = Running(tmp_path, *target(node), *SHORT)
    running.wait_for(300)
    requests.post(f"{node.admin_url}/faults", json={"stall": "3s"}, timeout=5).raise_for_status()
    ended = running.end()
    assert balanced(ended)
    assert failures(ended)["timeout"] >= 4  # two seconds of patience, three of stall: what was under way on each connection
    assert ended.check("counters_verify")["status"] == "PASS"
    assert 0 <= missing_from_reports(ended, node) <= unknown(ended)
    assert ended.assessment["decision"] in ("NO-GO", "INVALID", "INCONCLUSIVE")


CLIENT_SIDE = """schema: bizra-load/agreement/1
name: client
operations: {generate: {}, verify: {}}
objectives:
  success: {title: Success, severity: CRITICAL, target: '>= 99 %', measure: {kind: success, operations: [generate, verify]}}
  generate: {title: Generate p90, severity: CRITICAL, target: '< 100 ms',
             measure: {kind: client_quantile, operations: [generate], quantile: 0.9, latency: response}}
  verify: {title: Verify p90, severity: CRITICAL, target: '< 100 ms',
           measure: {kind: client_quantile, operations: [verify], quantile: 0.9, latency: response}}
"""


def test_a_node_that_ceases_to_respond_before_the_end_is_judged_by_what_times_out_after_it(tmp_path, node):
    (tmp_path / "client.yaml").write_text(CLIENT_SIDE)
    agreement = str(tmp_path / "client.yaml")
    running = Running(
        tmp_path / "runs", "-H", node.url, "--agreement", agreement, *SHORT, "--ops-per-user", "1", "--duration", "12s"
    )
    running.wait_for(1200)
    requests.post(f"{node.admin_url}/faults", json={"stall": "20s"}, timeout=5).raise_for_status()
    ended = running.end()
    end = ended.measurements.facts.load_ended_ns // 10**9
    late = sum(w.failed.get("timeout", 0) for w in ended.measurements.windows if w.second > end)
    assert late > 0
    assert sum(o["failed"].get("timeout", 0) for o in ended.assessment["operations"]) >= late
    success = next(o for o in ended.assessment["objectives"] if o["key"] == "success")
    assert success["status"] != "PASS", ended.out


def test_a_node_that_takes_30_ms_is_no_no_go_behind_the_default_number_of_connections(tmp_path):
    """50 operations a second and user are 20 ms each: arrivals wait for a free connection, longer and longer."""
    (tmp_path / "client.yaml").write_text(CLIENT_SIDE)
    slow = ["--fault", "generate.latency=30ms", "--fault", "verify.latency=30ms"]
    with start_node(slow, free_port(), free_port()) as node:
        ended = Running(tmp_path / "runs", "-H", node.url, "--agreement", str(tmp_path / "client.yaml"), *SHORT).end()
    assert ended.assessment["decision"] in ("INVALID", "INCONCLUSIVE"), ended.out
    assert ended.code in (4, 5)
    assert "arrivals waited for one of 4 connections" in ended.objective("generate")["reason"]
    assert "--ops-per-user" in ended.objective("verify")["reason"]
    assert ended.check("unsent")["advice"].startswith("more connections (--ops-per-user")


def _garbage(proxy):
    proxy.garbage = True


def _swallow(proxy):
    proxy.swallow = True


WRONGS = {
    "answers garbage": (_garbage, {"transport"}),
    "closes connections": (Proxy.cut, {"transport"}),
    "refuses connections": (Proxy.refuse, {"transport"}),
    "never answers": (_swallow, {"timeout"}),
    "half-closes connections": (Proxy.half_close, set()),
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_a_target_that_misbehaves_is_counted_in_a_category_and_ends_the_run_in_time(tmp_path, node, wrong):
    how, categories = WRONGS[wrong]
    with in_front_of(node) as (proxy, url):
        running = Running(tmp_path, *target(node, url), *SHORT)
        running.wait_for(300)
        how(proxy)
        ended = running.end(within_s=40)
    assert balanced(ended)
    assert set(failures(ended)) <= categories | {"transport"}
    assert set(failures(ended)) >= categories - ({"transport"} if wrong == "closes connections" else set())
    unknown = sum(failures(ended).values())
    sure = sum(ended.finished().values()) - unknown
    assert sure <= sum(counted(node).values()) <= sure + unknown + proxy.after_end
    assert proxy.after_end <= 8
    assert reported(ended) == []
    # what the proxy forwards behind its own end of the stream is carried out, and sent again
    twice = {"counters_generate", "counters_verify"} if proxy.after_end else set()
    assert twice or ended.check("counters_generate")["status"] == "PASS"
    if wrong in ("answers garbage", "refuses connections", "never answers"):
        assert ended.code in (3, 4, 5)
        assert ended.objective("poi_success_rate")["status"] != "PASS", ended.out
    else:
        assert unknown <= 8  # each connection is opened again at once
        assert ended.code != 5 or failed_checks(ended) <= twice, ended.out


@pytest.mark.parametrize(("delay_s", "bytes_per_s"), [(0.05, 0.0), (0.0, 20_000.0)], ids=["50 ms delay", "throttled"])
def test_a_slow_network_to_the_target_is_in_the_client_latencies_and_not_in_the_servers(tmp_path, node, delay_s, bytes_per_s):
    with in_front_of(node) as (proxy, url):
        proxy.delay_s, proxy.bytes_per_s = delay_s, bytes_per_s
        # twenty milliseconds and more a request: a slot of 5 operations a second keeps up
        ended = Running(tmp_path, *target(node, url), *SHORT, "--target-ops", "100", "--ops-per-user", "5").end()
    assert_counted(ended, node)
    generate = next(o for o in ended.assessment["operations"] if o["operation"] == "generate")
    assert generate["service"]["p50"]["point"] > (0.1e9 if delay_s else 5e6)
    # had the server's own times the network in them, their p99 would be no shorter than the client's median
    assert ended.objective("poi_generate_p99")["estimate"]["point"] < generate["service"]["p50"]["point"]
    assert ended.check("counters_generate")["status"] == "PASS"
    assert ended.check("unsent")["status"] == "PASS"
