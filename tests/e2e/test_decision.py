"""One real run with evidence, and its documents; wrong evidence stops a run before its first request."""

import json
import os
import re
import subprocess
import sys

from bizra_load.judging.agreements import read_agreement
from bizra_load.judging.artifacts import CHECKLIST, DECISION, PERFORMANCE
from tests.e2e.running import ROOT, attempts, load
from tests.unit.sla.release.test_evidence import drill

SHORT = ("-f", "locustfiles/mixed.py", "--target-ops", "600", "--ramp", "1s", "--duration", "8s")
JUNIT = '<testsuite tests="2"><testcase name="a"/><testcase name="b">{}</testcase></testsuite>'


def cli(*words):
    command = [sys.executable, "-m", "bizra_load.cli.main", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_run_takes_evidence_at_its_end_and_its_documents_hold_real_figures(tmp_path, node):
    tests = tmp_path / "junit.xml"
    tests.write_text(JUNIT.format(""))
    agreement = tmp_path / "mine.yaml"  # a gate that only evidence closes
    agreement.write_text(
        (ROOT / "bizra_load/poi/agreements/local.yaml").read_text() + "evidence: {node_tests: The tests, alerts: Alerts}\n"
    )
    ended = load(tmp_path / "runs", node, *SHORT, "--agreement", str(agreement), "--evidence", f"tests={tests}")
    gates = {g["key"]: (g["status"], g["source"]) for g in ended.assessment["gates"]}
    assert gates["node_tests"] == ("PASS", "evidence/node_tests.xml"), ended.err
    assert gates["alerts"] == ("INCONCLUSIVE", "")
    assert (ended.code, ended.assessment["decision"]) == (4, "INCONCLUSIVE"), ended.out
    assert ended.assessment["run"]["planned_per_s"] == 600

    (tmp_path / "drill.json").write_text(
        json.dumps(
            drill(firing_s=None, resolved_s=None, passed=False) | {"agreement_sha256": read_agreement(str(agreement)).sha256}
        )
    )
    out = tmp_path / "artifacts"
    done = cli("report", ended.folder, "--artifacts", out, "--evidence", f"alerts={tmp_path / 'drill.json'}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(out / name) for name in (DECISION, CHECKLIST, PERFORMANCE)]
    decision, checklist, performance = ((out / name).read_text() for name in (DECISION, CHECKLIST, PERFORMANCE))
    assert decision.startswith("# NO-GO\n")
    assert "FinalityCheckP99Violation did not fire" in decision
    assert f"({os.path.relpath(ended.folder, out)}/evidence/node_tests.xml)" in checklist
    success = ended.objective("poi_success_rate")["estimate"]
    assert f"{100 * success['point']:.3f} % \\[{100 * success['low']:.3f} %" in performance
    assert re.search(r"PoI generate p99: .* inside the server, .* of service time at the client", performance)


def test_wrong_evidence_is_refused_before_the_first_request(tmp_path, node):
    (tmp_path / "junit.xml").write_text("nonsense")
    for word, message in ((f"tests={tmp_path / 'junit.xml'}", "not XML"), ("alerts=/nonexistent.json", "no such file")):
        ended = load(tmp_path / "runs", node, *SHORT, "--evidence", word)
        assert ended.code == 6
        assert message in ended.err
        assert len(ended.err.strip().splitlines()) == 1, ended.err
        assert ended.folder is None
    command = [sys.executable, "-m", "locust", "-f", "locustfiles/poi.py", "-H", node.url, "--headless", "--evidence", word]
    direct = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert direct.returncode == 6
    assert "no such file" in direct.stderr
    assert sum(attempts(node).values()) == 0
