"""The same job through Locust's own front doors: web UI, master and workers by hand, any locustfile, others' listeners."""

import json
import os
import signal
import subprocess
import sys

import pytest
import requests

from bizra_load.archive.store import read_run
from bizra_load.io.ports import free_port
from sla.values import histogram
from tests.e2e.running import ROOT, attempts, kept, until


@pytest.mark.parametrize("workers", [0, 2])
def test_the_web_ui_runs_and_stops_tests_and_counts_what_the_node_counts(tmp_path, node, workers):
    port, exchange = free_port(), str(free_port())
    command = [sys.executable, "-m", "locust", "-f", "locustfiles/poi.py", "-H", node.url, "--web-host", "127.0.0.1"]
    command += ["--web-port", str(port), "--out", str(tmp_path), "--metrics-url", node.metrics_url, "--agreement", "local"]
    command += ["--target-ops", "300", "--ramp", "1s", "--duration", "60s"]
    command += ["--processes", str(workers)] if workers else []
    command += ["--master-bind-host", "127.0.0.1", "--master-bind-port", exchange, "--master-port", exchange]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    base = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(base), "web UI")
        # a test that is started before they are there does not start
        until(lambda: len(_requests(base).get("workers", ())) == workers, "workers")
        for number in (1, 2):
            assert requests.post(f"{base}/swarm", data={"user_count": 1, "spawn_rate": 1}, timeout=10).json()["success"]
            until(lambda n=number: len(list(tmp_path.glob("*"))) == n and kept(max(tmp_path.glob("*"))) > 300, "load")
            # Locust's own statistics come from workers every three seconds
            named = until(lambda: _named(base) if "generate" in _named(base) else None, "Locust's statistics")
            # Locust alone rounds to whole ms; on a busy machine one of them may be a whole number by chance
            rounded = ("median_response_time", "response_time_percentile")
            shown_ms = [ms for s in named.values() for key, ms in s.items() if key.startswith(rounded)]
            assert any(ms != round(ms) for ms in shown_ms if ms)
            requests.post(f"{base}/stop", timeout=30).raise_for_status()
            until(lambda n=number: len(list(tmp_path.glob("*/assessment.json"))) == n, "assessment")
        counted = [kept(folder) for folder in sorted(tmp_path.glob("*"))]
        assert sum(counted) == sum(attempts(node).values())
        # Locust caches its answer for some seconds
        until(lambda: _named(base)["Aggregated"]["num_requests"] == counted[-1], "total")
        # of few and scattered responses the two next to the middle lie apart
        low_ms, high_ms = _about_the_median_ms(max(tmp_path.glob("2*")))
        assert 0.99 * low_ms <= _named(base)["generate"]["median_response_time"] <= 1.01 * high_ms
    finally:
        process.send_signal(signal.SIGINT)
        error = process.communicate(timeout=30)[1].decode()
        assert "bizra_load" not in error.partition("Traceback")[2], error  # Locust prints one of its own for Ctrl+C


def _answers(base):
    try:
        return requests.get(base, timeout=2).ok
    except requests.RequestException:
        return False


def _named(base):
    return {s["name"]: s for s in _requests(base)["stats"]}


def _about_the_median_ms(folder):
    """The quantiles just under and over the median of generate, by what the run has kept."""
    windows = [w for w in read_run(folder)[0].windows if w.operation == "generate"]
    whole = histogram.merge(w.response for w in windows)
    return [whole.quantile_ns(q) / 1e6 for q in (0.49, 0.51)]


def _requests(base):
    return requests.get(f"{base}/stats/requests", timeout=5).json()


def test_a_master_and_workers_started_by_hand_count_what_the_node_counts(tmp_path, node):
    port = str(free_port())
    base = [sys.executable, "-m", "locust", "-f", "locustfiles/poi.py"]
    master = [*base, "--master", "--headless", "--expect-workers", "2", "-H", node.url, "--only-summary"]
    master += ["--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--out", str(tmp_path), "--agreement", "local"]
    master += ["--metrics-url", node.metrics_url, "--target-ops", "300", "--ramp", "1s", "--duration", "6s"]
    worker = [*base, "--worker", "--master-host", "127.0.0.1", "--master-port", port]
    quiet = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(command, **quiet) for command in (worker, worker)]
    try:
        code = subprocess.run(master, cwd=ROOT, capture_output=True, timeout=60, check=False).returncode
        assert [w.wait(timeout=20) for w in started] == [0, 0]
    finally:
        for process in started:
            process.kill()
    [folder] = tmp_path.glob("*")
    assessment = json.loads((folder / "assessment.json").read_text())
    assert code == assessment["exit_code"]
    assert kept(folder) == sum(attempts(node).values()) > 1500
    assert assessment["run"]["workers"] == 2


def test_any_locustfile_is_measured_by_the_same_recorder(tmp_path, node):
    """At its end each user waits for a response, which the node counts: it is waited for, without --stop-timeout too."""
    requests.post(node.admin_url + "/faults", json={"generate.latency": "80ms"}, timeout=10).raise_for_status()
    command = [sys.executable, "-m", "locust", "-f", "locustfiles/any_user.py", "-H", node.url, "--headless", "-u", "10"]
    command += ["-r", "10", "-t", "8s", "--only-summary", "--processes", "2"]
    port = str(free_port())
    command += ["--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port]
    environment = {**os.environ, "BIZRA_LOAD_OUT": str(tmp_path), "METRICS_URL": node.metrics_url, "AGREEMENT": "local"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    [folder] = tmp_path.glob("*")
    assessment = json.loads((folder / "assessment.json").read_text())
    assert kept(folder) == attempts(node)["generate"] > 300, done.stderr
    generate = next(o for o in assessment["operations"] if o["operation"] == "generate")
    assert generate["response"]["p50"] == generate["service"]["p50"]
    assert done.returncode == assessment["exit_code"] == 4  # no plan, no verify, no finality: not everything can be answered
    assert next(c for c in assessment["checks"] if c["key"] == "counters_generate")["status"] == "PASS"


CHECKED = """
from locust import {user}, constant_throughput, events, task
from bizra_load import install

events.init.add_listener(lambda environment, **_: install(environment))

class Checked({user}):
    wait_time = constant_throughput(10)

    @task
    def generate(self):
        with self.client.post("/api/v1/poi/generate", json={{"evidence": "x"}}, name="generate", catch_response=True) as paid:
            paid.failure("not paid")
"""


@pytest.mark.parametrize("user", ["HttpUser", "FastHttpUser"])
def test_a_response_that_a_check_of_the_users_own_refuses_was_not_valid_and_was_counted(tmp_path, node, user):
    locustfile = tmp_path / "checked.py"
    locustfile.write_text(CHECKED.format(user=user))
    command = [sys.executable, "-m", "locust", "-f", str(locustfile), "-H", node.url, "--headless", "-u", "5", "-r", "5"]
    out = tmp_path / "runs"
    environment = {**os.environ, "BIZRA_LOAD_OUT": str(out), "METRICS_URL": node.metrics_url, "AGREEMENT": "local"}
    done = subprocess.run(
        [*command, "-t", "3s"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    [folder] = out.glob("*")
    failed = [w.failed for w in read_run(folder)[0].windows if w.failed]
    assert {category for each in failed for category in each} == {"not_valid"}, done.stderr
    assert sum(each["not_valid"] for each in failed) == attempts(node)["generate"] > 50
    checks = json.loads((folder / "assessment.json").read_text())["checks"]
    [counters] = [c for c in checks if c["key"] == "counters_generate"]
    assert (counters["status"], counters["reason"].endswith(", exact")) == ("PASS", True)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_users_of_any_kind_end_on_a_signal_with_their_verdict_and_no_traceback(tmp_path, node, how):
    command = [sys.executable, "-m", "locust", "-f", "locustfiles/any_user.py", "-H", node.url, "--headless", "--only-summary"]
    environment = {**os.environ, "BIZRA_LOAD_OUT": str(tmp_path), "METRICS_URL": node.metrics_url, "AGREEMENT": "local"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        until(lambda: list(tmp_path.glob("*")) and kept(max(tmp_path.glob("*"))) > 10, "load")
    finally:
        process.send_signal(how)
        error = process.communicate(timeout=30)[1].decode()
    [folder] = tmp_path.glob("*")
    assert json.loads((folder / "assessment.json").read_text())["exit_code"] == process.returncode, error
    assert "Traceback" not in error, error


def test_listeners_of_others_see_every_request_when_asked_for(tmp_path, node):
    locustfile = tmp_path / "listening.py"
    locustfile.write_text(
        (ROOT / "locustfiles/finality.py").read_text()
        + "\nfrom locust import events\nSEEN = []\nevents.request.add_listener(lambda **kw: SEEN.append(kw['response_time']))\n"
        + "\n@events.test_stop.add_listener\ndef write(**_):\n"
        + f"    open({str(tmp_path / 'seen')!r}, 'w').write(str(len(SEEN)))\n"
    )
    command = [sys.executable, "-m", "locust", "-f", str(locustfile), "-H", node.url, "--headless", "--only-summary"]
    command += [
        "--target-ops",
        "200",
        "--ramp",
        "0s",
        "--duration",
        "6s",
        "--fire-request-events",
        "--out",
        str(tmp_path / "r"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert int((tmp_path / "seen").read_text()) == attempts(node)["finality"] > 1000, done.stderr


BLOCKED = """
import time
import gevent.monkey
from locust import User, constant, events, task
from bizra_load import install

sleep = gevent.monkey.get_original("time", "sleep")  # the loop stands still, as while modules are imported
began = 0.0

@events.init.add_listener
def measure(environment, **_):
    sleep(2)
    install(environment)

@events.test_start.add_listener
def start(**_):
    global began
    began = time.monotonic()

@events.test_stop.add_listener
def stop(**_):
    print(f"took {time.monotonic() - began:.3f} s", flush=True)

class Idle(User):
    wait_time = constant(1)

    @task
    def nothing(self):
        pass
"""


def test_a_run_time_counts_from_the_start_of_the_test_not_from_before_the_imports(tmp_path):
    (tmp_path / "blocked.py").write_text(BLOCKED)
    command = [sys.executable, "-m", "locust", "-f", str(tmp_path / "blocked.py"), "-H", "http://127.0.0.1:1", "--headless"]
    command += ["-u", "1", "-t", "3s", "--only-summary"]
    environment = {**os.environ, "BIZRA_LOAD_OUT": str(tmp_path / "runs"), "AGREEMENT": "local"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    took_s = float(done.stdout.partition("took ")[2].split()[0])
    assert took_s > 2.7, done.stderr  # the timer starts a little before the test does


BAD_SAMPLES = """
import datetime, itertools
from locust import User, constant_throughput, events, task
from bizra_load import install

BAD = [
    {"response_time": None}, {"response_time": -3.0}, {"response_time": float("nan")}, {"response_time": float("inf")},
    {"response_time": datetime.timedelta(milliseconds=5)}, {"name": 404}, {"name": None}, {"name": ""},
    {"name": "bad\\udcffname"}, {"name": "a\\x00b\\nc"}, {"exception": "boom"}, {"exception": False}, {"exception": ""},
    {"name": "/search?q=" + "x" * 400},
]
NEXT = itertools.cycle(BAD)

@events.init.add_listener
def measure(environment, **_):
    install(environment)

class Foreign(User):
    wait_time = constant_throughput(20)
    count = 0

    @task
    def call(self):
        Foreign.count += 1
        sample = dict(request_type="grpc", name="call", response_time=5.0, response_length=0, exception=None, context={})
        self.environment.events.request.fire(**sample | (next(NEXT) if Foreign.count % 5 == 0 else {}))
"""


def test_no_sample_takes_the_others_with_it(tmp_path):
    """Times and names that are none, in every fifth sample of a locustfile."""
    (tmp_path / "bad.py").write_text(BAD_SAMPLES)
    (tmp_path / "none.yaml").write_text(
        "schema: bizra-load/agreement/1\nname: figures\noperations: {call: {}}\nobjectives:\n"
        "  ok: {title: Success, severity: CRITICAL, target: '>= 90 %', measure: {kind: success, operations: [call]}}\n"
        "  p95: {title: p95, severity: WARNING, target: '< 1 s',"
        " measure: {kind: client_quantile, operations: [call], quantile: 0.95, latency: response}}\n"
    )
    command = [sys.executable, "-m", "locust", "-f", str(tmp_path / "bad.py"), "-H", "http://127.0.0.1:1", "--headless"]
    command += ["-u", "3", "-r", "10", "-t", "12s", "--only-summary"]
    environment = {**os.environ, "BIZRA_LOAD_OUT": str(tmp_path / "runs"), "AGREEMENT": str(tmp_path / "none.yaml")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    [folder] = (tmp_path / "runs").glob("2*")
    assessment = json.loads((folder / "assessment.json").read_text())
    checks = {c["key"]: c for c in assessment["checks"]}
    assert checks["reports"]["status"] == "PASS", done.stderr
    assert checks["bad_samples"]["status"] == "FAIL"
    assert checks["bad_samples"]["reason"].startswith("bad samples: ")
    measurements, _ = read_run(folder)
    finished, bad = sum(w.finished for w in measurements.windows), sum(h.bad_samples for h in measurements.health)
    assert finished > 300
    assert 0.06 < bad / finished < 0.11  # 6 of 13 kinds in every fifth sample
    names = {w.operation for w in measurements.windows}
    assert {f"grpc {name}" for name in ("call", "404", "None", "(unnamed)", "bad?name", "a\x00b\nc")} < names
    assert sum(w.untimed for w in measurements.windows) > 0
    statuses = {o["key"]: o["status"] for o in assessment["objectives"]}
    assert statuses == {"ok": "PASS", "p95": "INVALID"}
    assert (done.returncode, "in print_stats" in done.stderr) == (assessment["exit_code"], False), done.stderr[-2000:]
    assert "Locust's own statistics can't be printed (" in done.stderr
