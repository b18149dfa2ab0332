"""Checks that failed in a script of k6, which does not say of which requests: no response is taken for a right one while there
are any.
"""

import dataclasses
import json

import pytest

from bizra_load.archive.facts import facts_from_json
from bizra_load.cli.main import main
from bizra_load.imports.read import read_import
from sla.values.measurements import FailedCheck
from tests.unit.imports.test_imports import AGREEMENT, K6_HEADER, START, k6_row, written

SUCCESS = (
    "  ok: {title: Success, severity: CRITICAL, target: '>= 99%',",
    "       measure: {kind: success, operations: [generate]}}",
)


def check_row(at, passed, name="body is right"):
    return f"checks,{at},{passed},{name},,,,,,,,default,,,,,,,"


def requests(status=200, seconds=30):
    expected = "true" if status == 200 else "false"
    rows = [k6_row(START + s, 1.0 + n / 100) for s in range(seconds) for n in range(20)]
    return rows + [k6_row(START + s, 2.0, status=status, expected=expected) for s in range(seconds) for _ in range(20)]


def assessed(tmp_path, capsys, rows, *more):
    path, agreement = written(tmp_path, "k6.csv", K6_HEADER, *rows), written(tmp_path, "mine.yaml", *AGREEMENT, *SUCCESS)
    code = main(["assess", "--import", str(path), "--agreement", str(agreement), "--out", str(tmp_path / "runs"), *more])
    shown = capsys.readouterr()
    assert not shown.err, shown.err
    return code, " ".join(shown.out.split()), sorted((tmp_path / "runs").iterdir())[-1]


def test_failed_checks_are_counted_by_name_and_said(tmp_path):
    rows = [check_row(START, "0.000000"), check_row(START, "0"), check_row(START, 0, ""), check_row(START, "1.000000", "fine")]
    run = read_import(written(tmp_path, "k6.csv", K6_HEADER, *requests(seconds=1), *rows))
    assert run.measurements.facts.failed_checks == (FailedCheck("body is right", 2), FailedCheck("(unnamed)", 1))
    assert "checks of the script failed: body is right (2); (unnamed) (1)" in run.note
    names = [check_row(START, 0, f"check {i}") for i in range(120)]
    many = read_import(written(tmp_path, "many.csv", K6_HEADER, *requests(seconds=1), *names))
    checks = many.measurements.facts.failed_checks
    assert (sum(c.count for c in checks), checks[0]) == (120, FailedCheck("(other)", 20))
    assert "and 96 more" in many.note


@pytest.mark.parametrize("value", ["nan", "", "no"])
def test_a_check_that_does_not_say_that_it_passed_counts_as_failed_and_as_bad(tmp_path, value):
    run = read_import(written(tmp_path, "k6.csv", K6_HEADER, *requests(seconds=1), check_row(START, value)))
    assert run.measurements.facts.failed_checks == (FailedCheck("body is right", 1),)
    assert f"bad samples: 1, the first: line 42: metric_value: {value!r} (allowed: 1 for a check that passed" in run.note


def test_nothing_passes_while_a_failed_check_may_be_of_a_response_that_counts_as_successful(tmp_path, capsys):
    passed = [check_row(START + s, 1) for s in range(30)]
    assert assessed(tmp_path, capsys, requests() + passed)[0] == 0
    code, text, folder = assessed(tmp_path, capsys, [*requests(), *passed, check_row(START + 9, 0)])
    assert code == 5
    assert "body is right (1)" in text
    objectives = json.loads((folder / "assessment.json").read_text())["objectives"]
    assert {o["reason"] for o in objectives} == {"PASS does not stand; failed checks: Checks of the script"}
    assert main(["assess", str(folder)]) == 5  # as it is kept
    assert assessed(tmp_path, capsys, [*requests(), check_row(START + 9, 0)], "--allow", "failed-checks")[0] == 0


def test_a_failure_stands_whatever_checks_failed(tmp_path, capsys):
    assert assessed(tmp_path, capsys, [*requests(status=503), check_row(START + 9, 0)])[0] == 3


def test_a_record_with_failed_checks_that_are_none_is_refused():
    facts = {"load_started_ns": 0, "load_ended_ns": 1, "plan": []}
    stored = json.loads(json.dumps(facts | {"failed_checks": [dataclasses.asdict(FailedCheck("a", 2))]}))
    assert facts_from_json(stored).failed_checks == (FailedCheck("a", 2),)
    with pytest.raises(ValueError, match=r"facts.failed_checks.count"):
        facts_from_json(facts | {"failed_checks": [{"name": "a", "count": "2"}]})


@pytest.mark.parametrize("expected", ["", "true"])
def test_k6s_own_word_of_a_failed_request_counts_where_the_row_does_not_say_so(tmp_path, expected):
    """What contradicts itself is no success either."""
    rows = []
    for n in range(200):
        rows.append(k6_row(START + n // 10, 2.0 + 0.001 * n, expected=expected))
        rows.append(k6_row(START + n // 10, float(n % 2), expected=expected, metric="http_req_failed"))
    measurements = read_import(written(tmp_path, "k6.csv", K6_HEADER, *rows)).measurements
    assert sum(w.ok for w in measurements.windows) == 100
    assert sum(w.failed.get("bad_json", 0) for w in measurements.windows) == 100
    assert {f.reason for f in measurements.failures} == {"http_req_failed"}


def test_a_failed_request_of_k6_that_belongs_to_no_row_is_a_failed_check(tmp_path):
    rows = [k6_row(START + n // 10, 2.0, expected="") for n in range(200)]
    stray = k6_row(START + 20, 1.0, name="other", expected="", metric="http_req_failed")
    failed = k6_row(START + 20, 1.0, expected="false", status=500, code="1500")  # its own row has said so
    its_own = k6_row(START + 20, 1.0, expected="", status=500, metric="http_req_failed")
    measurements = read_import(written(tmp_path, "k6.csv", K6_HEADER, *rows, stray, failed, its_own)).measurements
    assert [(c.name, c.count) for c in measurements.facts.failed_checks] == [("http_req_failed", 1)]
    assert sum(w.failures for w in measurements.windows) == 1


def test_rows_of_other_protocols_of_k6_are_named(tmp_path):
    rows = [k6_row(START + n // 10, 2.0) for n in range(200)]
    rows += [k6_row(START, 2.0, metric="ws_connecting"), k6_row(START, 2.0, metric="browser_http_req_failed")]
    note = read_import(written(tmp_path, "k6.csv", K6_HEADER, *rows)).note
    assert "ws metrics were left out" in note
    assert "browser metrics were left out" in note
