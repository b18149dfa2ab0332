"""Other tools' files become the same windows that the recorder would have filled. The CSV files here are written by the tests
in the formats that k6 and JMeter document (neither can be installed here); the .hlog files by HdrHistogram's own library.
"""

import gzip
import io
from datetime import datetime

import numpy as np
import pytest

from bizra_load.cli.main import main
from bizra_load.exit_codes import UsageError
from bizra_load.imports import read
from bizra_load.imports.read import read_import
from sla.values.grouped_counts import windows_of
from sla.values.histogram import from_values

K6_HEADER = (
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,"
    "service,status,subproto,tls_version,url,extra_tags,metadata"
)
JMETER_HEADER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes"
)
START = 1_800_000_000
AGREEMENT = (
    "schema: bizra-load/agreement/1",
    "name: mine",
    "operations: {generate: {}}",
    "objectives:",
    "  p95: {title: Generate p95, severity: CRITICAL, target: '< 5 ms',",
    "        measure: {kind: client_quantile, operations: [generate], quantile: 0.95, latency: response}}",
)


def k6_row(at, ms, name="generate", error="", code="", expected="true", status=200, metric="http_req_duration"):
    return f"{metric},{at},{ms:.6f},,{error},{code},{expected},,POST,{name},HTTP/1.1,default,,{status},,,http://x/,,"


def jmeter_row(at_ms, elapsed, label="generate", code="200", success="true"):
    return f"{at_ms},{elapsed},{label},{code},OK,t 1-1,text,{success},,300,200"


def written(tmp_path, name, *lines):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def samples():
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(START, START + 30, 5000))
    return times, np.round(rng.lognormal(0, 0.5, 5000), 3)  # ms


def merged(measurements, operation="generate"):
    return [w.response for w in measurements.windows if w.operation == operation]


@pytest.mark.parametrize("form", ["s", "ms", "us", "ns", "rfc3339"])
def test_k6_samples_fill_the_same_windows_whatever_the_time_format(tmp_path, samples, form):
    times, ms = samples
    if form == "rfc3339":
        shown = [str(np.datetime64(int(t * 1e6), "us")) + "Z" for t in times]
    else:
        shown = [str(int(t * {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[form])) for t in times]
    rows = [k6_row(at, value) for at, value in zip(shown, ms, strict=True)]
    noise = [k6_row(shown[0], 1.0, metric="http_reqs"), k6_row(shown[0], 9.0, metric="http_req_waiting")]
    run = read_import(written(tmp_path, "k6.csv", K6_HEADER, *noise, *rows))
    assert run.kind == "k6 CSV"
    assert merged(run.measurements) == windows_of(np.floor(times), ms * 1e6)


def test_k6_failures_have_their_category_and_compressed_files_are_read(tmp_path):
    rows = [
        k6_row(START, 1.0),
        k6_row(START, 2.0, error="timeout", code="1050", expected="false", status=0),
        k6_row(START, 2.0, code="1500", expected="false", status=500),
        k6_row(START, 2.0, code="1404", expected="false", status=404),
        k6_row(START, 2.0, code="1212", expected="false", status=0),
        k6_row(START + 3, 1.0),
    ]
    path = tmp_path / "k6.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("\n".join([K6_HEADER, *rows]) + "\n")
    window = read_import(path).measurements.windows[0]
    assert window.ok == 1
    assert window.failed == {"timeout": 1, "http_5xx": 1, "http_4xx": 1, "transport": 1}
    assert window.response.over_range == 1  # a time-out is slower than anything measured


def test_failures_of_k6_keep_their_latencies_but_for_those_that_were_never_sent(tmp_path):
    rows = [
        k6_row(START, 1.0),
        k6_row(START, 10_000.0, error="timeout", code="1050", expected="false", status=0),
        k6_row(START, 7_000.0, code="1504", expected="false", status=504),
        k6_row(START, 70_000.0, code="1500", expected="false", status=500),
        k6_row(START, 0.0, code="1212", error="connection refused", expected="false", status=0),
        k6_row(START, 5.0, code="1101", error="lookup: no such host", expected="false", status=0),
        k6_row(START + 3, 1.0),
    ]
    window = read_import(written(tmp_path, "k6.csv", K6_HEADER, *rows)).measurements.windows[0]
    assert window.failed == {"timeout": 1, "http_5xx": 2, "transport": 1, "generator": 1}
    assert window.response == window.service == from_values(np.array([1_000_000]), over_range=1)
    assert window.failed_response == window.failed_service == from_values(np.array([7_000_000_000]), over_range=1)
    assert window.timeout_response == window.timeout_service == from_values(np.array([10_000_000_000]))
    assert window.untimed_failures("response") == 1


def test_jmeter_finishes_are_start_plus_elapsed(tmp_path):
    rows = [
        jmeter_row(START * 1000 + 900, 200),
        jmeter_row(START * 1000, 5, code="503", success="false"),
        jmeter_row(START * 1000, 5, code="Non HTTP response code: java.net.SocketTimeoutException", success="false"),
        jmeter_row(START * 1000, 5, code="Non HTTP response code: java.net.ConnectException", success="false"),
        jmeter_row(START * 1000 + 5000, 5, label="other"),
    ]
    run = read_import(written(tmp_path, "r.jtl", JMETER_HEADER, *rows))
    assert run.kind == "JMeter CSV"
    first, second, other = run.measurements.windows
    assert first.failed == {"http_5xx": 1, "timeout": 1, "transport": 1}
    assert first.failed_response == first.failed_service == from_values(np.array([5_000_000] * 2))
    assert first.timeout_response == from_values(np.array([5_000_000]))
    assert (second.second, second.ok, second.response.quantile_ns(0.5)) == (START + 1, 1, pytest.approx(200e6, rel=1e-3))
    assert other.operation == "other"


BAD = {
    "no header": ["1,2,3"],
    "empty": [""],
    "cut short": [K6_HEADER, "http_req_duration,1800000000"],
    "negative": [K6_HEADER, k6_row(START, -1.0)],
    "not a number": [K6_HEADER, k6_row(START, 1.0).replace("1.000000", "fast")],
    "NaN": [K6_HEADER, k6_row(START, 1.0).replace("1.000000", "nan")],
    "time": [K6_HEADER, k6_row("yesterday", 1.0)],
    "no samples": [K6_HEADER, k6_row(START, 1.0, metric="http_reqs")],
    "clock jump": [K6_HEADER, k6_row(START, 1.0), k6_row(START + 10**8, 1.0)],
    "jmeter": [JMETER_HEADER, jmeter_row(START * 1000, "soon")],
    "quote at the end": [K6_HEADER, k6_row(START, 1.0), k6_row(START, 1.0) + ',"'],
    "open quote": [K6_HEADER, k6_row(START, 1.0), '"' + k6_row(START, 1.0), *[k6_row(START, 1.0)] * 4000],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_one_line_with_the_reason(tmp_path, name, capsys):
    path = written(tmp_path, "x.csv", *BAD[name])
    assert main(["assess", "--import", str(path), "--out", str(tmp_path / "runs")]) == 6
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(path) in error
    assert name != "open quote" or ": line 3: " in error
    assert not (tmp_path / "runs").exists()


def test_imported_results_are_figures_without_an_agreement_and_a_verdict_with_one(tmp_path, samples, capsys):
    times, ms = samples
    path = written(tmp_path, "k6.csv", K6_HEADER, *(k6_row(int(t), v) for t, v in zip(times, ms, strict=True)))
    out = str(tmp_path / "runs")
    assert main(["assess", "-v", "--import", str(path), "--out", out]) == 0
    shown = capsys.readouterr().out
    assert "NOT JUDGED: no objectives were given: nothing was judged" in shown
    assert "coordinated omission can't be ruled out" in shown
    agreement = written(tmp_path, "mine.yaml", *AGREEMENT)
    assert main(["assess", "--import", str(path), "--out", out, "--agreement", str(agreement)]) == 0
    assert "GO: every gate passes" in capsys.readouterr().out
    folders = sorted((tmp_path / "runs").iterdir())
    assert main(["assess", str(folders[-1])]) == 0
    assert main(["compare", str(folders[0]), str(folders[1])]) == 6
    assert "is the same run as" in capsys.readouterr().err


def test_gzip_that_is_none_and_missing_files_are_one_line(tmp_path):
    (tmp_path / "x.csv.gz").write_bytes(io.BytesIO(b"no gzip").getvalue())
    for path in (tmp_path / "x.csv.gz", tmp_path / "missing.csv"):
        with pytest.raises(UsageError, match="--import"):
            read_import(path)


@pytest.mark.parametrize("rows", [1, 3])
def test_samples_of_a_single_second_are_shown_and_not_judged(tmp_path, capsys, rows):
    path = written(tmp_path, "one.csv", K6_HEADER, *[k6_row(START, 12.5)] * rows)
    assert main(["assess", "--import", str(path), "--out", str(tmp_path / "out")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "no steady part of at least 5 s" in shown
    assert "NOT JUDGED: no objectives were given" in shown


# Of each file the correct result, not the one of a tool that sets every column.


def imported(tmp_path, name, *lines):
    return read_import(written(tmp_path, name, *lines)).measurements.windows


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    assert imported(tmp_path, "k6.csv", "\ufeff" + K6_HEADER, k6_row(START, 2.0))[0].ok == 1
    assert imported(tmp_path, "r.jtl", "\ufeff" + JMETER_HEADER, jmeter_row(START * 1000, 5))[0].ok == 1


def test_names_that_differ_beyond_what_is_kept_stay_two(tmp_path):
    labels = [f"https://shop.example/{'x' * 220}{end}" for end in "AB"]
    windows = imported(tmp_path, "r.jtl", JMETER_HEADER, *(jmeter_row(START * 1000, 5, label) for label in labels))
    assert [w.ok for w in windows] == [1, 1]
    assert all(len(w.operation) == 200 for w in windows)


def test_jmeters_dates_are_read_and_without_a_zone_are_local_which_is_said(tmp_path):
    at = datetime(2027, 1, 15, 8, 0, 0, 500_000)  # what is tested
    for text in ("2027/01/15 08:00:00.500", "2027-01-15 08:00:00.500"):
        run = read_import(written(tmp_path, "r.jtl", JMETER_HEADER, jmeter_row(text, 5)))
        assert run.measurements.windows[0].second == int(at.timestamp())
        assert "times without a zone are read as this machine's local time" in run.note
    zoned = read_import(written(tmp_path, "z.jtl", JMETER_HEADER, jmeter_row("2027-01-15T08:00:00.500Z", 5)))
    assert (zoned.measurements.windows[0].second, "zone" in zoned.note) == (1_800_000_000, False)
    with pytest.raises(UsageError, match=r"line 2: time stamp '15.1.2027' \(allowed: Unix time, RFC 3339, or yyyy/MM/dd"):
        read_import(written(tmp_path, "x.jtl", JMETER_HEADER, jmeter_row("15.1.2027", 5)))


def test_a_failure_of_jmeter_without_a_time_counts_beside_its_neighbours(tmp_path):
    broken = jmeter_row(0, 0, code="Non HTTP response code: java.net.URISyntaxException", success="false")
    rows = [broken, jmeter_row(START * 1000, 5), jmeter_row((START + 3) * 1000, 5), broken]
    run = read_import(written(tmp_path, "r.jtl", JMETER_HEADER, *rows)).measurements
    failed = {"transport": 1}
    assert [(w.second - START, w.ok, w.failed) for w in run.windows] == [(0, 1, failed), (3, 1, failed)]
    assert run.facts.bad_samples == 0  # JMeter writes it so
    with pytest.raises(UsageError, match="line 2: time stamp '0'"):  # a success without a time is nothing that JMeter writes
        imported(tmp_path, "x.jtl", JMETER_HEADER, jmeter_row(0, 5))


def test_a_compressed_table_that_unpacks_without_end_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "ALWAYS_BYTES", 100_000)
    path = tmp_path / "k6.csv.gz"
    path.write_bytes(gzip.compress(("\n".join([K6_HEADER, *[k6_row(START, 1.0)] * 100_000])).encode()))
    with pytest.raises(UsageError, match=r"unpacks to more than [0-9,]* bytes"):
        read_import(path)


def test_more_samples_than_fit_the_memory_are_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("bizra_load.imports.samples.MAX_SAMPLES", 10)
    with pytest.raises(UsageError, match="line 12: more than 10 samples: part the file by time"):
        imported(tmp_path, "k6.csv", K6_HEADER, *[k6_row(START, 1.0)] * 20)
