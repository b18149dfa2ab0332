"""Other tools' files become the same windows that the recorder would have filled. The CSV files here are written by the tests
in the formats that k6 and JMeter document (neither can be installed here); the .hlog files by HdrHistogram's own library.
"""

import gzip
import io

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogWriter

from bizra_load.archive.imports import read_import
from bizra_load.cli.main import main
from bizra_load.exit_codes import UsageError
from sla.estimators.quantiles import windows_of
from sla.values import histogram

K6_HEADER = (
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,"
    "service,status,subproto,tls_version,url,extra_tags,metadata"
)
JMETER_HEADER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes"
)
START = 1_800_000_000


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
    found, kind = read_import(written(tmp_path, "k6.csv", K6_HEADER, *noise, *rows))
    assert kind == "k6 CSV"
    assert merged(found) == windows_of(np.floor(times), ms * 1e6)


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
    window = read_import(path)[0].windows[0]
    assert window.ok == 1
    assert window.failed == {"timeout": 1, "http_5xx": 1, "http_4xx": 1, "transport": 1}
    assert window.response.over_range == 1  # a time-out is slower than anything measured


def test_jmeter_finishes_are_start_plus_elapsed(tmp_path):
    rows = [
        jmeter_row(START * 1000 + 900, 200),
        jmeter_row(START * 1000, 5, code="503", success="false"),
        jmeter_row(START * 1000, 5, code="Non HTTP response code: java.net.SocketTimeoutException", success="false"),
        jmeter_row(START * 1000, 5, code="Non HTTP response code: java.net.ConnectException", success="false"),
        jmeter_row(START * 1000 + 5000, 5, label="other"),
    ]
    found, kind = read_import(written(tmp_path, "r.jtl", JMETER_HEADER, *rows))
    assert kind == "JMeter CSV"
    first, second, other = found.windows
    assert first.failed == {"http_5xx": 1, "timeout": 1, "transport": 1}
    assert (second.second, second.ok, second.response.quantile_ns(0.5)) == (START + 1, 1, pytest.approx(200e6, rel=1e-3))
    assert other.operation == "other"


def hlog(path, per_second, unit=1, tag=None, seconds=30):
    rng = np.random.default_rng(2)
    expected = []
    with path.open("w") as file:
        writer = HistogramLogWriter(file)
        writer.output_log_format_version()
        file.write(f"#[StartTime: {START}.000 (seconds since epoch)]\n")  # the library's own call fails
        writer.output_legend()
        for second in range(seconds):
            values = rng.lognormal(np.log(2e6), 0.5, per_second).astype(np.int64)
            h = HdrHistogram(1, 60_000_000_000, 3)
            for v in values // unit:
                h.record_value(int(v))
            if tag:
                h.set_tag(tag)
            writer.output_interval_histogram(h, START + second, START + second + 1, max_value_unit_ratio=1.0)
            expected.append(histogram.from_values(values // unit * unit))
        writer.close()
    return expected


def test_an_hdr_histogram_log_keeps_its_buckets(tmp_path):
    path = tmp_path / "a.hlog"
    expected = hlog(path, 200)
    found, kind = read_import(path)
    assert kind == "HdrHistogram log"
    assert [w.response.total for w in found.windows] == [200] * 30
    assert merged(found, "all") == expected


def test_a_damaged_log_is_refused_with_what_is_missing(tmp_path):
    path = tmp_path / "a.hlog"
    hlog(path, 20, seconds=5)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1][:-30]]) + "\n")
    with pytest.raises(UsageError, match=r"damaged|not readable"):
        read_import(path)


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
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_one_line_with_the_reason(tmp_path, name, capsys):
    path = written(tmp_path, "x.csv", *BAD[name])
    assert main(["assess", "--import", str(path), "--out", str(tmp_path / "runs")]) == 6
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(path) in error
    assert not (tmp_path / "runs").exists()


def test_imported_results_are_figures_without_an_agreement_and_a_verdict_with_one(tmp_path, samples, capsys):
    times, ms = samples
    path = written(tmp_path, "k6.csv", K6_HEADER, *(k6_row(int(t), v) for t, v in zip(times, ms, strict=True)))
    out = str(tmp_path / "runs")
    assert main(["assess", "--import", str(path), "--out", out]) == 4
    shown = capsys.readouterr().out
    assert "INCONCLUSIVE: no answer: there is no agreement to judge by" in shown
    assert "coordinated omission can't be ruled out" in shown
    agreement = written(
        tmp_path,
        "mine.yaml",
        "schema: bizra-load/agreement/1",
        "name: mine",
        "operations: {generate: {}}",
        "objectives:",
        "  p95: {title: Generate p95, severity: CRITICAL, target: '< 5 ms',",
        "        measure: {kind: client_quantile, operations: [generate], quantile: 0.95, latency: response}}",
    )
    assert main(["assess", "--import", str(path), "--out", out, "--agreement", str(agreement)]) == 0
    assert "GO: every gate passes" in capsys.readouterr().out
    folders = sorted((tmp_path / "runs").iterdir())
    assert main(["assess", str(folders[-1])]) == 0
    assert main(["compare", str(folders[0]), str(folders[1])]) == 0
    assert "EQUIVALENT" in capsys.readouterr().out


def test_gzip_that_is_none_and_missing_files_are_one_line(tmp_path):
    (tmp_path / "x.csv.gz").write_bytes(io.BytesIO(b"no gzip").getvalue())
    for path in (tmp_path / "x.csv.gz", tmp_path / "missing.csv"):
        with pytest.raises(UsageError, match="--import"):
            read_import(path)


@pytest.mark.parametrize("rows", [1, 3])
def test_samples_of_a_single_second_are_shown_and_not_judged(tmp_path, capsys, rows):
    path = written(tmp_path, "one.csv", K6_HEADER, *[k6_row(START, 12.5)] * rows)
    assert main(["assess", "--import", str(path), "--out", str(tmp_path / "out")]) == 5
    assert "no steady part of at least 5 s" in " ".join(capsys.readouterr().out.split())
