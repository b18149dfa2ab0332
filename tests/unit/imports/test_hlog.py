"""HdrHistogram logs, written by HdrHistogram's own library, become the windows that the recorder would have filled."""

import base64
import re
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogWriter

from bizra_load.cli.main import main
from bizra_load.exit_codes import UsageError
from bizra_load.imports.read import read_import
from sla.values import histogram
from tests.unit.imports.test_imports import START, imported, merged


def test_the_unit_of_the_values_is_said(tmp_path):
    hlog(tmp_path / "a.hlog", 100)
    assert "its values are read as ns (--hlog-unit)" in read_import(tmp_path / "a.hlog").note
    assert "its values are read as us (--hlog-unit)" in read_import(tmp_path / "a.hlog", "us").note


def hlog(path, per_second, unit=1, tag=None, seconds=30, every_s=1):
    rng = np.random.default_rng(2)
    expected = []
    with path.open("w") as file:
        writer = HistogramLogWriter(file)
        writer.output_log_format_version()
        file.write(f"#[StartTime: {START}.000 (seconds since epoch)]\n")  # the library's own call fails
        writer.output_legend()
        for second in range(0, seconds, every_s):
            values = rng.lognormal(np.log(2e6), 0.5, per_second).astype(np.int64)
            h = HdrHistogram(1, 60_000_000_000, 3)
            for v in values // unit:
                h.record_value(int(v))
            if tag:
                h.set_tag(tag)
            writer.output_interval_histogram(h, START + second, START + second + every_s, max_value_unit_ratio=1.0)
            expected.append(histogram.from_values(values // unit * unit))
        writer.close()
    return expected


def test_an_hdr_histogram_log_keeps_its_buckets(tmp_path):
    path = tmp_path / "a.hlog"
    expected = hlog(path, 200)
    run = read_import(path)
    assert run.kind == "HdrHistogram log"
    assert [w.response.total for w in run.measurements.windows] == [200] * 30
    assert merged(run.measurements, "all") == expected


def test_a_damaged_log_is_refused_with_what_is_missing(tmp_path):
    path = tmp_path / "a.hlog"
    hlog(path, 20, seconds=5)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1][:-30]]) + "\n")
    with pytest.raises(UsageError, match=r"damaged|not readable"):
        read_import(path)


def test_a_log_of_an_older_encoding_is_refused_by_its_name(tmp_path):
    line = (
        "0.133,1.005,2.802,HISTIgAAAFd42pNpmazIwMAYxgABTBDKT4GBgdnNYMcCBvsPUBkeBkYGZqA8MwMbAzsDC5DFBCTZgJCDQY1BjkGLQZRBlUEPCB8z"
    )
    with pytest.raises(UsageError, match=r"line 2: encoded as V1 \(allowed: V2"):
        imported(tmp_path, "v1.hlog", "#[Histogram log format version 1.1]", line)


def test_an_interval_of_several_seconds_is_spread_over_them(tmp_path):
    path = tmp_path / "a.hlog"
    expected = hlog(path, 1003, seconds=60, every_s=10)
    windows = read_import(path).measurements.windows
    assert [w.second for w in windows] == list(range(START, START + 60))
    assert {w.ok for w in windows} == {100, 101}
    for i, whole in enumerate(expected):
        assert histogram.merge(w.response for w in windows[10 * i : 10 * i + 10]) == whole


@pytest.mark.parametrize(
    ("every_s", "seconds", "message"),
    [
        (60, 600, r"interval 1 \('all'\): 60 s long \(allowed: 30 s\)"),
        (10, 40, r"'all': 4 intervals of up to 10 s \(allowed: at least 5"),
    ],
)
def test_intervals_that_hide_how_samples_depend_are_refused(tmp_path, every_s, seconds, message):
    path = tmp_path / "a.hlog"
    hlog(path, 100, seconds=seconds, every_s=every_s)
    with pytest.raises(UsageError, match=message):
        read_import(path)


def logged_together(tmp_path, *logs):
    """The lines of several logs in one, as a log of several tags and a log of two load generators hold them."""
    texts = []
    for number, (tag, options) in enumerate(logs):
        hlog(tmp_path / f"{number}.hlog", 100, **options)
        # HdrHistogramLogWriter of Java puts the tag there, Python's leaves it out
        texts.append(re.sub(r"^(?=\d)", f"Tag={tag},", (tmp_path / f"{number}.hlog").read_text(), flags=re.MULTILINE))
    path = tmp_path / "together.hlog"
    path.write_text("".join(texts))
    return path


@pytest.mark.parametrize(
    "logs",
    [
        (("rare", {"seconds": 40, "every_s": 10}), ("often", {"seconds": 40})),
        (("often", {"seconds": 40}), ("rare", {"seconds": 40, "every_s": 10})),
        (("rare", {"seconds": 40, "every_s": 10}), ("rare", {"seconds": 40, "every_s": 10})),
    ],
)
def test_lines_of_other_operations_and_generators_are_no_intervals_of_its_own(tmp_path, logs):
    with pytest.raises(UsageError, match=r"'rare': 4 intervals of up to 10 s \(allowed: at least 5, or 1 s each\)"):
        read_import(logged_together(tmp_path, *logs))


def test_each_operation_may_have_intervals_of_a_length_of_its_own(tmp_path):
    logs = ("rare", {"seconds": 50, "every_s": 10}), ("once", {"seconds": 2})
    logged = read_import(logged_together(tmp_path, *logs)).measurements.windows
    assert {w.operation: sum(v.ok for v in logged if v.operation == w.operation) for w in logged} == {"rare": 500, "once": 200}


def test_an_interval_that_would_fill_the_memory_is_one_line(tmp_path):
    path = tmp_path / "bomb.hlog"
    hlog(path, 10, seconds=6)
    packed = zlib.compress(bytes(200_000_000), 9)
    text = base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed).decode()
    lines = path.read_text().splitlines()
    lines[-2] = ",".join([*lines[-2].split(",")[:-1], text])
    path.write_text("\n".join(lines) + "\n")
    tracemalloc.start()
    with pytest.raises(UsageError, match="longer than its layout allows"):
        read_import(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000


SUCCESS = """schema: bizra-load/agreement/1
name: mine
operations: {all: {}}
objectives:
  ok: {title: Success, severity: CRITICAL, target: '>= 99 %', measure: {kind: success, operations: [all]}}
"""


def test_what_a_log_of_latencies_alone_does_not_know_is_not_read_as_success(tmp_path, capsys):
    hlog(tmp_path / "a.hlog", 200)
    (tmp_path / "a.yaml").write_text(SUCCESS)
    arguments = ["--import", str(tmp_path / "a.hlog"), "--agreement", str(tmp_path / "a.yaml"), "--out", str(tmp_path / "runs")]
    assert main(["assess", "-v", *arguments]) == 4
    shown = " ".join(capsys.readouterr().out.split())
    assert "it holds no failures, so no success rate is judged" in shown
    assert "100.000 %" not in shown


@pytest.mark.parametrize("relative", [True, False])
def test_two_logs_in_one_file_keep_their_own_times(tmp_path, relative):
    first, second = tmp_path / "a.hlog", tmp_path / "b.hlog"
    hlog(first, 20, seconds=10)
    text = first.read_text()
    if relative:
        text = re.sub(rf"(?m)^{START}|^{START // 10}(?=\d\.)", lambda m: "0" if len(m[0]) == 10 else "", text)
    later = text.replace(f"StartTime: {START}.000", f"StartTime: {START + 100}.000")
    if not relative:
        later = re.sub(r"(?m)^(\d{10})\.", lambda m: f"{int(m[1]) + 100}.", later)
    second.write_text(text + later)
    seconds = {w.second for w in read_import(second).measurements.windows}
    assert seconds == {*range(START, START + 10), *range(START + 100, START + 110)}


def test_a_log_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "a.hlog"
    hlog(path, 20, seconds=10)
    text = path.read_text()
    for twice in (text * 2, text + text.replace("\n", "\r\n"), text.replace("\n", " \n") + text):
        path.write_text(twice)
        with pytest.raises(UsageError, match="10 of 20 intervals are there twice, to the last sample: is it the same log"):
            read_import(path)


def test_two_generators_with_the_same_few_samples_are_two(tmp_path):
    path = tmp_path / "a.hlog"
    hlog(path, 1, seconds=10)
    path.write_text(path.read_text() * 2)
    assert sum(w.ok for w in read_import(path).measurements.windows) == 20
