"""The first and the last second of a file are not judged, but what failed in them is."""

import json

import pytest

from bizra_load.cli.main import main
from bizra_load.imports.read import read_import
from tests.unit.imports.test_imports import AGREEMENT, JMETER_HEADER, K6_HEADER, START, jmeter_row, k6_row, written

SECONDS, RATE = 60, 50
SUCCESS = (
    *AGREEMENT[:4],
    "  success: {title: Success, severity: CRITICAL, target: '>= 99 %',",
    "            measure: {kind: success, operations: [generate]}}",
)


def good():
    return [(START + n / RATE, 2) for n in range(SECONDS * RATE)]


def assessed(tmp_path, path):
    agreement, out = written(tmp_path, "mine.yaml", *SUCCESS), tmp_path / "runs"
    code = main(["assess", "--import", str(path), "--agreement", str(agreement), "--out", str(out)])
    return code, json.loads((next(out.iterdir()) / "assessment.json").read_text())


@pytest.mark.parametrize("at_s", [0.5, SECONDS - 0.01, SECONDS + 9.5])
@pytest.mark.parametrize("code", ["500", "Non HTTP response code: java.net.SocketTimeoutException"])
def test_failures_at_either_end_are_judged(tmp_path, at_s, code):
    """As when a service ceases to respond, and all users time out at once."""
    failed = [jmeter_row(round((START + at_s) * 1000), 0, code=code, success="false") for _ in range(300)]
    rows = [jmeter_row(round(t * 1000), ms) for t, ms in good()]
    response, assessment = assessed(tmp_path, written(tmp_path, "r.jtl", JMETER_HEADER, *rows, *failed))
    assert response in (3, 4), assessment["summary"]  # one burst of failures tells little of their rate
    [success] = assessment["objectives"]
    assert success["status"] != "PASS"
    assert success["estimate"]["point"] == pytest.approx(1 - 300 / 3300, abs=0.01)


def test_failures_far_from_all_others_are_judged(tmp_path):
    failed = [jmeter_row(round((START - 7200) * 1000), 0, code="500", success="false") for _ in range(25)]
    rows = [jmeter_row(round(t * 1000), ms) for t, ms in good()]
    measured = read_import(written(tmp_path, "r.jtl", JMETER_HEADER, *failed, *rows)).measurements
    judged = range(measured.facts.load_started_ns // 10**9, measured.facts.load_ended_ns // 10**9)
    assert sum(w.failures for w in measured.windows if w.second in judged) == 25


@pytest.mark.parametrize("at_s", [0, SECONDS - 1, SECONDS // 2])
def test_iterations_that_were_dropped_at_either_end_are_missed_as_in_the_middle(tmp_path, at_s):
    rows = [k6_row(t, ms) for t, ms in good()]
    rows += [f"dropped_iterations,{START + at_s},20000" + "," * (K6_HEADER.count(",") - 2)]
    response, assessment = assessed(tmp_path, written(tmp_path, "r.csv", K6_HEADER, *rows))
    assert response == 5, assessment["summary"]


@pytest.mark.parametrize("every", [2, 10, 50])
def test_failures_as_frequent_as_elsewhere_are_no_more_frequent_for_their_place(tmp_path, every):
    rows = [
        jmeter_row(START * 1000 + n * 1000 // RATE, 0, code="200" if n % every else "500", success=str(n % every > 0).lower())
        for n in range(SECONDS * RATE)
    ]
    measured = read_import(written(tmp_path, "r.jtl", JMETER_HEADER, *rows)).measurements
    judged = range(measured.facts.load_started_ns // 10**9, measured.facts.load_ended_ns // 10**9)
    windows = [w for w in measured.windows if w.second in judged]
    assert sum(w.failures for w in windows) * every == sum(w.started for w in windows) == (SECONDS - 2) * RATE


def test_what_succeeds_stays_where_it_is_and_nothing_is_lost(tmp_path):
    rows = [jmeter_row(round(t * 1000), ms) for t, ms in good()]
    failed = [jmeter_row(round((START + s) * 1000), 0, code="500", success="false") for s in (0.2, 30.2, SECONDS - 0.2)]
    windows = read_import(written(tmp_path, "r.jtl", JMETER_HEADER, *rows, *failed)).measurements.windows
    assert [w.ok for w in windows if w.second in (START, START + SECONDS - 1)] == [RATE, RATE]
    assert {w.second - START: w.failures for w in windows if w.failures} == {1: 1, 30: 1, SECONDS - 2: 1}
    assert sum(w.started for w in windows) == len(rows) + len(failed)
