"""One file twice is no service that does twice as much."""

import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.imports.read import read_import
from tests.unit.imports.test_imports import JMETER_HEADER, K6_HEADER, START, jmeter_row, k6_row, written

K6 = K6_HEADER, [k6_row(START + n // 20, 1 + 0.001 * n) for n in range(600)]
JMETER = JMETER_HEADER, [jmeter_row(START * 1000 + 50 * n, 1 + n % 7) for n in range(600)]
TOOLS = pytest.mark.parametrize("tool", [K6, JMETER], ids=["k6", "jmeter"])


def successful(tmp_path, *lines):
    return sum(w.ok for w in read_import(written(tmp_path, "r.csv", *lines)).measurements.windows)


@TOOLS
@pytest.mark.parametrize("between", ["a header", "no header"])
@pytest.mark.parametrize("rows", [600, 150])
def test_a_file_that_was_put_behind_itself_is_refused_with_both_places(tmp_path, tool, between, rows):
    """Also a part of it, such as an older copy of the file that the tool was still writing."""
    header, own = tool
    again = [header] if between == "a header" else []
    message = rf"line {602 + len(again)}: the rows from line 2 on come again: one file twice, import it once"
    with pytest.raises(UsageError, match=message):
        successful(tmp_path, header, *own, *again, *own[:rows])


@TOOLS
def test_one_of_three_files_that_is_there_twice_is_found(tmp_path, tool):
    header, own = tool
    with pytest.raises(UsageError, match="line 605: the rows from line 203 on come again"):
        successful(tmp_path, header, *own[:200], header, *own[200:400], header, *own[400:600], header, *own[200:400])


@TOOLS
def test_a_short_file_is_found_where_a_header_ends_it(tmp_path, tool):
    header, own = tool
    with pytest.raises(UsageError, match="line 33: the rows from line 2 on come again"):
        successful(tmp_path, header, *own[:30], header, *own[:30])


@TOOLS
def test_files_of_several_generators_are_added(tmp_path, tool):
    header, own = tool
    assert successful(tmp_path, header, *own[::2], header, *own[1::2]) == 600


def test_rows_that_are_alike_are_many_requests(tmp_path):
    """As many in one millisecond, of the same name and as slow."""
    row = jmeter_row(START * 1000, 5)
    later = jmeter_row(START * 1000 + 1500, 5)
    assert successful(tmp_path, JMETER_HEADER, *[row] * 300, JMETER_HEADER, *[row] * 300, later) == 601


def test_a_row_like_the_first_one_begins_no_file(tmp_path):
    header, own = JMETER
    assert successful(tmp_path, header, *own[:200], own[0], own[1], *own[200:]) == 602
