"""Rows of JMeter's Transaction Controller stand beside those of the requests that they hold, or in their place."""

import pytest

from bizra_load.imports.read import read_import
from tests.unit.imports.test_imports import JMETER_HEADER, START, written

HEADER = f"{JMETER_HEADER},URL"


def request(at_ms, elapsed=5, label="a", thread="t 1-1", message="OK", success="true"):
    return f"{START * 1000 + at_ms},{elapsed},{label},200,{message},{thread},text,{success},,300,200,http://x/"


def transaction(at_ms, elapsed=10, held=2, failing=0, label="T", thread="t 1-1", url="null"):
    said = f'"Number of samples in transaction : {held}, number of failing samples : {failing}"'
    return f"{START * 1000 + at_ms},{elapsed},{label},200,{said},{thread},,{str(not failing).lower()},,600,400,{url}"


def counts(tmp_path, *rows, header=HEADER):
    found = read_import(written(tmp_path, "r.jtl", header, *rows))
    return {w.operation: (w.ok, w.failures) for w in found.measurements.windows}, found.note


@pytest.mark.parametrize("url", ["null", ""])
def test_a_transaction_is_not_counted_beside_its_requests(tmp_path, url):
    rows = [request(0), request(5, success="false"), transaction(0, failing=1, url=url)]
    found, note = counts(tmp_path, *rows, request(20), request(25), transaction(20, url=url))
    assert found == {"a": (3, 1)}
    assert "rows of transactions left out: 2" in note


def test_nested_and_empty_transactions_and_those_of_other_threads(tmp_path):
    nested = [request(0), request(5), transaction(0), request(10), transaction(0, held=3, label="outer")]
    other = [request(0, thread="t 1-2"), transaction(30, held=0)]
    assert counts(tmp_path, *nested, *other)[0] == {"a": (4, 0)}


def test_a_transaction_in_the_place_of_its_requests_is_counted(tmp_path):
    found, note = counts(tmp_path, request(0, label="login"), transaction(10), transaction(30, failing=1))
    assert found == {"login": (1, 0), "T": (1, 1)}
    assert "left out" not in note


def test_a_response_can_not_say_that_it_is_a_transaction(tmp_path):
    said = '"Number of samples in transaction : 1, number of failing samples : 1"'
    assert counts(tmp_path, request(0), request(0, label="b", message=said, success="false"))[0] == {"a": (1, 0), "b": (0, 1)}


def test_without_the_columns_of_urls_and_threads_the_message_tells(tmp_path):
    header = "timeStamp,elapsed,label,success,responseMessage"
    said = '"Number of samples in transaction : 1, number of failing samples : 0"'
    rows = [f"{START * 1000},5,a,true,OK", f"{START * 1000},5,T,true,{said}"]
    assert counts(tmp_path, *rows, header=header)[0] == {"a": (1, 0)}
