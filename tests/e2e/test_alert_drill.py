"""The drill with a real Prometheus and Alertmanager: the alerts fire, and their absence is found."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.e2e.running import ROOT

DRILL = (sys.executable, "-m", "bizra_load.cli.main", "alerts", "drill")
RULES = (
    "FinalityCheckP99Violation", "PoISuccessRateCritical", "PoIGenerationP99Violation", "RustProcessMemoryHigh",
    "FinalityCheckStalled", "PrometheusScrapeSlow", "RustMetricsEndpointDown", "RustMetricsAbsent",
)  # fmt: skip


@pytest.mark.slow
def test_alerts_go_pending_fire_reach_alertmanager_and_resolve(tmp_path):
    assert shutil.which("prometheus-alertmanager"), "apt-get install -y --no-install-recommends prometheus-alertmanager"
    command = [*DRILL, "--rules", ",".join(RULES), "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "alert-drill.json").read_text())
    assert found["schema"] == "bizra-load/alert-drill/1"
    assert (found["passed"], found["rules_loaded"], found["alertmanager"]) == (True, 12, True)
    assert {r["alert"] for r in found["rules"]} == set(RULES)
    for rule in found["rules"]:
        assert rule["pending_s"] <= rule["firing_s"] <= rule["notified_s"]
        assert rule["resolved_s"] > 0
    assert found["shortened"]['every window and "for"'] == "divided by 60 (5m is 5s)"
    assert "8 of 8 rules fired and resolved; 12 rules loaded" in done.stdout


def test_without_prometheus_the_drill_says_how_to_install_it(tmp_path):
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    command = [*DRILL, "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 6
    assert done.stderr.strip() == (
        "bizra-load alerts: prometheus is missing (install it: apt-get install -y --no-install-recommends prometheus)"
    )


def test_an_unknown_alert_is_one_line(tmp_path):
    command = [*DRILL, "--rules", "FinalityCheckStaled", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 6
    assert "did you mean 'FinalityCheckStalled'?" in done.stderr
    assert done.stderr.count("\n") == 1
