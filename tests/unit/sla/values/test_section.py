"""A mapping from outside: what is read of it, and the one line that says what is wrong."""

import pytest

from sla.values.section import AgreementError, Section, unknown, wrong_schema


def refusal(call):
    with pytest.raises(AgreementError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "where", "message"),
    [
        ([], "", "the agreement: must be a mapping with a"),
        ([], "place", "place: must be a mapping with a"),
        ({"a": 1, "c": 2}, "place", "place.c: 'c' is unknown (allowed: a, b)"),
        ({"a": 1, "c": 2}, "", "c: 'c' is unknown (allowed: a, b)"),
        ({"b": 1}, "place", "place.a: is missing"),
        ({"b": 1}, "", "a: is missing"),
        ({}, "", "a: is missing"),
    ],
)
def test_a_key_that_is_wrong_or_missing_is_named_with_its_place(value, where, message):
    assert refusal(lambda: Section.read(value, where, ("a",), ("b",))) == message


def test_where_no_key_is_needed_those_that_are_allowed_are_named():
    assert refusal(lambda: Section.read(3, "place", (), ("b", "c"))) == "place: must be a mapping with b, c"
    assert Section.read({}, "place", (), ("b", "c")) == Section({}, "place.")


def test_a_value_has_the_type_that_is_asked_for_or_is_named():
    section = Section({"text": "  of one line ", "number": 2, "mapping": {"x": 1}, "list": [1], "nothing": None}, "place.")
    assert (section.text("text"), section.number("number", 0.0)) == ("of one line", 2.0)
    assert (section.mapping("mapping"), section.list("list")) == ({"x": 1}, [1])
    assert refusal(lambda: section.text("number")) == "place.number: must be text, not 2"
    assert refusal(lambda: section.text("nothing", "a default")) == "place.nothing: must be text, not None"
    assert refusal(lambda: section.number("text", 0.0)) == "place.text: must be a number, not '  of one line '"
    assert refusal(lambda: Section({"yes": True}, "").number("yes", 0.0)) == "yes: must be a number, not True"
    assert refusal(lambda: section.mapping("list")) == "place.list: must be a mapping"
    assert refusal(lambda: section.list("text")) == "place.text: must be a list"


def test_a_key_that_is_not_there_has_its_default_or_is_missed():
    nothing = Section({}, "place.")
    assert (nothing.text("a", "default"), nothing.number("a", 0.5), nothing.mapping("a", {})) == ("default", 0.5, {})
    assert nothing.list("a") == []
    assert refusal(lambda: nothing.text("a")) == "place.a: must be text, not None"
    assert refusal(lambda: nothing.mapping("a")) == "place.a: must be a mapping"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"schema": "bizra-load/mine/1"}, ""),
        ({"schema": "bizra-load/mine/2"}, "schema: 'bizra-load/mine/2' is unknown (allowed: bizra-load/mine/1)"),
        ({"schema": f"bizra-load/{'x' * 200}"}, f"schema: 'bizra-load/{'x' * 89}' is unknown (allowed: bizra-load/mine/1)"),
        ({"schema": "a secret"}, "schema: is unknown (allowed: bizra-load/mine/1)"),
        ({"schema": 3}, "schema: is unknown (allowed: bizra-load/mine/1)"),
        ({"secret": "bizra-load/mine/1"}, "schema: is missing (allowed: bizra-load/mine/1)"),
    ],
)
def test_only_a_schema_of_ours_is_repeated_and_no_more_than_a_hundred_characters_of_it(document, message):
    assert wrong_schema(document, "bizra-load/mine/1") == message


def test_an_unknown_word_is_cut_and_the_nearest_allowed_one_is_meant():
    assert unknown("x" * 150, ("a",)) == f"{'x' * 100!r} is unknown (allowed: a)"
    assert unknown("zzz", [2, "b", "a"]) == "'zzz' is unknown (allowed: 2, a, b)"
    assert unknown("respons", ("service", "response")) == (
        "'respons' is unknown, did you mean 'response'? (allowed: response, service)"
    )
