"""Files of other versions and settings of the same tools: read as they are meant, or refused with what is wrong."""

import base64
import struct
import zlib

import pytest
from hdrh.histogram import HdrHistogram

from bizra_load.exit_codes import UsageError
from bizra_load.imports.fields import category_of_failure
from bizra_load.imports.read import read_import
from bizra_load.measure.hdr_codec import WireError, decode_histogram, decode_of_any_layout
from sla.values.window import SCHEDULE
from tests.unit.imports.test_imports import JMETER_HEADER, K6_HEADER, START, imported, jmeter_row, k6_row, written

OLD_K6 = K6_HEADER.replace("expected_response,", "").replace("scenario,service,", "").removesuffix(",metadata")


@pytest.mark.parametrize(
    ("status", "code", "failed"), [("200", "", {}), ("404", "1404", {"http_4xx": 1}), ("0", "1050", {"timeout": 1})]
)
def test_the_columns_of_k6_before_it_knew_expected_responses(tmp_path, status, code, failed):
    row = f"http_req_duration,{START},2.5,,,{code},,GET,a,HTTP/1.1,{status},,,http://x/,"
    [window] = imported(tmp_path, "k6.csv", OLD_K6, row)
    assert (window.ok, window.failed) == (1 - len(failed), failed)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_jmeter_may_part_cells_with_another_character(tmp_path, delimiter):
    lines = [
        line.replace(",", delimiter)
        for line in (JMETER_HEADER, jmeter_row(START * 1000, 5), jmeter_row(START * 1000, 5, success="false"))
    ]
    [window] = imported(tmp_path, "r.jtl", *lines)
    assert (window.ok, window.failures) == (1, 1)


def test_a_header_that_is_there_again_is_no_sample(tmp_path):
    [window] = imported(
        tmp_path, "r.jtl", JMETER_HEADER, jmeter_row(START * 1000, 5), JMETER_HEADER, jmeter_row(START * 1000, 5)
    )
    assert window.ok == 2


@pytest.mark.parametrize("cells", ["1,2,3", f"{jmeter_row(START * 1000, 5)},more"])
def test_a_row_with_more_or_less_cells_than_its_header_is_refused(tmp_path, cells):
    """An unquoted comma in a label would put each cell under the column beside its own."""
    with pytest.raises(UsageError, match=r"line 2: \d+ cells, and the header has 11"):
        imported(tmp_path, "r.jtl", JMETER_HEADER, cells)


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    with pytest.raises(UsageError, match="line 1: success is there twice"):
        imported(tmp_path, "r.jtl", f"{JMETER_HEADER},success", f"{jmeter_row(START * 1000, 5)},true")


@pytest.mark.parametrize("success", ["", "yes", "1"])
def test_a_row_of_jmeter_that_does_not_say_whether_it_succeeded_is_refused(tmp_path, success):
    with pytest.raises(UsageError, match=r"line 2: success: .* \(allowed: true, false\)"):
        imported(tmp_path, "r.jtl", JMETER_HEADER, jmeter_row(START * 1000, 5, success=success))


def test_rows_of_jmeter_that_stand_for_many_samples_are_refused_and_their_errors_count(tmp_path):
    header = f"{JMETER_HEADER},SampleCount,ErrorCount"
    [window] = imported(tmp_path, "r.jtl", header, f"{jmeter_row(START * 1000, 5)},1,0", f"{jmeter_row(START * 1000, 5)},1,1")
    assert (window.ok, window.failures) == (1, 1)
    with pytest.raises(UsageError, match="line 2: SampleCount: '7'"):
        imported(tmp_path, "s.jtl", header, f"{jmeter_row(START * 1000, 5000)},7,0")


@pytest.mark.parametrize(
    ("text", "message"), [('<?xml version="1.0"?><testResults version="1.2">', "XML"), ('{"type":"Metric"}', "JSON")]
)
def test_the_other_forms_of_these_tools_are_named(tmp_path, text, message):
    with pytest.raises(UsageError, match=rf"{message} can't be read \(allowed: its CSV\)"):
        imported(tmp_path, "r.jtl", text)


@pytest.mark.parametrize("name", [SCHEDULE, "(other)"])
def test_an_operation_with_a_name_of_ours_is_counted_beside_ours(tmp_path, name):
    dropped = k6_row(START, 3.0, metric="dropped_iterations")
    windows = imported(tmp_path, "k6.csv", K6_HEADER, k6_row(START, 2.0, name=name, expected="false"), dropped)
    assert sum(w.failures for w in windows if w.operation not in (SCHEDULE, "(other)")) == 1
    assert [w.unsent for w in windows if w.operation == SCHEDULE] == [3]


@pytest.mark.parametrize("time", ["9300000000000000000", "99999999999999999999", "1e19", "-1", "nan"])
@pytest.mark.parametrize("metric", ["http_req_duration", "dropped_iterations"])
@pytest.mark.parametrize("order", [1, -1])
def test_a_row_with_a_time_that_no_clock_shows_counts_beside_its_neighbour_as_bad(tmp_path, time, metric, order):
    rows = [k6_row(START, 2.0), k6_row(time, 2.0, metric=metric)][::order]
    run = read_import(written(tmp_path, "k6.csv", K6_HEADER, *rows))
    windows = run.measurements.windows
    assert {w.second for w in windows} == {START}
    assert (sum(w.ok for w in windows), sum(w.unsent for w in windows)) == ((2, 0) if metric == "http_req_duration" else (1, 2))
    assert run.measurements.facts.bad_samples == 1
    assert f"the first: line {2.5 + order / 2:g}: time stamp" in run.note


@pytest.mark.parametrize("count", ["1e10", "9" * 30])
def test_iterations_that_nobody_can_have_planned_are_refused(tmp_path, count):
    row = k6_row(START, 1.0, metric="dropped_iterations").replace("1.000000", count)
    with pytest.raises(UsageError, match="line 3: metric_value"):
        imported(tmp_path, "k6.csv", K6_HEADER, k6_row(START, 2.0), row)


def encoded(digits=3, highest=60 * 10**9, lowest=1, values=(10**6,)):
    h = HdrHistogram(lowest, highest, digits)
    for value in values:
        h.record_value(value, 2)
    return h, h.encode().decode()


@pytest.mark.parametrize("digits", [1, 2, 3, 4, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("lowest", "highest"), [(1, 10**4), (1, 60 * 10**9), (1000, 10**12)])
def test_a_histogram_of_any_layout_has_the_values_that_the_library_gives(digits, lowest, highest):
    h, text = encoded(digits, highest, lowest, [lowest * f for f in (1, 2, 5, 7, 9)])
    values, counts = decode_of_any_layout(text)
    expected = [(i.value_iterated_to, i.count_added_in_this_iter_step) for i in h.get_recorded_iterator()]
    assert list(zip(values.tolist(), counts.tolist(), strict=True)) == expected


def hlog_of(tmp_path, *lines):
    return read_import(written(tmp_path, "f.hlog", *lines)).measurements.windows


@pytest.mark.parametrize(
    ("comments", "time", "second"),
    [
        (["#[StartTime: 1800000000.500 (seconds since epoch), Fri]"], "0.250", START + 1),
        (["#[StartTime: 1800000000.000 (seconds)]", "#[BaseTime: 1800000100.000 (seconds)]"], "1.000", START + 101),
        (["#[StartTime: 1800000000.000 (seconds)]"], "1800000007.000", START + 7),
        (["#[StartTime: 1800000009.000 (seconds)]"], "1800000007.000", START + 7),  # the log was begun after the interval
    ],
)
def test_times_of_a_log_count_from_what_it_says(tmp_path, comments, time, second):
    [window] = hlog_of(tmp_path, *comments, f"Tag=A,{time},1.000,2.0,{encoded()[1]}")
    assert (window.second, window.operation, window.ok) == (second, "A", 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0,127,1,007,2,769,{}", "line 2: damaged: no interval of a log"),  # a decimal comma
        ("0.127,1.007,2.769", "line 2: damaged"),
        ("0.1.2,1.007,2.769,{}", "line 2: "),
        ("-0.127,1.007,2.769,{}", "line 2: damaged"),
        ("0.127,99999999999,2.769,{}", "line 2: time"),
    ],
)
def test_an_interval_that_is_none_is_refused_with_its_line(tmp_path, line, message):
    with pytest.raises(UsageError, match=message):
        hlog_of(tmp_path, "#[StartTime: 1800000000.0 (seconds)]", line.format(encoded()[1]))


def packed(numbers, length=None, digits=3, ratio=1.0, offset=0):
    """A histogram whose counts are these bytes."""
    header = struct.pack(
        ">iiiiqqd", 0x1C849313, len(numbers) if length is None else length, offset, digits, 1, 60 * 10**9, ratio
    )
    inside = zlib.compress(header + numbers)
    return base64.b64encode(struct.pack(">ii", 0x1C849314, len(inside)) + inside).decode()


SMALLEST = b"\xff" * 9  # the smallest int64, whose abs() is itself
BAD = {
    "the smallest number": packed(SMALLEST + b"\x02"),
    "more empty buckets than there are": packed(b"\xfe\xff\xff\xff\xff\xff\xff\x7f\x02"),
    "cut short": packed(b"\x80"),
    "a length beyond its end": packed(b"\x02", length=500),
    "a negative length": packed(b"\x02", length=-1),
    "seven digits": packed(b"\x02", digits=7),
    "floating-point values": packed(b"\x02", ratio=0.001),
    "shifted values": packed(b"\x02", offset=5),
    "a bomb": packed(b"\x01" * 9_000_000),
    "no base64": "HISTF!",
}


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_histogram_is_refused_and_takes_no_time(tmp_path, name):
    for decode in (decode_of_any_layout, decode_histogram):
        with pytest.raises(WireError):
            decode(BAD[name])
    with pytest.raises(UsageError, match="line 1: damaged"):
        hlog_of(tmp_path, f"Tag=A,0.127,1.007,2.769,{BAD[name]}")


@pytest.mark.parametrize(
    ("code", "message", "category"),
    [
        ("java.lang.OutOfMemoryError", "unable to create new native thread", "generator"),
        ("java.lang.OutOfMemoryError", "Java heap space", "generator"),
        ("java.net.ConnectException", "Connection refused", "transport"),
    ],
)
def test_memory_and_threads_that_jmeter_lacks_are_the_generators(code, message, category):
    assert category_of_failure(f"Non HTTP response code: {code}", message) == category


@pytest.mark.parametrize(
    ("header", "row"), [(K6_HEADER, k6_row(START, 1.0)), (JMETER_HEADER, jmeter_row(START * 1000, 1))], ids=["k6", "JMeter"]
)
def test_files_of_other_columns_in_one_are_refused_and_of_the_same_read(tmp_path, header, row):
    """By the first header the failures of the second file would stand in other columns, and count as none."""
    assert sum(w.ok for w in imported(tmp_path, "same.csv", header, row, header, row)) == 2
    columns = header.split(",")
    other = ",".join([*columns[:3], columns[4], columns[3], *columns[5:]])
    with pytest.raises(UsageError, match="line 3: another header than line 1's: two files in one, import each by itself"):
        imported(tmp_path, "other.csv", header, row, other, row)
