"""What an operator hands in: evidence, agreements, stages, baselines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from xml.sax.saxutils import quoteattr

import yaml

from bizra_load.engine.stages import curve_from_stages
from bizra_load.exit_codes import UsageError
from bizra_load.io import yaml_text
from bizra_load.io.utc import utc_now
from bizra_load.judging import evidence
from bizra_load.judging.agreements import read_agreement
from bizra_load.judging.made import made_monitoring
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.assessment import Evidence, Status
from sla.values.baseline import baseline_from_mapping, with_baseline
from tests.fuzzing import changes
from tests.fuzzing.target import Target, answer_of

FILE = read_agreement("v2.2.0-rc1")
MADE = made_monitoring(FILE)
MADE_BY = {"agreement_sha256": FILE.sha256, "checked_at": utc_now()}
PACKAGED = Path(__file__).resolve().parents[2] / "bizra_load/poi"
_OUTCOMES = {
    "passed": ("", "<properties/>", "<system-out>failure</system-out>", "<flakyFailure/>", "<!-- <failure/> -->"),
    "failed": ("<failure/>", '<failure message="x">y</failure>', "<error/>", "<error>x</error>", "<system-out/><failure/>"),
    "skipped": ("<skipped/>", '<skipped message="x"/>'),
}


def _proved(name: str, suffix: str, data: bytes) -> tuple[dict[str, Evidence], str]:
    """By key, as a run folder's copy is read."""
    file = evidence.EvidenceFile(name, name + suffix, "x", utc_now(), "", data)
    proofs, refusal = answer_of(lambda: evidence._values(file, f"--evidence {name}=x", FILE), UsageError)
    assert all(e.reason for e in proofs or ())
    return {e.key: e for e in proofs or ()}, refusal


def junit_file(rng: Random) -> tuple[bytes, int, int]:
    """(a file, how many of its cases failed, how many ran)."""
    failed = ran = 0
    suites = []
    for _ in range(rng.randint(0, 3)):
        cases = []
        for n in range(rng.randint(0, 4)):
            outcome = rng.choice(("passed", "passed", "failed", "skipped"))
            failed, ran = failed + (outcome == "failed"), ran + (outcome != "skipped")
            name = quoteattr(rng.choice(("a", "é", "&", "<x>", str(n))))
            cases.append(f"<testcase name={name} {_attributes(rng, outcome)}>{rng.choice(_OUTCOMES[outcome])}</testcase>")
        suite = f"<testsuite{rng.choice(('', ' name=' + quoteattr('x')))}>{''.join(cases)}</testsuite>"
        suites.append(f"<testsuite>{suite}</testsuite>" if rng.random() < 0.2 else suite)
    head = rng.choice(("", '<?xml version="1.0" encoding="UTF-8"?>\n'))
    return f"{head}<testsuites>{''.join(suites)}</testsuites>".encode(), failed, ran


def _attributes(rng: Random, outcome: str) -> str:
    words = {
        "passed": ("", 'status="passed"', 'status="run" result="completed"', 'status="PASSED"'),
        "failed": ("", 'status="failed"', 'status="fail"', 'result="failure"'),
        "skipped": ("", 'status="skipped"', 'status="notrun"'),
    }
    return rng.choice(words[outcome])


def junit_check(made: tuple[bytes, int, int]) -> str:
    data, failed, ran = made
    proofs, refusal = _proved("node_tests", ".xml", data)
    assert not refusal, f"a right file is refused: {refusal}"
    wanted = Status.FAIL if failed else Status.PASS if ran else Status.INCONCLUSIVE
    assert proofs["node_tests"].status is wanted, f"{proofs['node_tests']} with {failed} failed of {ran}"
    return ""


def damaged_junit(rng: Random) -> bytes:
    return changes.damaged(rng, junit_file(rng)[0])


def _drill() -> dict[str, Any]:
    rules = [
        {
            "alert": r.name,
            "group": r.group,
            "severity": r.severity,
            "expression": r.expression,
            "pending_s": 1.0,
            "firing_s": 61.0,
            "resolved_s": 2.0,
            "passed": True,
        }
        for r in MADE.rules
        if r.name in FILE.agreement.monitoring.critical_rules
    ]
    top = {"schema": "bizra-load/alert-drill/1", **MADE_BY, "rules_loaded": 12, "passed": True}
    return top | {"rules": rules}


def _rules() -> dict[str, Any]:
    rules = [{"alert": r.name, "severity": r.severity, "reason": ""} for r in MADE.rules]
    top = {"schema": "bizra-load/rules-check/1", "agreement": "x", **MADE_BY, "asked": "a", "unread": ""}
    return top | {"rules": rules, "passed": True}


def _dashboard() -> dict[str, Any]:
    panels = [{"title": t, "expressions": list(e), "series": 3, "passed": True} for t, e in MADE.panels.items()]
    top = {"schema": "bizra-load/dashboard-check/1", **MADE_BY, "url": "http://g/d", "passed": True}
    return top | {"scrape_s": 0.1, "panels": panels}


def _workload() -> dict[str, Any]:
    container = {"name": "c", "image": "i", "readinessProbe": {"httpGet": {}}, "livenessProbe": {"httpGet": {}}}
    container["resources"] = {"limits": {"cpu": "1", "memory": "1Gi"}}
    spec = {"replicas": 2, "template": {"spec": {"containers": [container]}}}
    status = {"readyReplicas": 2, "observedGeneration": 1}
    return {"kind": "Deployment", "metadata": {"name": "n", "generation": 1}, "spec": spec, "status": status}


def _changed(document: Callable[[], Any]) -> Callable[[Random], bytes]:
    def make(rng: Random) -> bytes:
        proof = document() if rng.random() < 0.02 else changes.changed(rng, document(), json_only=True)
        data = json.dumps(proof).encode("utf-8", "surrogatepass")
        return changes.damaged(rng, data) if rng.random() < 0.1 else data

    return make


def drill_check(data: bytes) -> str:
    proofs, refusal = _proved("alerts", ".json", data)
    if proofs and proofs["alerts"].status is Status.PASS:
        document = json.loads(data)
        fired = {r["alert"] for r in document["rules"] if r["passed"] and None not in (r["firing_s"], r["resolved_s"])}
        assert fired >= set(FILE.agreement.monitoring.critical_rules), "a critical rule was not seen firing"
        own = {(r.name, r.group, r.severity, r.expression) for r in MADE.rules}
        assert {(r["alert"], r["group"], r["severity"], r["expression"]) for r in document["rules"]} <= own
        assert document["passed"] is True
        assert document["agreement_sha256"] == FILE.sha256
    return refusal


def rules_check(data: bytes) -> str:
    proofs, refusal = _proved("rules", ".json", data)
    if proofs and proofs["alert-rules"].status is Status.PASS:
        document = json.loads(data)
        assert {(r["alert"], r["severity"]) for r in document["rules"]} == {(r.name, r.severity) for r in MADE.rules}
        assert not any(r["reason"] for r in document["rules"])
        assert not document["unread"]
    return refusal


def dashboard_check(data: bytes) -> str:
    proofs, refusal = _proved("monitoring", ".json", data)
    if proofs and proofs["monitoring"].status is Status.PASS:
        document = json.loads(data)
        assert document["passed"] is True
        assert 0 <= document["scrape_s"] < FILE.agreement.process.scrape_s
        assert len(document["panels"]) >= FILE.agreement.monitoring.panels
        assert all(p["passed"] and p["series"] > 0 for p in document["panels"])
        asked = {p["title"]: tuple(p["expressions"]) for p in document["panels"] if isinstance(p.get("expressions"), list)}
        assert MADE.panels.items() <= asked.items()
    return refusal


def workload_check(data: bytes) -> str:
    proofs, refusal = _proved("deployment", ".json", data)
    if not proofs:
        return refusal
    document = yaml.load(data.decode("utf-8-sig"), Loader=yaml.CSafeLoader)
    if isinstance(document, dict) and document.get("kind") == "Deployment" and isinstance(document.get("status"), dict):
        status, spec = document["status"], document.get("spec")
        ready, wanted = status.get("readyReplicas"), spec.get("replicas", 1) if isinstance(spec, dict) else 1
        sound = type(ready) is int and ready == wanted and ready > 0
        assert not status or sound or proofs["deployment"].status is Status.FAIL, f"{ready} of {wanted} are taken for ready"
    return ""


AGREEMENTS = [yaml.safe_load(p.read_text()) for p in sorted((PACKAGED / "agreements").glob("*.yaml"))]
BASELINE = json.loads((PACKAGED / "baselines/v2.2.0-rc1.json").read_text())
STAGES = {"stages": [{"ramp": {"to": 10, "over": "1s"}}, {"soak": {"for": "2s"}}, {"spike": {"to": 50, "for": "500ms"}}]}


def agreement_check(document: Any) -> str:
    agreement, refusal = answer_of(lambda: agreement_from_mapping(document), ValueError)
    assert agreement is None or all(o.operations for o in agreement.objectives)
    return refusal


def stages_check(document: Any) -> str:
    curve, refusal = answer_of(lambda: curve_from_stages(document), ValueError)
    assert curve is None or 0 < curve.peak_per_s < float("inf")
    return refusal


def baseline_check(document: Any) -> str:
    baseline, refusal = answer_of(lambda: baseline_from_mapping(document, "x"), ValueError)
    if baseline is not None:
        assert all(0 <= v < float("inf") for v in baseline.values.values())
        with_baseline(FILE.agreement, baseline)
    return refusal


def yaml_check(text: str) -> str:
    return answer_of(lambda: yaml_text.load(text), ValueError)[1] or answer_of(lambda: yaml_text.load_all(text), ValueError)[1]


STAGES_TEXT = yaml.safe_dump(STAGES) + "a: &x [1, *x]\n<<: {b: !!int '0x1'}\n? [k]\n: !!timestamp 2026-01-01\n--- |\n  t\n"


def _yaml_damaged(rng: Random, text: str) -> str:
    return changes.damaged(rng, text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


TARGETS = (
    Target("evidence-junit", 80_000, junit_file, junit_check),
    Target("evidence-junit-damaged", 80_000, damaged_junit, lambda d: _proved("node_tests", ".xml", d)[1], changes.damaged),
    Target("evidence-drill", 60_000, _changed(_drill), drill_check, changes.damaged),
    Target("evidence-rules", 45_000, _changed(_rules), rules_check, changes.damaged),
    Target("evidence-dashboard", 60_000, _changed(_dashboard), dashboard_check, changes.damaged),
    Target("evidence-deployment", 25_000, _changed(_workload), workload_check, changes.damaged),
    Target("agreement", 25_000, lambda rng: changes.changed(rng, rng.choice(AGREEMENTS)), agreement_check, changes.changed),
    Target("stages", 60_000, lambda rng: changes.changed(rng, STAGES), stages_check, changes.changed),
    Target("baseline", 60_000, lambda rng: changes.changed(rng, BASELINE), baseline_check, changes.changed),
    Target("yaml", 20_000, lambda rng: _yaml_damaged(rng, STAGES_TEXT), yaml_check, _yaml_damaged),
)
