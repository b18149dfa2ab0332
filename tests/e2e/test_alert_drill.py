"""The drill with a real Prometheus and Alertmanager: the alerts fire, and their absence is found."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.e2e.running import ROOT

MAIN = (sys.executable, "-m", "bizra_load.cli.main")
DRILL, ASSESS, VALIDATE = (*MAIN, "alerts", "drill"), (*MAIN, "assess"), (*MAIN, "validate")
RULES = (
    "FinalityCheckP99Violation", "PoISuccessRateCritical", "PoIGenerationP99Violation", "RustProcessMemoryHigh",
    "FinalityCheckStalled", "PrometheusScrapeSlow", "RustMetricsEndpointDown", "RustMetricsAbsent", "PoIErrorBudgetBurn",
)  # fmt: skip


@pytest.mark.slow
def test_alerts_go_pending_fire_reach_alertmanager_and_resolve(tmp_path):
    assert shutil.which("prometheus-alertmanager"), "apt-get install -y --no-install-recommends prometheus-alertmanager"
    command = [*DRILL, "--rules", ",".join(RULES), "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    drill = json.loads((tmp_path / "alert-drill.json").read_text())
    assert drill["schema"] == "bizra-load/alert-drill/1"
    assert (drill["passed"], drill["rules_loaded"], drill["alertmanager"]) == (True, 12, True)
    assert {r["alert"] for r in drill["rules"]} == set(RULES)
    for rule in drill["rules"]:
        assert (rule["pending_s"] or 0.0) <= rule["firing_s"] <= rule["notified_s"]
        assert (rule["pending_s"] is None) is (rule["alert"] == "PoIErrorBudgetBurn")  # it fires at once
        assert rule["resolved_s"] > 0
    assert drill["shortened"]['every window and "for"'] == "divided by 60 (5m is 5s)"
    assert "9 of 9 rules fired and resolved; 12 rules loaded" in done.stdout
    closes_the_gate(tmp_path)


def closes_the_gate(folder):
    """The drill's own file, through `assess` and `validate`: by the agreement that it was made by, and by another one."""
    drill = ["--evidence", f"alerts={folder / 'alert-drill.json'}"]
    rows = [f"http_req_duration,{1_800_000_000 + i / 10},5,generate,200" for i in range(100)]
    (folder / "k6.csv").write_text("\n".join(["metric_name,timestamp,metric_value,name,status", *rows]) + "\n")
    for agreement, status in (("v2.2.0-rc1", "PASS"), ("other", "INCONCLUSIVE")):
        named = agreement
        if agreement == "other":
            named = str(folder / "other.yaml")
            text = (ROOT / "bizra_load/poi/agreements/v2.2.0-rc1.yaml").read_text()
            (folder / "other.yaml").write_text(text + "\n# of another release\n")
        command = [*ASSESS, "--import", str(folder / "k6.csv"), "--agreement", named, "--out", str(folder / agreement), *drill]
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        [run] = (folder / agreement).iterdir()
        gates = {g["key"]: g for g in json.loads((run / "assessment.json").read_text())["gates"]}
        assert gates["alerts"]["status"] == status, gates["alerts"]
    command = [*VALIDATE, "--artifacts", str(folder / "artifacts"), "--out", str(folder / "validated"), *drill]
    command += ["--agreement", "v2.2.0-rc1", "--target-ops", "100", "--ramp", "1s", "--duration", "8s"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    record = json.loads((folder / "artifacts" / "validated.json").read_text())
    gates = {g["key"]: g for g in json.loads((ROOT / record["run"] / "assessment.json").read_text())["gates"]}
    assert gates["alerts"]["status"] == "PASS", done.stdout
    assert "12 of 12 alert rules are loaded in Prometheus at " in done.stdout
    assert "- [x] All 12 alert rules are loaded" in (folder / "artifacts" / "PRODUCTION-READINESS-CHECKLIST.md").read_text()


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
