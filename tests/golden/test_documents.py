"""The three documents, byte for byte. After a wanted change: UPDATE_GOLDEN=1 make test ARGS=tests/golden; read the diff."""

import dataclasses
import os
from pathlib import Path

import pytest

from bizra_load.settings.remedies import WORDS
from reports.documents import checklist, go_no_go, performance
from sla.judgement.evaluate import evaluate
from sla.judgement.trends import EarlierRun
from sla.values.assessment import Evidence, Status
from tests.golden.test_reports import RUN, RUNS
from tests.unit.sla.synthetic import LOCAL, measurements

HERE = Path(__file__).parent / "documents"
NAMES = ("go", "caution", "no-go", "inconclusive")
RENDERERS = {
    "decision": lambda a, earlier: go_no_go.render(a, "../runs/a-run", "0123abcd", WORDS),
    "checklist": lambda a, earlier: checklist.render(a, "../runs/a-run", "0123abcd", LOCAL.agreement, WORDS),
    "performance": lambda a, earlier: performance.render(a, "../runs/a-run", "0123abcd", earlier, WORDS),
}
GIVEN = (
    Evidence("node_tests", Status.PASS, "120 tests: 0 failures, 0 errors, 2 skipped", "evidence/node_tests.xml"),
    Evidence("alerts", Status.FAIL, "PoIErrorBudgetBurn did not fire", "evidence/alerts.json"),
    Evidence("critical-alerts", Status.FAIL, "PoIErrorBudgetBurn did not fire", "evidence/alerts.json"),
    Evidence("alert-rules", Status.PASS, "12 of 12 rules were loaded", "evidence/alerts.json"),
    Evidence(
        "deployment", Status.PASS, "bizra-node", "evidence/deployment.yaml", facts={"name": "poi", "namespace": "testnet"}
    ),
    Evidence("runbook", Status.PASS, "given by the operator", "evidence/runbook.md"),
    Evidence("approval-devops-lead", Status.PASS, "given by the operator", "evidence/approval-devops-lead.txt"),
)


def judged(name, **options):
    evidence = {
        e.key: dataclasses.replace(e, sha256="ab" * 32, modified="2026-11-24T09:00:00Z")
        for e in (GIVEN if name == "go" else ())
    }
    a = evaluate(measurements(**RUNS[name], **options), LOCAL.agreement, LOCAL.baseline, evidence=evidence, words=WORDS)
    return dataclasses.replace(a, run=dataclasses.replace(RUN, planned_per_s=900.0))


@pytest.fixture(scope="module")
def earlier():
    runs = [judged("go", seed=2), judged("caution", seed=3)]
    return tuple(
        EarlierRun(f"run-{i}", f"2026-11-2{i}T10:00:00Z", a.decision.value, 900.0, {o.key: o.estimate for o in a.objectives})
        for i, a in enumerate(runs, start=1)
    )


@pytest.mark.parametrize("document", RENDERERS)
@pytest.mark.parametrize("name", NAMES)
def test_a_document_looks_as_it_did(name, document, earlier):
    a = judged(name)
    assert a.decision.value.split()[-1].lower() == name
    shown = RENDERERS[document](a, earlier if name in ("go", "no-go") else ())
    path = HERE / f"{name}-{document}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
