"""What the documents of a validation say, beside what its `validated.json` says."""

import dataclasses
import io
import json

import pytest

from bizra_load.archive import checksums
from bizra_load.exit_codes import UsageError
from bizra_load.judging.agreements import keep_agreement, read_agreement
from bizra_load.judging.artifacts import CHECKLIST, DECISION, DOCUMENTS, PERFORMANCE
from bizra_load.judging.judge import add_evidence, assess_folder
from bizra_load.validation import suite
from bizra_load.validation.dashboard import DashboardSubject
from bizra_load.validation.log import Log
from sla.values.assessment import Decision
from tests.unit.judging.test_artifacts import every, files, folder, run  # noqa: F401  # fixtures

AGREEMENT = "v2.2.0-rc1"


@pytest.fixture
def plan(run, files, tmp_path):  # noqa: F811
    """A run that passes by itself, without a Prometheus: the step after the load test can't be done."""
    add_evidence(run, every(files)[1::2])
    assert assess_folder(run).decision.value == "GO WITH CAUTION"
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    return suite.Plan(
        load=lambda: (0, run), file=read_agreement(AGREEMENT), agreement=AGREEMENT, environment=None, target="http://x",
        prometheus_url="", selector="", artifacts=artifacts, evidence=(), fail_on_warn=False, rehearsal=False,
    )  # fmt: skip


@pytest.fixture
def validated(plan):
    """Validates by the plan."""
    report = suite.Suite(plan, Log(io.StringIO(), 120)).run
    return lambda: (report(), plan.artifacts)


def test_every_document_says_the_decision_of_the_validation_and_the_step_that_made_it(validated):
    report, artifacts = validated()
    record = json.loads((artifacts / suite.VALIDATED).read_text())
    assert (record["decision"], report.decision.value) == ("INCONCLUSIVE", "INCONCLUSIVE")
    decision, checklist, performance = ((artifacts / name).read_text() for name in (DECISION, CHECKLIST, PERFORMANCE))
    assert decision.startswith("# INCONCLUSIVE\n\nMetrics validation skipped: PROMETHEUS")
    assert checklist.startswith("# Production readiness: INCONCLUSIVE\n")
    assert performance.startswith("# Performance report: INCONCLUSIVE\n\nMetrics validation skipped")
    assert f"- Exit code: {record['exit_code']}\n" in decision
    assert "- Rollout: none: " in decision
    assert "None are asked for" in decision.split("## Approvals")[1]


def test_the_decision_document_shows_each_step_and_what_the_load_test_is_by_itself(validated):
    _, artifacts = validated()
    text = (artifacts / DECISION).read_text()
    assert "the load test by itself is GO WITH CAUTION" in text
    steps = text.split("## Steps of the validation")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in steps.splitlines() if line.startswith("| ")][2:]
    validation = json.loads((artifacts / suite.VALIDATED).read_text())["validation"]
    assert [(r[1], r[2]) for r in rows] == [(s["outcome"].lower(), s["decision"] or "-") for s in validation]
    assert [line for line in text.splitlines() if line.endswith("| GO WITH CAUTION | this one |")]


def test_documents_that_could_not_all_be_written_are_not_left_with_the_decision_of_a_whole_validation(validated, monkeypatch):
    write = suite.write_artifacts

    def full_disk(*given):
        write(*given)
        raise UsageError("no space left on device")

    monkeypatch.setattr(suite, "write_artifacts", full_disk)
    report, artifacts = validated()
    assert report.steps[-1].text == "no space left on device"
    assert not {p.name for p in artifacts.iterdir()} & set(DOCUMENTS)


@pytest.mark.parametrize("rehearsal", [False, True])
def test_a_canary_controller_finds_no_steps_of_a_rehearsal_whatever_decided(plan, monkeypatch, rehearsal):
    monkeypatch.setattr(suite, "combined", lambda steps: (Decision.GO, "every step passes"))
    plan = dataclasses.replace(plan, rehearsal=rehearsal)
    suite.Suite(plan, Log(io.StringIO(), 120)).run()
    record = json.loads((plan.artifacts / suite.VALIDATED).read_text())
    assert record["decision"] == "GO"
    assert (record["steps"] == []) == rehearsal
    assert (record["rollback_triggers"] == []) == rehearsal


@pytest.mark.parametrize(
    ("selector", "job"),
    [
        ("", ""),
        ('job="node"', "node"),
        ('cluster="a", job = "node",', "node"),
        ('job="node",job="node"', "node"),
        ('job="a",job="b"', ""),
        ('job=~"node"', ""),
        ('job!="node"', ""),
        ('myjob="node"', ""),
        ('instance="a,job=",x="b"', ""),
        ('instance="a\\",job=\\"b",job="node"', "node"),
        ('job="a\\"b"', ""),
        ('job="a`b"', ""),
    ],
)
def test_a_selector_names_a_job_with_an_equals_sign_alone(selector, job):
    assert DashboardSubject(None, "", "", "", selector, None, None).job == job


def test_an_agreement_that_no_rules_can_be_made_of_is_said_and_leaves_the_gate_open(plan, run, files):  # noqa: F811
    """It was one line of many, no file, and a drill's word for what is loaded; triggers were those of every job."""
    path = files / "mine.yaml"
    text = read_agreement(AGREEMENT).text
    path.write_text(text.replace('target: ">= 100000 ops/s"', 'target: ">= 98 % of plan"').replace(
        'acceptable: ">= 50000 ops/s"', 'acceptable: ">= 90 % of plan"'))  # fmt: skip
    mine = read_agreement(str(path))
    assert mine.text != text
    keep_agreement(run, mine)
    checksums.seal(run)
    log = io.StringIO()
    plan = dataclasses.replace(plan, file=mine, agreement=str(path), selector='job="node"', prometheus_url="http://127.0.0.1:9")
    suite.Suite(plan, Log(log, 120)).run()
    line = (
        "[INFO] The alert rules in Prometheus at http://127.0.0.1:9, job node could not be checked: "
        "no alert rules can be made of the agreement (objectives.poi_throughput: "
    )
    assert [text for text in log.getvalue().splitlines() if text.startswith(line)]
    check = json.loads((plan.artifacts / suite.RULES_CHECK).read_text())
    assert (check["job"], check["passed"], check["rules"]) == ("node", False, [])
    assessment = json.loads((run / "assessment.json").read_text())
    gate = next(g for g in assessment["gates"] if g["key"] == "alerts")
    assert gate["status"] == "INCONCLUSIVE"
    assert "decides nothing: " not in str(assessment["notes"])
