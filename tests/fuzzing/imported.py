"""Results of other tools: k6's and JMeter's CSV, HdrHistogram logs, and files that none of these tools has made."""

from __future__ import annotations

import atexit
import base64
import csv
import gzip
import io
import math
import re
import shutil
import struct
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

from hdrh.histogram import HdrHistogram

from bizra_load.exit_codes import UsageError
from bizra_load.imports.lines import CUT
from bizra_load.imports.read import ImportedRun, read_import
from bizra_load.measure.rows import window_from_row, window_row
from sla.values.measurements import Measurements
from sla.values.window import SCHEDULE
from tests.fuzzing import changes
from tests.fuzzing.target import Target, answer_of

START = 1_800_000_000
# the columns of k6 0.26 and older; from 0.30; from 0.43 and 1.x; with some system tags turned off
K6_HEADERS = (
    "metric_name,timestamp,metric_value,check,error,error_code,group,method,name,proto,status,subproto,tls_version,url,extra_tags",
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,"
    "subproto,tls_version,url,extra_tags",
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,"
    "subproto,tls_version,url,extra_tags,metadata",
    "metric_name,timestamp,metric_value,error_code,expected_response,name,status,extra_tags",
    "metric_name,timestamp,metric_value,name,status",
)
K6_METRICS = (*["http_req_duration"] * 6, *["grpc_req_duration"] * 3, "http_reqs", "http_req_failed", "iterations",
              "dropped_iterations", "checks", "vus", "data_sent", "http_req_waiting", "iteration_duration")  # fmt: skip
JTL_HEADERS = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,"
    "allThreads,URL,Latency,IdleTime,Connect",
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,success",
    "timeStamp,elapsed,label,success",
    "label,success,elapsed,timeStamp,Variable",
)
CODES = ("200", "200", "200", "201", "302", "404", "500", "", "0", "Non HTTP response code: java.net.SocketTimeoutException",
         "Non HTTP response code: java.net.ConnectException")  # fmt: skip
_PLACE = Path(tempfile.mkdtemp(prefix="bizra-load-fuzz-"))
atexit.register(shutil.rmtree, _PLACE, ignore_errors=True)


def _text(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def _finished(rng: Random, rows: list[list[str]]) -> bytes:
    data = _text(changes.rows_changed(rng, rows), rng.choice(",,,;\t|"), rng.choice(("\n", "\n", "\r\n")))
    if rng.random() < 0.1:
        data = b"\xef\xbb\xbf" + data
    return changes.damaged(rng, data) if rng.random() < 0.15 else data


def k6_file(rng: Random) -> bytes:
    header = rng.choice(K6_HEADERS).split(",")
    rows = [header]
    for n in range(rng.randint(1, 7)):
        metric = rng.choice(K6_METRICS)
        http = metric.startswith("http")
        good = rng.random() < 0.7
        cells = {
            "metric_name": metric,
            "timestamp": str(START + n // 3),
            "metric_value": f"{rng.lognormvariate(0, 1):.6f}" if "duration" in metric else "1.000000",
            "name": rng.choice(("a", "b", "http://x/?q=1,2", "")),
            "url": "http://x/",
            "status": ("200" if good else rng.choice(("404", "503", "0", "302")))
            if http
            else rng.choice(("0", "0", "14", "4")),
            "expected_response": ("true" if good else "false") if http else "",
            "error_code": "" if good else rng.choice(("1404", "1050", "1212", "")),
            "extra_tags": rng.choice(("", "a=b&c=d")),
        }
        rows.append([cells.get(name, "") for name in header])
    return _finished(rng, rows)


def jtl_file(rng: Random) -> bytes:
    header = rng.choice(JTL_HEADERS).split(",")
    rows = [header]
    for n in range(rng.randint(1, 7)):
        good = rng.random() < 0.7
        cells = {
            "timeStamp": str((START + n // 3) * 1000 + n) if good or rng.random() < 0.9 else "0",
            "elapsed": str(rng.randint(0, 3000)),
            "label": rng.choice(("a", "b", "GET /x, y", "")),
            "responseCode": "200" if good else rng.choice(CODES),
            "responseMessage": rng.choice(("OK", 'said "no"', "two\nlines")),
            "success": "true" if good else "false",
        }
        rows.append([cells.get(name, "1") for name in header])
    return _finished(rng, rows)


def _rows(data: bytes, cut: bool) -> list[dict[str, str]]:
    """As Python's csv reads them: what the file says, for whoever counts it in another way than the product does. `cut`: less
    the last one, which may be no whole row.
    """
    assert not (cut and data.endswith((b"\n", b"\r"))), "the last line is whole"
    text = data.decode("utf-8-sig", "backslashreplace")
    first = re.match(r"\ufeff?\w*(.)", text)  # after the first column's name
    delimiter = first[1] if first else ","
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1 : -1 if cut else None] if row and row != rows[0]]


def k6_counts(row: Mapping[str, str]) -> bool | None:
    """Whether a row is an operation that failed; None for a row that is no operation."""
    metric, status = row["metric_name"], row.get("status") or ""
    if metric == "grpc_req_duration":
        return status != "0"
    if metric != "http_req_duration":
        return None
    expected = row.get("expected_response") or ""
    code = row.get("error_code")
    if expected == "true" and status and code == f"1{status}" and not row.get("error"):
        return False  # what the script expects
    message = bool(row.get("error") or code) or expected not in ("", "true")
    return message or (not expected and not (status.isascii() and status.isdigit() and 200 <= int(status) < 400))


def jtl_counts(row: Mapping[str, str]) -> bool | None:
    return row["success"].lower() != "true"


def _holds(measurements: Measurements, rows: Sequence[bool | None], more: int) -> None:
    """Every row that is an operation was counted, each failed one as failed, in windows that can be stored. `more`: rows that
    may say of another one that it failed.
    """
    windows = [w for w in measurements.windows if w.operation != SCHEDULE]
    failed, counted = sum(w.failures for w in windows), [r for r in rows if r is not None]
    assert sum(counted) <= failed <= sum(counted) + more, f"{failed} failed of {sum(counted)}"
    assert sum(w.ok for w in windows) + failed == len(counted), "a row was lost, or counted twice"
    _can_be_stored(measurements)


def _can_be_stored(measurements: Measurements) -> None:
    for w in measurements.windows:
        assert window_from_row(window_row(w)) == w
        assert min(w.planned, w.unsent, w.started, w.ok, w.service_sum_ns) >= 0


def _read(data: bytes, name: str) -> tuple[ImportedRun | None, str]:
    path = _PLACE / name
    path.write_bytes(data)
    run, refusal = answer_of(lambda: read_import(path), UsageError)
    assert not refusal or str(path) in refusal, f"does not name the file: {refusal}"
    return run, refusal


def _csv_check(name: str, counts: Callable[[Mapping[str, str]], bool | None]) -> Callable[[bytes], str]:
    def check(data: bytes) -> str:
        run, refusal = _read(data, name)
        if run is not None:
            rows = _rows(data, CUT in run.note)
            more = sum(row.get("metric_name") == "http_req_failed" for row in rows)
            _holds(run.measurements, [counts(row) for row in rows], more)
        return refusal

    return check


def _hlog_lines() -> list[bytes]:
    """Intervals of a second as HdrHistogram's own library encodes them: of ns, of ms, with a wide range, one that is empty."""
    lines = []
    for highest, values in ((60 * 10**9, (10**6, 2 * 10**6, 10**9)), (10**4, (1, 5, 9000)), (2**53, (2**52,)), (10**9, ())):
        h = HdrHistogram(1, highest, 3)
        for v in values:
            h.record_value(v, 3)
        lines.append(b"%s" % h.encode())
    return lines


ENCODED = _hlog_lines()
COMMENTS = (b"#[Histogram log format version 1.3]", b"#[StartTime: 1800000000.000 (seconds since epoch)]",
            b"#[BaseTime: 1800000000.000 (seconds since epoch)]", b"#[logged with jHiccup]",
            b'"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"')  # fmt: skip


def hlog_file(rng: Random) -> bytes:
    lines = [line for line in COMMENTS if rng.random() < 0.6] or [COMMENTS[0]]
    first = rng.choice((0.127, 1_800_000_000.0, 0.0))
    for n in range(rng.randint(1, 6)):
        encoded = rng.choice(ENCODED)
        if rng.random() < 0.2:
            encoded = _payload_damaged(rng, encoded)
        tag = rng.choice((b"", b"", b"Tag=A,", b"Tag=" + b"x" * 250 + b","))
        lines.append(tag + b"%.3f,%.3f,%.3f," % (first + n, rng.choice((1, 1, 1, 0.5, 10, 0)), 2.0) + encoded)
    if rng.random() < 0.2:
        lines.insert(rng.randrange(len(lines)), rng.choice(COMMENTS))
    data = b"\n".join(lines) + b"\n"
    return changes.damaged(rng, data) if rng.random() < 0.5 else data


def _payload_damaged(rng: Random, encoded: bytes) -> bytes:
    """What lies within the compression: the library's decoder sees it."""
    inside = bytearray(zlib.decompress(base64.b64decode(encoded)[8:]))
    if rng.random() < 0.5:
        inside[rng.randrange(40)] = rng.randrange(256)
    else:
        inside = bytearray(changes.damaged(rng, bytes(inside)))
    if rng.random() < 0.5 and len(inside) > 8:
        inside[4:8] = struct.pack(">i", len(inside) - 40)
    packed = zlib.compress(bytes(inside))
    return base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed)


def hlog_check(data: bytes) -> str:
    run, refusal = _read(data, "f.hlog")
    if run is not None:
        _can_be_stored(run.measurements)
        for w in run.measurements.windows:
            assert w.ok == w.response.total == w.started
            assert math.isfinite(w.response_sum_ns)
    return refusal


OTHERS = (
    b'{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time","tainted":null},"metric":'
    b'"http_req_duration"}\n{"type":"Point","data":{"time":"2027-01-15T08:00:00Z","value":5.1,"tags":{"status":"503"}},"metric":'
    b'"http_req_duration"}\n',
    b'<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">\n<httpSample t="5" lt="4" ts="1800000000000" '
    b's="false" lb="a" rc="500" rm="x" tn="t 1-1"/>\n</testResults>\n',
    b"Type,Name,Request Count,Failure Count,Median Response Time\nGET,/,10,3,5\n,Aggregated,10,3,5\n",
    b"Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%\n1800000000,1,GET,/,1.0,0.5,5\n",
    b"1800000000000,5,a,500,x,t 1-1,text,false,,300,200,1,1,http://x,4,0,1\n",
    b"response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n0.1,0,0,0,0.1,0,200,0.0\n",
    b"RUN\tx.Simulation\tsim\t1800000000000\t\t3.9\nREQUEST\t\ta\t1800000000000\t1800000000005\tKO\tx\n",
    b"Running 30s test @ http://127.0.0.1\n  2 threads and 10 connections\nRequests/sec: 10\n",
    gzip.compress(b"metric_name,timestamp,metric_value\n"),
    "metric_name,timestamp,metric_value\n".encode("utf-16"),
    b"",
)


def other_check(data: bytes) -> str:
    run, refusal = _read(data, "f.other")
    assert run is None, "understood a file of no kind that is known"
    return refusal


def other_file(rng: Random) -> bytes:
    data = rng.choice(OTHERS)
    return changes.damaged(rng, data) if rng.random() < 0.8 else data


TARGETS = (
    Target("import-k6", 50_000, k6_file, _csv_check("f.csv", k6_counts), changes.damaged),
    Target("import-jmeter", 50_000, jtl_file, _csv_check("f.jtl", jtl_counts), changes.damaged),
    Target("import-hlog", 20_000, hlog_file, hlog_check, changes.damaged),
    Target("import-others", 25_000, other_file, other_check, changes.damaged),
)
