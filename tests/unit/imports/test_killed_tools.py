"""A tool that was killed leaves half a line, or half a compressed block: what it measured before counts."""

import gzip

import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.imports.lines import CUT
from bizra_load.imports.read import read_import
from tests.unit.imports.test_hlog import hlog
from tests.unit.imports.test_imports import JMETER_HEADER, K6_HEADER, START, jmeter_row, k6_row

K6 = [K6_HEADER, *(k6_row(START + n // 5, 2.0) for n in range(100))]
JTL = [JMETER_HEADER, *(jmeter_row(START * 1000 + n * 200, 2) for n in range(100))]


def counted(path):
    run = read_import(path)
    return sum(w.ok for w in run.measurements.windows), CUT in run.note


@pytest.mark.parametrize("rows", [K6, JTL], ids=["k6", "jmeter"])
def test_a_last_line_that_is_cut_short_is_left_out_and_said(tmp_path, rows):
    path, text = tmp_path / "results.csv", "\n".join(rows)
    path.write_text(text[:-30])
    assert counted(path) == (99, True)
    path.write_text(text)  # without its last line's end, but whole
    assert counted(path) == (100, False)
    path.write_text(text[:-30] + "\n")  # half a line in the midst is damage
    with pytest.raises(UsageError, match="line 101"):
        read_import(path)
    path.write_text("\n".join([*rows[:50], rows[50][:-30], *rows[51:]])[:-30])
    with pytest.raises(UsageError, match="line 51"):
        read_import(path)


def test_a_compressed_file_without_its_end_counts_up_to_there(tmp_path):
    path = tmp_path / "results.csv.gz"
    whole = gzip.compress("\n".join([K6_HEADER, *(k6_row(START + n // 5, 2.0 + n) for n in range(5000))]).encode())
    path.write_bytes(whole[: len(whole) // 2])
    count, cut = counted(path)
    assert 1000 < count < 4500
    assert cut


def test_an_hlog_that_is_cut_short_counts_up_to_there(tmp_path):
    path = tmp_path / "log.hlog"
    hlog(path, 100)
    whole = sum(w.ok for w in read_import(path).measurements.windows)
    path.write_text(path.read_text().rstrip()[:-9])
    assert counted(path) == (whole - 100, True)


def test_a_quotation_mark_that_is_never_closed_leaves_nothing_out(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("\n".join([*K6[:50], K6[50].replace("generate", '"generate'), *K6[51:]]))
    with pytest.raises(UsageError, match="never closed"):
        read_import(path)
