"""One bad value does not take the run with it: its row is counted, in no latency, and said; many of them are a failed check."""

import json

import pytest

from bizra_load.cli.main import main
from bizra_load.exit_codes import UsageError
from bizra_load.imports import samples, times
from bizra_load.imports.read import read_import
from tests.unit.imports.test_imports import AGREEMENT, JMETER_HEADER, K6_HEADER, START, jmeter_row, k6_row, written

JMETER = JMETER_HEADER, lambda at_s, elapsed, **more: jmeter_row(round(at_s * 1000), elapsed, **more)
K6 = K6_HEADER, lambda at_s, elapsed: k6_row(at_s, 2.0).replace("2.000000", str(elapsed))
TOOLS = pytest.mark.parametrize("tool", [JMETER, K6], ids=["jmeter", "k6"])


def rows_of(row, bad):
    return [row(START + n / 50, 2 if n % (1500 // bad) else "-1") for n in range(1500)] if bad else []


def assessed(tmp_path, tool, bad, *more):
    header, row = tool
    path, agreement = written(tmp_path, "r.csv", header, *rows_of(row, bad)), written(tmp_path, "mine.yaml", *AGREEMENT)
    out = tmp_path / "runs"
    code = main(["assess", "--import", str(path), "--agreement", str(agreement), "--out", str(out), *more])
    assessment = json.loads((sorted(out.iterdir())[-1] / "assessment.json").read_text())
    return code, {c["key"]: c for c in assessment["checks"]}["bad_samples"], assessment


@pytest.mark.parametrize("value", ["1.116", "2,5", "1e3", "2."])
def test_jmeter_writes_whole_milliseconds_and_a_fraction_may_be_of_seconds(tmp_path, value):
    header, row = JMETER
    path = written(tmp_path, "r.csv", header, row(START, 2), row(START, f'"{value}"'), row(START + 1, 3))
    assert f"line 3: elapsed: '{value}' (allowed: whole milliseconds" in read_import(path).note
    with pytest.raises(UsageError, match=r"line 2: elapsed: .* \(allowed: whole milliseconds, not negative"):
        read_import(written(tmp_path, "all.csv", header, row(START, f'"{value}"')))


@TOOLS
@pytest.mark.parametrize("value", ["-1", "-0.5", "nan", "inf", "1e999", "soon", ""])
def test_a_latency_that_is_none_is_counted_and_is_in_no_latency(tmp_path, tool, value):
    header, row = tool
    run = read_import(written(tmp_path, "r.csv", header, row(START, 2), row(START, value), row(START + 1, 3)))
    first, second = run.measurements.windows
    assert (first.ok, first.untimed, first.response.total, second.ok) == (2, 1, 1, 1)
    assert first.response_sum_ns == 2_000_000
    assert run.measurements.facts.bad_samples == 1
    assert "bad samples: 1, the first: line 3: " in run.note


@TOOLS
@pytest.mark.parametrize(("bad", "code", "status"), [(1, 0, "WARN"), (15, 0, "WARN"), (30, 5, "FAIL")])
def test_over_a_share_of_them_no_latency_is_judged(tmp_path, tool, bad, code, status):
    exit_code, check, assessment = assessed(tmp_path, tool, bad)
    assert (exit_code, check["status"]) == (code, status)
    assert check["reason"].startswith(f"bad samples: {bad} (")
    assert any(f"bad samples: {bad}, the first: line 2: " in note for note in assessment["notes"])


def test_a_user_may_allow_them(tmp_path):
    assert assessed(tmp_path, K6, 30, "--allow", "bad-samples")[0] == 0


def test_a_failure_without_a_latency_is_a_failure(tmp_path):
    header, row = JMETER
    path = written(tmp_path, "r.jtl", header, row(START, 2), row(START, -1, code="503", success="false"))
    [window] = read_import(path).measurements.windows
    assert (window.ok, window.failed, window.untimed) == (1, {"http_5xx": 1}, 0)


@TOOLS
def test_a_file_without_a_single_whole_sample_is_refused_with_the_first(tmp_path, tool):
    header, row = tool
    with pytest.raises(UsageError, match=r"line 2: (elapsed|metric_value): '-1'"):
        read_import(written(tmp_path, "r.csv", header, *[row(START, -1)] * 3))


def test_a_count_of_iterations_that_is_none_makes_no_unsent_one_fewer(tmp_path):
    rows = [k6_row(START, 2.0), k6_row(START, 1.0, metric="dropped_iterations"), k6_row(START, -1.0, metric="iterations")]
    measured = read_import(written(tmp_path, "k6.csv", K6_HEADER, *rows)).measurements
    assert (sum(w.unsent for w in measured.windows), measured.facts.bad_samples) == (1, 1)


def test_a_byte_of_another_encoding_in_a_label_is_kept_as_text(tmp_path):
    path = tmp_path / "r.jtl"
    labels = [b"Stra\xdfe", b"Stra\xdee"]
    rows = [jmeter_row(START * 1000, 5).encode().replace(b"generate", label) for label in labels]
    path.write_bytes(b"\n".join([JMETER_HEADER.encode(), *rows]) + b"\n")
    assert [w.operation for w in read_import(path).measurements.windows] == ["Stra\\xdee", "Stra\\xdfe"]


def test_rows_that_wait_for_a_time_without_end_are_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "MOST_TIMELESS", 5)
    rows = [k6_row("never", 2.0)] * 6
    with pytest.raises(UsageError, match="line 7: more than 5 rows before the first one with a time"):
        read_import(written(tmp_path, "k6.csv", K6_HEADER, *rows, k6_row(START, 2.0)))


@TOOLS
@pytest.mark.parametrize("time", [f"{START * 1000 + 500}0", "9999999999999999", "99999999999999.5"])
def test_a_time_with_a_digit_too_many_is_a_bad_sample(tmp_path, tool, time):
    header, row = tool
    rows = [row(START, 2), row(START, 2).replace(str(START * 1000 if tool is JMETER else START), time), row(START + 1, 3)]
    run = read_import(written(tmp_path, "r.csv", header, *rows))
    assert [(w.second, w.ok) for w in run.measurements.windows] == [(START, 2), (START + 1, 1)]
    assert run.measurements.facts.bad_samples == 1
    assert f"bad samples: 1, the first: line 3: time stamp '{time}'" in run.note


MONTH_S = 31 * 86_400
FAR = pytest.mark.parametrize("far_s", [-START + 86_400, -2 * MONTH_S, MONTH_S + 10, 3650 * 86_400])


def far_rows(row, count, far_s):
    """As many of 1500 samples, over 30 s, lie `far_s` away."""
    return [row(START + n / 50 + (far_s if n % 100 == 51 and n // 100 < count else 0), 2) for n in range(1500)]


@TOOLS
@FAR
def test_a_time_far_from_all_others_counts_beside_its_neighbour(tmp_path, tool, far_s):
    header, row = tool
    run = read_import(written(tmp_path, "r.csv", header, *far_rows(row, 15, far_s)))
    assert {w.second: w.ok for w in run.measurements.windows} == dict.fromkeys(range(START, START + 30), 50)
    assert run.measurements.facts.bad_samples == 15
    assert "bad samples: 15, the first: time stamp " in run.note
    assert run.measurements.facts.load_ended_ns == (START + 29) * 10**9


@TOOLS
@FAR
def test_over_a_share_of_times_far_from_all_others_the_file_is_refused(tmp_path, tool, far_s):
    header, row = tool
    rows = [*far_rows(row, 15, far_s), row(START + far_s, 2)]
    with pytest.raises(UsageError, match=r"more than 31 days, and 16 of 1,501 samples .*allowed: 1 %.*did a clock jump"):
        read_import(written(tmp_path, "r.csv", header, *rows))


def test_times_of_a_whole_month_are_all_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(times, "MOST_EMPTY_S", MONTH_S)  # a month whose every tenth second has a sample takes long to read
    rows = [k6_row(START + n * MONTH_S // 1000, 2.0) for n in range(1001)]
    run = read_import(written(tmp_path, "k6.csv", K6_HEADER, *rows))
    assert (run.measurements.facts.bad_samples, len(run.measurements.windows)) == (0, 1001)
    assert "without any sample" not in run.note


def test_a_failure_and_what_was_dropped_far_from_all_others_are_kept_among_them(tmp_path):
    rows = [k6_row(START + n / 50, 2.0) for n in range(1500)]
    rows.insert(500, k6_row(5, 2.0, error="timeout", code="1050", expected="false", status=0))  # alone of its kind
    rows.insert(700, k6_row(START + 2 * MONTH_S, 4.0, metric="dropped_iterations"))
    measured = read_import(written(tmp_path, "k6.csv", K6_HEADER, *rows)).measurements
    assert {w.second for w in measured.windows} == set(range(START, START + 30))
    assert (sum(w.unsent for w in measured.windows), sum(w.failures for w in measured.windows)) == (4, 1)
    assert measured.facts.bad_samples == 2
    [failure] = measured.failures
    assert START * 10**9 <= failure.first_ns <= failure.last_ns < (START + 30) * 10**9
