"""`bizra-load metrics` on a real Prometheus: an hour of history written at once, and a node scraped while it is used."""

import http.client
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from bizra_load.io.ports import free_port
from bizra_load.rehearsal.local_prometheus import local_prometheus
from tests.e2e.remote_write import history, remote_write
from tests.e2e.running import ROOT, measured_baseline, until
from tests.e2e.talking import FINALITY, GENERATE, VERIFY, set_faults

HOUR = 3600
# the least of a target: what a machine takes that is busy with other tests
AGREEMENT = """
schema: bizra-load/agreement/1
name: traffic
baseline: alone.json
operations:
  generate: {histogram: bizra_poi_generate_seconds, total: bizra_poi_generate_total, failed: bizra_poi_generate_fail_total}
  verify: {histogram: bizra_poi_verify_seconds, total: bizra_poi_verify_total, failed: bizra_poi_verify_fail_total}
  finality: {histogram: bizra_finality_check_seconds, total: bizra_finality_checks_total}
objectives:
  finality_p99:
    title: Finality p99
    severity: CRITICAL
    measure: {kind: server_quantile, operations: [finality], quantile: 0.99}
    target: "< 10 x baseline, at least 1 s"
    baseline: finality_p99_ms
  generate_p90:
    title: PoI generate p90
    severity: WARNING
    measure: {kind: server_quantile, operations: [generate], quantile: 0.9}
    target: "< 10 x baseline, at least 1 s"
    baseline: poi_generate_p99_us
  throughput:
    title: PoI throughput
    severity: WARNING
    measure: {kind: throughput, operations: [generate, verify]}
    target: ">= 20 ops/s"
  success:
    title: PoI success rate
    severity: CRITICAL
    measure: {kind: success, operations: [generate, verify]}
    target: ">= 99 %"
"""


@dataclass
class Answer:
    code: int
    out: str
    err: str
    report: dict

    def metric(self, key):
        return next(m for m in self.report["metrics"] if m["key"] == key)


@pytest.fixture(scope="module")
def prometheus():
    with local_prometheus({}, flags=["--web.enable-remote-write-receiver"]) as started:
        yield started.url


def ask(folder, url, *arguments):
    command = [sys.executable, "-m", "bizra_load.cli.main", "metrics", "--artifacts", str(folder / "artifacts"), *arguments]
    command += ["--prometheus-url", url] if url else []
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    path = folder / "artifacts" / "metrics-validation-report.json"
    report = json.loads(path.read_text()) if path.exists() else {}
    return Answer(ended.returncode, ended.stdout, ended.stderr, report)


def written(url, job, **what):
    remote_write(url, job, history(time.time(), HOUR, 15, **{"per_s": 60_000, **what}))
    return "--prometheus-selector", f'job="{job}"', "--window", "55m"


def test_an_hour_of_a_healthy_node_keeps_the_agreement_and_deviates_little_from_its_baseline(tmp_path, prometheus):
    reply = ask(tmp_path, prometheus, *written(prometheus, "healthy", per_s=60_000))
    assert reply.code == 0, reply.out + reply.err
    assert [m["key"] for m in reply.report["metrics"]] == [
        "finality_p99", "poi_generate_p99", "poi_verify_p99", "poi_throughput", "poi_success_rate",
    ]  # fmt: skip
    assert {m["status"] for m in reply.report["metrics"]} == {"PASS"}
    throughput = reply.metric("poi_throughput")
    assert throughput["estimate"]["low"] < 120_000 < throughput["estimate"]["high"]
    assert throughput["deviation_from_baseline"]["point"] == pytest.approx(120 / 77 - 1, abs=0.001)
    assert reply.report["window"]["restarts"] == 0
    assert reply.report["window"]["interval_s"] == 15
    assert "only" not in reply.report["summary"]
    assert "Load-test success: not judged from the server's metrics" in reply.out
    assert "a release also needs evidence of Monitoring operational" in reply.out.replace("\n", " ")


def test_a_throughput_that_the_environment_accepts_is_shown_and_does_not_count(tmp_path, prometheus):
    what = written(prometheus, "testnet", per_s=38_500)
    accepted = ask(tmp_path, prometheus, *what, "--environment-name", "testnet")
    assert (accepted.code, accepted.report["decision"]) == (0, "GO"), accepted.out
    assert accepted.metric("poi_throughput")["accepted"] is True
    production = ask(tmp_path, prometheus, *what, "--environment-name", "production", "--fail-on", "warn")
    assert (production.code, production.report["decision"]) == (3, "GO WITH CAUTION"), production.out


def test_three_percent_of_errors_is_no_go(tmp_path, prometheus):
    reply = ask(tmp_path, prometheus, *written(prometheus, "failing", failing=0.03))
    assert (reply.code, reply.report["decision"]) == (3, "NO-GO"), reply.out
    success = reply.metric("poi_success_rate")
    assert success["status"] == "FAIL"
    # carried out over attempts: the node's total leaves the failed ones out
    assert success["estimate"]["low"] < 0.97 < success["estimate"]["high"]


def test_a_restart_within_the_hour_is_said_and_changes_no_figure(tmp_path, prometheus):
    reply = ask(tmp_path, prometheus, *written(prometheus, "restarted", restart_at_s=time.time() - HOUR / 2))
    assert reply.code == 0, reply.out
    assert reply.report["window"]["restarts"] == 1
    assert "the node was restarted once (its counters went back" in " ".join(reply.out.split())
    assert reply.metric("poi_throughput")["estimate"]["point"] == pytest.approx(120_000, rel=0.001)


def test_two_instances_scraped_at_different_times_count_together(tmp_path, prometheus):
    now = time.time()
    for instance, late in (("a", 0), ("b", 6)):
        remote_write(prometheus, "two", history(now - late, HOUR - 60, 15, 30_000, instance=instance, seed=late + 1))
    reply = ask(tmp_path, prometheus, "--prometheus-selector", 'job="two"', "--window", "55m")
    assert reply.code == 0, reply.out
    assert reply.report["window"]["instances"] == 2
    assert reply.metric("poi_throughput")["estimate"]["point"] == pytest.approx(120_000, rel=0.001)


def test_a_window_that_is_not_covered_by_scrapes_never_passes(tmp_path, prometheus):
    now = time.time()
    what = written(prometheus, "gap", without_s=(now - 1800, now - 900))
    reply = ask(tmp_path, prometheus, *what)
    assert (reply.code, reply.report["decision"]) == (4, "INCONCLUSIVE"), reply.out
    assert "scrapes cover 73 % of it, 90 % are needed" in reply.out.replace("\n", " ")


def test_no_data_is_inconclusive_and_never_a_pass(tmp_path, prometheus):
    reply = ask(tmp_path, prometheus, "--prometheus-selector", 'job="nobody"')
    assert (reply.code, reply.report["decision"]) == (4, "INCONCLUSIVE")
    assert {(m["status"], m["estimate"]) for m in reply.report["metrics"]} == {("INCONCLUSIVE", None)}
    assert "Prometheus holds no scrape of the node" in reply.out


def test_a_share_of_a_plan_needs_a_load_test(tmp_path, prometheus):
    reply = ask(tmp_path, prometheus, *written(prometheus, "unplanned"), "--agreement", "local")
    assert reply.code == 4
    assert "share of a plan" in reply.metric("poi_throughput")["reason"]
    assert reply.metric("poi_throughput")["estimate"] is not None


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--window", "5"], 6, "--window: '5' (allowed: 10s to 24h)"),
        (["--window", "soon"], 6, "--window: not a duration: 'soon' (allowed: 10s, 1m30s, 500ms, 2h, or seconds)"),
        (["--prometheus-selector", "job=node"], 6, "--prometheus-selector: 'job=node' (allowed: label matchers"),
        (["--prometheus-selector", 'job=~"("'], 6, "--prometheus-selector: Prometheus refuses it"),
        (["--environment-name", "testent"], 6, "--environment-name: 'testent' is unknown"),
        (["--agreement", "v2"], 6, "--agreement: 'v2' is unknown"),
        (["--baseline", "none.json"], 6, "none.json"),
        (["--run", "/nowhere"], 6, "/nowhere/run.json"),
        (["--artifacts", "/dev/null/x"], 6, "--artifacts: /dev/null/x: /dev/null is no folder"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path, prometheus, arguments, code, message):
    reply = ask(tmp_path, prometheus, *arguments)
    assert reply.code == code
    assert message in reply.err
    assert reply.err.count("\n") == 1
    assert reply.report == {}


def test_a_prometheus_that_is_away_or_missing_is_one_line(tmp_path):
    away = ask(tmp_path, f"http://127.0.0.1:{free_port()}")
    assert (away.code, away.err.count("\n")) == (5, 1), away.err
    assert "ConnectionError" in away.err
    missing = ask(tmp_path, "")
    assert (missing.code, missing.err.count("\n")) == (6, 1)
    assert "--prometheus-url: is missing" in missing.err


@pytest.mark.slow
def test_real_traffic_is_judged_without_a_load_test(tmp_path, calm_node):
    (tmp_path / "traffic.yaml").write_text(AGREEMENT)
    measured_baseline(tmp_path / "alone.json")
    stop = threading.Event()

    def traffic():
        """Over one connection that is kept: a new one for each request would keep a core busy."""
        connection = http.client.HTTPConnection(urlsplit(calm_node.url).netloc, timeout=10)

        def post(path, content):
            connection.request("POST", path, json.dumps(content), {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()

        while not stop.is_set():
            status, body = post(GENERATE, {"evidence": "real"})
            if status == 200:
                post(VERIFY, {k: json.loads(body)[k] for k in ("body", "signature", "public_key")})
            for _ in range(8):  # ten seconds of them tell a p99 on a slow and busy machine too
                post(FINALITY, {"block_hash": "0x" + "0" * 64})
            stop.wait(0.01)
        connection.close()

    users = [threading.Thread(target=traffic) for _ in range(2)]
    for user in users:
        user.start()
    try:
        address = calm_node.metrics_url.removeprefix("http://").removesuffix("/metrics")
        with local_prometheus({"node": address}, 0.2) as started:
            started.wait_for_scrape("node")
            url = started.url
            arguments = ("--agreement", str(tmp_path / "traffic.yaml"), "--window", "10s")
            until(lambda: _scrapes(started, "10s") >= 45, "nine seconds of scrapes")
            healthy = _when_covered(tmp_path, url, arguments)
            set_faults(calm_node, error_rate="20%")
            failing = _when_failing(tmp_path, url, arguments)
    finally:
        stop.set()
        for user in users:
            user.join()
    assert healthy.code == 0, healthy.out
    # how evenly this machine makes the traffic, beside all else that runs on it, is its own matter
    judged = {m["key"]: m["status"] for m in healthy.report["metrics"]}
    assert judged.pop("throughput") in ("PASS", "WARN", "INCONCLUSIVE"), healthy.out
    assert set(judged.values()) <= {"PASS", "WARN"}, healthy.out
    assert failing.code == 3


def _scrapes(prometheus, window):
    counts = prometheus.query(f'count_over_time(up{{job="node"}}[{window}])')
    return max((float(row["value"][1]) for row in counts), default=0.0)


def _when_covered(folder, url, arguments):
    """The first answer, when the window is covered and there was traffic enough in it."""
    end = time.monotonic() + 40
    while time.monotonic() < end:
        reply = ask(folder, url, *arguments)
        if reply.report["window"]["coverage"] >= 0.9 and reply.code != 4:
            break
    return reply


def _when_failing(folder, url, arguments):
    end = time.monotonic() + 40
    while (reply := ask(folder, url, *arguments)).code != 3 and time.monotonic() < end:
        pass
    return reply
