"""The seconds of a run as CSV: what a spreadsheet or pandas makes of them."""

import csv
import io
import re

import numpy as np
import pytest

from reports.formats import windows_csv
from sla.values.histogram import from_values
from sla.values.window import SCHEDULE, Window

MS = np.full(100, 2_000_000)
SECOND = 1_795_000_000


def read(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_is_an_operation_in_a_second_with_units_in_the_names_of_columns():
    w = Window(
        SECOND, "generate", planned=110, started=105, ok=100, failed={"timeout": 2, "http_5xx": 3}, response=from_values(MS)
    )
    [row] = read(windows_csv.render([w]))
    assert (row["operation"], row["second"], row["utc"]) == ("generate", "1795000000", "2026-11-18T11:06:40Z")
    counts = [row[key] for key in ("planned", "unsent", "started", "successful", "failed", "failed_timeout", "failed_http_5xx")]
    assert list(map(int, counts)) == [110, 0, 105, 100, 5, 2, 3]
    assert float(row["response_p50_ms"]) == pytest.approx(2, rel=1e-3)
    assert float(row["response_p99.9_ms"]) == pytest.approx(2, rel=1e-3)
    assert row["service_p50_ms"] == ""  # nobody measured it


def test_the_rows_of_all_workers_of_a_second_are_one_sorted_by_operation_and_second():
    parts = [
        Window(SECOND + s, name, ok=10, response=from_values(MS[:10])) for s in (1, 0) for name in ("b", "a") for _ in "12"
    ]
    rows = read(windows_csv.render(parts))
    assert [(r["operation"], int(r["second"]) - SECOND, r["successful"]) for r in rows] == [
        ("a", 0, "20"), ("a", 1, "20"), ("b", 0, "20"), ("b", 1, "20")
    ]  # fmt: skip


def test_a_quantile_over_range_is_infinite_and_what_was_never_sent_has_a_row():
    slow = Window(SECOND, "x", ok=2, response=from_values(np.array([1000]), over_range=1))
    unsent = Window(SECOND, SCHEDULE, planned=7, unsent=7)
    schedule, row = read(windows_csv.render([slow, unsent]))
    assert (float(row["response_p50_ms"]), float(row["response_p99_ms"])) == (0.001, float("inf"))
    assert (schedule["operation"], schedule["unsent"], schedule["response_p50_ms"]) == (SCHEDULE, "7", "")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://a","b")'])
def test_no_cell_is_a_formula(name):
    text = windows_csv.render([Window(SECOND, name, ok=1, failed={name: 1})])
    for row in csv.reader(io.StringIO(text, newline="")):
        assert [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert read(text)[0]["operation"] == "'" + name.replace("\t", "?").replace("\r", "?")


def test_it_is_rfc_4180():
    """Lines end in CRLF, each has as many fields, and what would break one is quoted; no control character is left."""
    names = ["GET /a,b", 'say "x"', "two\nlines", "\x1b[31m", "plain"]
    text = windows_csv.render([Window(SECOND, name, ok=1) for name in names])
    lines = text.split("\r\n")
    assert lines.pop() == ""
    assert len(lines) == 1 + len(names)
    assert re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f]|(?<!\r)\n", text) is None
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(set(rows[0])) == len(rows[0])
    assert {row[0] for row in rows[1:]} == {"GET /a,b", 'say "x"', "two?lines", "?[31m", "plain"}


def test_numpy_reads_its_columns_by_name():
    windows = [Window(SECOND + s, "x", ok=100, response=from_values(MS * (s + 1))) for s in range(5)]
    table = np.genfromtxt(
        io.StringIO(windows_csv.render(windows)), delimiter=",", names=True, deletechars="", dtype=None, encoding="utf-8"
    )
    assert table["response_p50_ms"] == pytest.approx([2, 4, 6, 8, 10], rel=1e-3)
    assert table["successful"].sum() == 500


def test_a_run_without_windows_has_a_header_alone():
    assert len(windows_csv.render([]).splitlines()) == 1
