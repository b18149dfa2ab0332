"""Rows of JMeter's Transaction Controller stand beside those of the requests that they hold, or in their place."""

import pytest

from bizra_load.imports import transactions
from bizra_load.imports.read import read_import
from tests.unit.imports.test_imports import JMETER_HEADER, START, written

HEADER = f"{JMETER_HEADER},URL"


def request(at_ms, elapsed=5, label="a", thread="t 1-1", message="OK", success="true"):
    return f"{START * 1000 + at_ms},{elapsed},{label},200,{message},{thread},text,{success},,300,200,http://x/"


def transaction(at_ms, elapsed=10, held=2, failing=0, label="T", thread="t 1-1", url="null"):
    text = f'"Number of samples in transaction : {held}, number of failing samples : {failing}"'
    return f"{START * 1000 + at_ms},{elapsed},{label},200,{text},{thread},,{str(not failing).lower()},,600,400,{url}"


def counts(tmp_path, *rows, header=HEADER):
    run = read_import(written(tmp_path, "r.jtl", header, *rows))
    return {w.operation: (w.ok, w.failures) for w in run.measurements.windows}, run.note


@pytest.mark.parametrize("url", ["null", ""])
def test_a_transaction_is_not_counted_beside_its_requests(tmp_path, url):
    rows = [request(0), request(5, success="false"), transaction(0, failing=1, url=url)]
    operations, note = counts(tmp_path, *rows, request(20), request(25), transaction(20, url=url))
    assert operations == {"a": (3, 1)}
    assert "rows of transactions left out: 2" in note


def test_nested_and_empty_transactions_and_those_of_other_threads(tmp_path):
    nested = [request(0), request(5), transaction(0), request(10), transaction(0, held=3, label="outer")]
    other = [request(0, thread="t 1-2"), transaction(30, held=0)]
    assert counts(tmp_path, *nested, *other)[0] == {"a": (4, 0)}


def test_a_transaction_that_failed_before_its_first_request_is_a_failure(tmp_path):
    assert counts(tmp_path, request(0), transaction(30, held=0, failing=1))[0] == {"a": (1, 0), "T": (0, 1)}
    counted = f"{transaction(30, held=0)},1"
    assert counts(tmp_path, f"{request(0)},0", counted, header=f"{HEADER},ErrorCount")[0] == {"a": (1, 0), "T": (0, 1)}


def test_a_transaction_in_the_place_of_its_requests_is_counted(tmp_path):
    operations, note = counts(tmp_path, request(0, label="login"), transaction(10), transaction(30, failing=1))
    assert operations == {"login": (1, 0), "T": (1, 1)}
    assert "left out" not in note


def test_a_response_can_not_say_that_it_is_a_transaction(tmp_path):
    text = '"Number of samples in transaction : 1, number of failing samples : 1"'
    assert counts(tmp_path, request(0), request(0, label="b", message=text, success="false"))[0] == {"a": (1, 0), "b": (0, 1)}


SAID = '"Number of samples in transaction : 1, number of failing samples : 0"'


def test_without_the_column_of_urls_the_message_tells(tmp_path):
    header = "timeStamp,elapsed,label,success,threadName,responseMessage"
    rows = [f"{START * 1000},5,a,true,t 1-1,OK", f"{START * 1000},5,T,true,t 1-1,{SAID}"]
    assert counts(tmp_path, *rows, header=header)[0] == {"a": (1, 0)}


@pytest.mark.parametrize("thread", [None, ""])
def test_without_a_thread_a_transaction_is_kept_and_that_is_said(tmp_path, thread):
    """Other threads' requests begin within a slow one: it would be left out, and a fast one kept."""
    header, cell = "timeStamp,elapsed,label,success,responseMessage", ""
    if thread is not None:
        header, cell = f"{header},threadName", f",{thread}"
    rows = [f"{START * 1000 + 5},2,b,true,OK{cell}", f"{START * 1000},500,T,true,{SAID}{cell}"]
    operations, note = counts(tmp_path, *rows, f"{START * 1000 + 600},2,T,true,{SAID}{cell}", header=header)
    assert operations == {"b": (1, 0), "T": (2, 0)}
    assert note.endswith("rows of transactions kept as operations: 2 without a thread's name")


def test_a_label_is_kept_as_a_whole_where_one_of_its_rows_does_not_hold_what_it_says(tmp_path):
    """Two machines' threads of one name: a parent of one machine, within which a request of the other began."""
    rows = [request(5, label="b"), transaction(0, elapsed=500, held=1), transaction(600, elapsed=2, held=1)]
    operations, note = counts(tmp_path, *rows)
    assert operations == {"b": (1, 0), "T": (2, 0)}
    assert "kept as operations: 2, since threads of one name overlap, or hold other requests" in note
    assert "left out" not in note


@pytest.mark.parametrize("held", [1, 3])
def test_a_transaction_that_holds_fewer_or_more_requests_than_it_says_is_kept(tmp_path, held):
    operations, note = counts(tmp_path, request(10), request(20), transaction(0, elapsed=30, held=held))
    assert operations == {"a": (2, 0), "T": (1, 0)}
    assert "left out" not in note


def test_transactions_of_a_thread_whose_requests_overlap_are_kept(tmp_path):
    """The transactions before the first overlap too; those of other threads are told, under another label."""
    rows = [request(0), request(5), transaction(0)]
    rows += [request(100, elapsed=80), request(120, elapsed=90)]
    rows += [request(n, thread="t 1-2") for n in (200, 205)]
    operations, note = counts(tmp_path, *rows, transaction(200, thread="t 1-2", label="U"))
    assert operations == {"a": (6, 0), "T": (1, 0)}
    assert "rows of transactions left out: 1" in note
    assert "kept as operations: 1, since threads of one name overlap" in note


def test_files_that_were_put_together_overlap_in_no_thread(tmp_path):
    rows = [request(0), request(50), transaction(0, elapsed=60)]
    operations, note = counts(tmp_path, *rows, HEADER, *rows)
    assert operations == {"a": (4, 0)}
    assert note.endswith("rows of transactions left out: 2")


def test_a_jitter_of_the_clock_is_no_other_request(tmp_path):
    rows = [request(n * 100 + at) for n in range(3) for at in (0, 30)]
    rows = [*rows[:2], transaction(2, elapsed=60), *rows[2:4], transaction(98, elapsed=60)]
    assert counts(tmp_path, *rows)[0] == {"a": (4, 0)}


def test_the_requests_of_a_long_thread_are_told_with_few_of_them_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(transactions, "MOST_HELD", 3)
    rows = [row for n in range(50) for row in (request(n * 20), request(n * 20 + 8), transaction(n * 20))]
    assert counts(tmp_path, *rows)[0] == {"a": (100, 0)}
    many = [*[request(n * 20) for n in range(9)], transaction(0, elapsed=200, held=9)]
    assert counts(tmp_path, *many)[0] == {"a": (9, 0), "T": (1, 0)}
