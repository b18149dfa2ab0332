"""What Prometheus learns of the generator is what the run folder holds."""

import shutil
import subprocess
import sys

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from bizra_load.io.ports import free_port
from bizra_load.rehearsal.local_prometheus import local_prometheus
from sla.values.window import SCHEDULE
from tests.e2e.running import ROOT, Running, load, until


@pytest.mark.slow
def test_prometheus_gets_the_totals_of_a_run_with_two_workers_and_its_checks_before_the_process_ends(tmp_path, calm_node):
    port = free_port()
    address = f"127.0.0.1:{port}"
    with local_prometheus({"generator": address}) as prometheus:
        running = Running(
            tmp_path, "-H", calm_node.url, "--metrics-url", calm_node.metrics_url, "--agreement", "local", "--workers", "2",
            "--target-ops", "300", "--ramp", "1s", "--duration", "12s", "--generator-metrics-port", address,
        )  # fmt: skip
        running.wait_for(1000)
        text = requests.get(f"http://{address}/metrics", timeout=5).text
        ended = running.end()
        windows = ended.measurements.windows

        def last(query):
            return {r["metric"].get("operation", ""): float(r["value"][1]) for r in prometheus.query(query)}

        for name, of in (("planned", "planned"), ("started", "started"), ("finished", "finished")):
            counted = last(f"sum by (operation) (last_over_time(bizra_load_operations_{name}_total[5m]))")
            kept = {}
            for w in windows:
                if w.operation != SCHEDULE or (of == "planned" and w.planned):  # what a busy machine never sent
                    kept[w.operation] = kept.get(w.operation, 0) + getattr(w, of)
            assert counted == kept
        for latency in ("response", "service"):
            counted = last(f"last_over_time(bizra_load_{latency}_seconds_count[5m])")
            assert counted == {o: sum(w.ok for w in windows if w.operation == o) for o in kept}
        checks = last("count(last_over_time(bizra_load_check_passed[5m]) == 1)")
        assert checks == {"": sum(c["status"] == "PASS" for c in ended.assessment["checks"])}
        assert last("max_over_time(bizra_load_workers[5m])") == {"": 2}
        assert last("max_over_time(bizra_load_planned_rate_per_second[5m])") == {"": 300}
        assert last(f'count(last_over_time(bizra_load_run_info{{run="{ended.folder.name}",agreement="local"}}[5m]))') == {"": 1}
    cpu = {s.labels["worker"]: s.value for f in text_string_to_metric_families(text) for s in f.samples if "cpu" in s.name}
    assert len(cpu) == 2
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: apt-get install -y --no-install-recommends prometheus"
    lint = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")


def test_a_port_that_is_taken_and_one_that_is_none_are_refused_before_the_load(tmp_path, calm_node):
    taken = calm_node.metrics_url.removeprefix("http://").removesuffix("/metrics")
    ended = load(tmp_path, calm_node, "--generator-metrics-port", taken, "--workers", "1")
    assert ended.code == 6
    assert f"--generator-metrics-port: {taken}: Address already in use" in ended.err
    ended = load(tmp_path, calm_node, GENERATOR_METRICS_PORT="tcp://10.0.0.1:x")
    assert ended.code == 6
    assert "--generator-metrics-port: not a port: 'tcp://10.0.0.1:x' (allowed: 1 to 65535, or ADDRESS:PORT)" in ended.err


def test_the_web_ui_serves_them_too(tmp_path, calm_node):
    port = free_port()
    command = [sys.executable, "-m", "locust", "-f", "locustfiles/poi.py", "-H", calm_node.url, "--web-host", "127.0.0.1"]
    command += ["--web-port", str(port), "--out", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        response = until(lambda: _get(f"http://127.0.0.1:{port}/bizra-load/metrics"), "metrics")
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert "bizra_load_operations_unsent_total 0.0" in response.text
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _get(url):
    try:
        response = requests.get(url, timeout=2)
    except requests.RequestException:
        return None
    return response if response.ok else None
