"""Evidence into a run folder, and the documents out of it, through the command line."""

import json
import os
import re
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest

from bizra_load.archive import checksums
from bizra_load.cli.main import main
from bizra_load.judging.agreements import keep_agreement, read_agreement
from bizra_load.judging.judge import assess_folder
from tests.unit.cli.test_compare import saved
from tests.unit.sla.release.test_evidence import dashboard, drill, manifest

JUNIT = '<testsuite tests="3"><testcase/><testcase/><testcase><skipped/></testcase></testsuite>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An assessed run that was judged by the agreement with evidence gates; copy it before changing it."""
    path = tmp_path_factory.mktemp("kept") / "20270115T080000Z-poi"
    shutil.move(saved(path.parent, path.name, hold_s=20), path)
    keep_agreement(path, read_agreement("v2.2.0-rc1"))
    assess_folder(path)
    return path


@pytest.fixture
def run(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "runs" / folder.name)


@pytest.fixture
def files(tmp_path):
    names = {
        "junit.xml": JUNIT,
        "alert-drill.json": json.dumps(drill() | {"agreement_sha256": read_agreement("v2.2.0-rc1").sha256}),
        "dashboard-check.json": json.dumps(dashboard() | {"agreement_sha256": read_agreement("v2.2.0-rc1").sha256}),
        "deployment.yaml": json.dumps(manifest()),
        "audit.pdf": "%PDF \x00",
    }
    for name, text in names.items():
        (tmp_path / name).write_text(text)
    os.utime(tmp_path / "audit.pdf", (1_800_000_000, 1_800_000_000))
    return tmp_path


def options(files, **names):
    return [word for name, file in names.items() for word in ("--evidence", f"{name.replace('_', '-')}={files / file}")]


def every(files):
    names = {"tests": "junit.xml", "alerts": "alert-drill.json", "monitoring": "dashboard-check.json"}
    return options(files, **names, deployment="deployment.yaml", security_audit="audit.pdf")


def test_evidence_closes_its_gates_is_copied_and_gives_the_same_bytes_again(run, files, tmp_path, capsys):
    assert main(["assess", str(run)]) == 4
    assert main(["assess", str(run), *every(files)]) == 0
    a = json.loads((run / "assessment.json").read_text())
    assert {g["key"]: g["status"] for g in a["gates"] if g["source"]} == dict.fromkeys(
        ("monitoring", "alerts", "node_tests"), "PASS"
    )
    assert a["decision"] == "GO WITH CAUTION"
    assert [s["traffic_percent"] for s in a["strategy"]["steps"]] == [1, 5, 25, 50, 100]
    kept = {p.name: p.read_bytes() for p in (run / "evidence").iterdir()}
    assert kept["node_tests.xml"] == JUNIT.encode()
    assert kept["security-audit.pdf"] == (files / "audit.pdf").read_bytes()

    shutil.copytree(run, tmp_path / "elsewhere")
    for file in files.glob("*.*"):
        file.unlink()
    for folder in (run, tmp_path / "elsewhere"):
        before = (run / "assessment.json").read_bytes()
        assert main(["assess", str(folder)]) == 0
        assert (folder / "assessment.json").read_bytes() == before


def test_the_documents_are_written_linked_to_evidence_and_their_paths_printed(run, files, tmp_path, capsys):
    out = tmp_path / "deep" / "artifacts"
    assert main(["report", str(run), "--artifacts", str(out), *every(files)]) == 0
    names = ["GO-NO-GO-DECISION.md", "PRODUCTION-READINESS-CHECKLIST.md", "PERFORMANCE-REPORT.md"]
    assert capsys.readouterr().out.split() == [str(out / n) for n in names]
    links = 0
    for name in names:
        for target in re.findall(r"\]\(([^)]+)\)", (out / name).read_text()):
            assert (out / target).is_file(), target
            links += 1
    assert links > 10
    checklist = (out / names[1]).read_text()
    assert "- [x] The node's own tests pass: 3 tests: 0 failures, 0 errors, 1 skipped" in checklist
    assert re.search(
        r"- \[x\] Security audit: given by the operator.*file of 2027-01-15T08:00:00Z, sha256 [0-9a-f]{12}", checklist
    )
    assert "- [ ] Compliance audit: no evidence was given; closed by: --evidence compliance-audit=FILE" in checklist
    assert "export DEPLOYMENT=bizra-node NAMESPACE=testnet" in (out / names[0]).read_text()
    before = {n: (out / n).read_bytes() for n in names}
    assert main(["report", str(run), "--artifacts", str(out)]) == 0
    assert {n: (out / n).read_bytes() for n in names} == before


def test_failed_evidence_is_no_go_and_the_checklist_says_so(run, files, tmp_path, capsys):
    (files / "junit.xml").write_text(JUNIT.replace("<testcase/>", "<testcase><failure/></testcase>", 1))
    main(["report", str(run), "--artifacts", str(tmp_path / "a"), *every(files)])
    assert (tmp_path / "a" / "GO-NO-GO-DECISION.md").read_text().startswith("# NO-GO\n")
    text = (tmp_path / "a" / "PRODUCTION-READINESS-CHECKLIST.md").read_text()
    assert "- [ ] The node's own tests pass: **FAIL**, 3 tests: 1 failures" in text


def test_evidence_that_this_agreement_has_no_gate_for_is_said_to_decide_nothing(tmp_path, files, capsys):
    plain = saved(tmp_path, "plain")
    (files / "alert-drill.json").write_text(json.dumps(drill(firing_s=None, resolved_s=None, passed=False)))
    assert main(["assess", "-v", plain, *options(files, alerts="alert-drill.json")]) == 0
    assert "decides nothing: alerts" in " ".join(capsys.readouterr().out.split())


def test_a_gate_of_a_custom_agreement_takes_passed_or_junit(run, files, capsys):
    agreement = (
        (run / "agreement.yaml").read_text().replace("  node_tests: The node", "  chaos_day: Chaos day\n  node_tests: The node")
    )
    (run / "agreement.yaml").write_text(agreement)
    for name, text, status in (("c.json", '{"passed": false}', "FAIL"), ("c.xml", JUNIT, "PASS")):
        (files / name).write_text(text)
        main(["assess", str(run), "--evidence", f"chaos_day={files / name}"])
        gates = {g["key"]: g["status"] for g in json.loads((run / "assessment.json").read_text())["gates"]}
        assert gates["chaos_day"] == status
    assert [p.name for p in (run / "evidence").glob("chaos*")] == ["chaos_day.xml"]


def test_both_names_of_the_tests_are_the_same_and_one_is_enough(run, files, capsys):
    path = files / "junit.xml"
    assert main(["assess", str(run), "--evidence", f"tests={path}", "--evidence", f"node_tests={path}"]) == 6
    assert "given twice" in capsys.readouterr().err


def gate_of_tests(run):
    return {g["key"]: g for g in json.loads((run / "assessment.json").read_text())["gates"]}["node_tests"]


@pytest.mark.parametrize(
    ("suites", "file_days", "status", "words"),
    [
        ('<testsuite timestamp="{old}"><testcase/></testsuite>', 0, "INCONCLUSIVE", "made 20"),
        ('<testsuite timestamp="{old}"><testcase/></testsuite><testsuite timestamp="{new}"/>', 99, "PASS", "made 20"),
        ("<testsuite><testcase/></testsuite>", 99, "INCONCLUSIVE", "file of 20"),
        ('<testsuite timestamp="long ago"><testcase/></testsuite>', 1, "INCONCLUSIVE", "when it was made is not known"),
        ('<testsuite><testcase timestamp="{old}"/></testsuite>', 1, "INCONCLUSIVE", "made 20"),
        ("<testsuite><testcase/></testsuite>", 1, "PASS", "file of 20"),
    ],
)
def test_tests_of_long_before_the_run_pass_nothing(run, tmp_path, suites, file_days, status, words):
    """By the latest time of a suite, or the file's where there is none."""
    old, new = (f"{datetime.now(UTC) - timedelta(days=days):%FT%T}" for days in (40, 3))
    path = tmp_path / "junit.xml"
    path.write_text(f"<testsuites>{suites.format(old=old, new=new)}</testsuites>")
    os.utime(path, (time.time() - file_days * 86_400,) * 2)
    main(["assess", str(run), "--evidence", f"tests={path}"])
    gate = gate_of_tests(run)
    assert gate["status"] == status
    assert words in gate["reason"]


def test_an_agreement_that_allows_less_is_kept(run, tmp_path):
    path = tmp_path / "junit.xml"
    path.write_text("<testsuite><testcase/></testsuite>")
    os.utime(path, (time.time() - 5 * 86_400,) * 2)
    (run / "agreement.yaml").write_text((run / "agreement.yaml").read_text() + "evidence_age: 4 days\n")
    checksums.seal(run)
    main(["assess", str(run), "--evidence", f"tests={path}"])
    assert " 5 days before the run (allowed: 4 days); 1 tests: " in gate_of_tests(run)["reason"]


def test_the_nodes_tests_are_called_what_users_type(run, files, tmp_path, capsys):
    (tmp_path / "bad.xml").write_text("nonsense")
    shown = []
    for given in (["tests=bad.xml"], ["node_tests=bad.xml"], ["tests=junit.xml", "node_tests=junit.xml"], ["test=junit.xml"]):
        words = [f"{name}={files / file}" for name, file in (word.split("=") for word in given)]
        assert main(["assess", str(run), *(f"--evidence={word}" for word in words)]) == 6
        shown.append(capsys.readouterr().err)
    assert main(["report", str(run), "--artifacts", str(tmp_path / "a")]) == 0
    shown.append((tmp_path / "a" / "PRODUCTION-READINESS-CHECKLIST.md").read_text())
    plain = saved(tmp_path, "plain")
    main(["assess", "-v", plain, *options(files, tests="junit.xml")])
    shown.append(" ".join(capsys.readouterr().out.split()))
    assert all("tests" in text and "node_tests" not in text for text in shown), shown
    assert "--evidence tests=bad.xml: not XML" in shown[0]
    assert "tests is given twice" in shown[2]
    assert "decides nothing: tests" in shown[-1]


def test_documents_need_an_assessed_run(tmp_path, capsys):
    plain = saved(tmp_path, "plain")
    assert main(["report", plain, "--artifacts", str(tmp_path / "a")]) == 6
    assert "has been assessed" in capsys.readouterr().err
    main(["assess", plain])
    path = tmp_path / "plain" / "assessment.json"
    old = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in old.items() if k not in ("strategy", "evidence")}))
    (tmp_path / "plain" / "assessment.sha256").unlink()  # earlier versions wrote none
    assert main(["report", plain, "--format", "text"]) == 0
    assert main(["report", plain, "--artifacts", str(tmp_path / "a")]) == 6
    assert "judge it again: bizra-load assess" in capsys.readouterr().err


def test_trends_come_from_earlier_runs_beside_it_of_the_same_agreement_and_target(tmp_path, capsys):
    def made(name, started, target="http://n:1", **how):
        path = tmp_path / name
        saved(tmp_path, name, **how)
        record = json.loads((path / "run.json").read_text())
        (path / "run.json").write_text(json.dumps(record | {"started": started, "target": target}))
        assess_folder(path)
        return path

    made("a", "2026-11-01T10:00:00Z", seed=1)
    made("b", "2026-11-02T10:00:00Z", seed=2)
    (tmp_path / "latest").symlink_to("b")  # the same run by another name
    made("other-target", "2026-11-02T11:00:00Z", target="http://n:2")
    made("invalid", "2026-11-02T12:00:00Z", lost_workers=("w2",))
    made("later", "2026-11-09T10:00:00Z", seed=4)
    (tmp_path / "garbage").mkdir()
    (tmp_path / "garbage" / "assessment.json").write_text("{")
    last = made("last", "2026-11-03T10:00:00Z", seed=3, server_us={"generate": 150.0})
    assert main(["report", str(last), "--artifacts", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "PERFORMANCE-REPORT.md").read_text()
    trends = text.partition("## Trends")[2].partition("## Recommendations")[0]
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in trends.splitlines() if line.startswith("|")]
    assert [r[0] for r in rows if len(r) == 4][2:] == ["a", "b"]
    by_title = {r[0]: r for r in rows if len(r) == 7}
    assert by_title["PoI generate p99"][5:] == ["REGRESSED", "higher than all 2"]
    assert by_title["PoI verify p99"][6] == "no (2 runs)"
    assert "one run a side".casefold() in trends.casefold()


def test_a_run_without_a_known_plan_is_not_one_of_another_planned_rate(tmp_path, capsys):
    def made(name, started, planned):
        path = tmp_path / name
        saved(tmp_path, name)
        record = json.loads((path / "run.json").read_text()) | {"started": started, "target": "http://n:1"}
        record["facts"] |= {} if planned else {"plan": []}
        (path / "run.json").write_text(json.dumps(record))
        assess_folder(path)
        assert main(["report", str(path), "--artifacts", str(tmp_path / f"of-{name}")]) == 0
        text = (tmp_path / f"of-{name}" / "PERFORMANCE-REPORT.md").read_text()
        return json.loads((path / "assessment.json").read_text())["run"]["planned_per_s"], text

    rate, text = made("a", "2026-11-01T10:00:00Z", planned=True)
    assert (rate, "Planned load: 300.0 ops/s" in text) == (300, True)
    rate, text = made("b", "2026-11-02T10:00:00Z", planned=False)
    assert (rate, "Planned load: not known" in text) == (None, True)
    assert "different planned rates" not in text
    assert "Not of every run a planned rate is known" in text
