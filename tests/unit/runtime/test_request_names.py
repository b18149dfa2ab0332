"""--group-by: requests of one name told apart by what they were made for."""

import pytest

from bizra_load.runtime.request_names import RequestNames
from bizra_load.settings.name_folding import AUTO, Folding


class Odd:
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    ("context", "group"),
    [
        ({"tenant": "acme", "other": 1}, "tenant=acme, plan=(none)"),
        ({"tenant": 7, "plan": "free"}, "tenant=7, plan=free"),
        ({"tenant": Odd(), "plan": ""}, "tenant=Odd, plan=(none)"),
        ({}, "tenant=(none), plan=(none)"),
        (None, "tenant=(none), plan=(none)"),
        ("tenant", "tenant=(none), plan=(none)"),
    ],
)
def test_requests_are_named_by_the_values_of_the_keys(context, group):
    names = RequestNames(Folding(AUTO), ("tenant", "plan"))
    for _ in range(2):  # the second time from what is known
        assert names.of("GET", "/items/7", context) == f"GET /items/{{id}} [{group}]"


def test_without_keys_the_context_says_nothing():
    assert RequestNames(Folding(AUTO)).of("GET", "/items", {"tenant": "acme"}) == "GET /items"
