"""Damage that no checksum shows: one line that names it, or a verdict all the same, and nothing half renewed."""

import hashlib
import json
import os
import tempfile
from pathlib import Path

import pytest

from bizra_load.archive import checksums
from bizra_load.archive.store import RunWriter
from bizra_load.cli import main as cli
from bizra_load.exit_codes import UsageError
from bizra_load.judging.judge import assess_folder, judge_folder
from reports.formats import json_report
from sla.judgement.evaluate import evaluate
from tests.unit.archive.test_latest import as_somebody
from tests.unit.cli.bad_files import run
from tests.unit.sla.synthetic import LOCAL, measurements


@pytest.fixture
def folder(tmp_path):
    run(tmp_path / "good", RunWriter, measurements(rate=20, hold_s=8))
    return tmp_path / "good"


def scrapes(folder, change):
    """server.jsonl with each row replaced by what `change` makes of it."""
    path = folder / "server.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in change(rows)))
    checksums.seal(folder)


def test_scrapes_that_are_there_twice_are_judged_once(folder):
    scrapes(folder, lambda rows: [row for row in rows for _ in range(2)])
    twice, _ = judge_folder(folder)
    assert twice.decision.value in ("INCONCLUSIVE", "INVALID")


def test_scrapes_that_are_all_of_one_moment_show_nothing(folder):
    scrapes(folder, lambda rows: [row | {"at_ns": rows[0]["at_ns"]} for row in rows])
    assert judge_folder(folder)[0].decision.value == "INVALID"


def test_a_histogram_of_negative_durations_is_refused(folder):
    def shifted(rows):
        for row in rows:
            for h in row["histograms"].values():
                h["le"] = [str(float(edge) - 100) for edge in h["le"]]
        return rows

    scrapes(folder, shifted)
    with pytest.raises(UsageError, match=r"server\.jsonl: line 1: .*edges must ascend from 0 on"):
        judge_folder(folder)


@pytest.mark.parametrize("wrong", ["null", "5", '"x"', "[5]"])
def test_an_assessment_whose_facts_are_none_is_refused(wrong):
    document = json.loads(json_report.render(evaluate(measurements(rate=5, hold_s=4), LOCAL.agreement, LOCAL.baseline)))
    with pytest.raises(ValueError, match=r"run: .* \(allowed: facts of the run, by name\)"):
        json_report.parse(json.dumps(document | {"run": json.loads(wrong)}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"target": 5}, r"run: target is 5 \(allowed: text\)"),
        ({"workers": True}, r"run: workers is True \(allowed: a whole number\)"),
        ({"planned_per_s": "500"}, r"run: planned_per_s is '500' \(allowed: a number\)"),
    ],
)
def test_a_fact_of_another_type_is_refused(wrong, message):
    document = json.loads(json_report.render(evaluate(measurements(rate=5, hold_s=4), LOCAL.agreement, LOCAL.baseline)))
    assert json_report.parse(json.dumps(document | {"run": {"later": [1]}})).run.as_json() == {"planned_per_s": None}
    with pytest.raises(ValueError, match=message):
        json_report.parse(json.dumps(document | {"run": wrong}))


@pytest.mark.parametrize("name", ["assessment.json", "assessment.md"])
def test_where_one_of_the_two_assessments_can_not_be_written_neither_is(folder, name):
    before = {
        path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("assessment") and path.name != name
    }
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(UsageError, match=rf"{name}: is a folder, not a file \(allowed: a file that can be written\)"):
        assess_folder(folder)
    assert {other: (folder / other).read_bytes() for other in before} == before


def test_a_label_that_is_off_by_ages_takes_no_longer_to_judge(folder):
    path = folder / "health.jsonl"
    row, *rest = path.read_text().splitlines(keepends=True)
    path.write_text(json.dumps(json.loads(row) | {"label_offset_ns": 1 << 61, "clock_error_ns": 1000}) + "\n" + "".join(rest))
    checksums.seal(folder)
    assert judge_folder(folder)[0].decision.value in ("INCONCLUSIVE", "INVALID")


def test_a_run_folder_that_may_not_be_entered_is_one_line(capsys):
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)  # noqa: S103  # for the user that the test becomes
        (Path(name) / "run").mkdir(mode=0)
        with as_somebody():
            assert cli.main(["assess", f"{name}/run"]) == 6
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"bizra-load assess: {name}/run")
    assert "Permission denied" in line


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("objectives", 0, "title"), 5, r"^objectives\[0\]\.title: 5 \(allowed: text\)$"),
        (("objectives", 0, "reason"), None, r"^objectives\[0\]\.reason: None \(allowed: text\)$"),
        (("objectives", 0, "target"), "1", r"^objectives\[0\]\.target: '1' \(allowed: a number\)$"),
        (("objectives", 0, "unit"), "furlong", r"unit: 'furlong' \(allowed for server_quantile: ns\)$"),
        (("objectives", 0, "kind"), "success", r"unit: 'ns' \(allowed for success: ratio\)$"),
        (("objectives", 0, "kind"), None, r"^objectives\[0\]\.kind: 'None' is unknown"),
        (("objectives", 0, "comparison"), "~", r"comparison: '~' \(allowed: <, >=\)$"),
        (("objectives",), {}, r"^objectives: \{\} \(allowed: a list\)$"),
        (("decision",), "MAYBE", r"^decision: 'MAYBE' is unknown \(allowed: CONDITIONAL GO, GO,"),
        (("summary",), None, r"^summary: None \(allowed: text\)$"),
        (("rollout",), [], r"^rollout: \[\] \(allowed: text\)$"),
        (("notes",), [5], r"^notes\[0\]: 5 \(allowed: text\)$"),
        (("steady",), "all", r"^steady: 'all' \(allowed: an object\)$"),
        (("gates", 0, "counts"), "x", r"^gates\[0\]\.counts: 'x' \(allowed: true or false\)$"),
        (("operations",), [5], r"^operations\[0\]: 5 \(allowed: an object\)$"),
        (
            ("failures",),
            [{"operation": "a", "category": "b", "reason": "c", "count": -1, "first_ns": 0, "last_ns": 0}],
            "^failures: -1",
        ),
        (("later",), 5, r"^later: 'later' is unknown"),
        (("summary",), "\ud83d", "^holds half of a surrogate pair"),
    ],
)
def test_an_assessment_that_was_changed_by_hand_is_refused_with_the_place(place, value, message):
    document = json.loads(json_report.render(evaluate(measurements(rate=5, hold_s=4), LOCAL.agreement, LOCAL.baseline)))
    part = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    with pytest.raises(ValueError, match=message):
        json_report.parse(json.dumps(document))


@pytest.mark.parametrize("text", ["[]", "5", '"x"', "null"])
def test_an_assessment_that_is_no_object_is_refused(text):
    with pytest.raises(ValueError, match=r"^not an object$"):
        json_report.parse(text)


def test_an_assessment_that_was_changed_is_shown_by_nothing_until_it_is_judged_again(folder, tmp_path, capsys):
    """A NO-GO that an editor made a GO of."""
    cli.main(["assess", str(folder)])
    path, shown = folder / "assessment.json", ["report", str(folder)]
    assert cli.main([*shown, "--format", "json"]) == 0
    judged = path.read_bytes()
    assert f"{hashlib.sha256(judged).hexdigest()}  assessment.json\n" == (folder / "assessment.sha256").read_text()
    path.write_bytes(judged.replace(b'"decision": "', b'"decision": "GO WITH CAUTION", "before": "', 1))
    capsys.readouterr()
    for command in (shown, [*shown, "--artifacts", str(tmp_path / "a")], [*shown, "--format", "html"]):
        assert cli.main(command) == 6
        out, err = capsys.readouterr()
        assert out == ""
        assert err.strip().endswith(
            "assessment.json: is not what was judged (its SHA-256 differs from assessment.sha256; "
            "allowed: judge it again: bizra-load assess RUN)"
        )
    assert not (tmp_path / "a").exists()
    cli.main(["assess", str(folder)])
    assert path.read_bytes() == judged
    assert cli.main([*shown, "--artifacts", str(tmp_path / "a")]) == 0


def test_an_assessment_that_was_written_elsewhere_has_its_checksum_there(folder, tmp_path):
    cli.main(["assess", str(folder), "--out", str(tmp_path / "out")])
    assert cli.main(["report", str(tmp_path / "out")]) == 0
    (tmp_path / "out" / "assessment.json").write_text("{}")
    assert cli.main(["report", str(tmp_path / "out")]) == 6
