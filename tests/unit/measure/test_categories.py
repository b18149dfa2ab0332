"""Which failure category a status and an exception of a foreign user belong to."""

from types import SimpleNamespace

import pytest

from bizra_load.measure.categories import category_of, category_of_status
from sla.values.window import FAILURE_CATEGORIES


@pytest.mark.parametrize(
    ("status", "category"), [(300, "http_3xx"), (399, "http_3xx"), (400, "http_4xx"), (499, "http_4xx"), (500, "http_5xx")]
)
def test_a_status_that_is_no_success_names_its_category(status, category):
    assert category_of_status(status) == category
    assert category in FAILURE_CATEGORIES
    refused = ValueError("refused")
    refused.response = SimpleNamespace(status_code=status)
    assert category_of(refused) == category


def test_an_exception_without_a_status_is_told_by_its_name():
    assert category_of(type("ReadTimeout", (Exception,), {})()) == "timeout"
    assert category_of(OSError("reset")) == "transport"
    named = ValueError("no JSON")
    named.category = "bad_json"
    assert category_of(named) == "bad_json"
