"""JSON from outside -> dataclasses: what fits is taken, anything else is one line with its place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import pytest

from sla.values.from_json import built, built_from, loads


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Part:
    name: str
    size: float = 1.0


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    colour: Colour
    first: Part | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    by_name: Mapping[str, Part] = field(default_factory=dict)
    word: Literal["a", "b"] = "a"
    on: bool = False


def test_values_become_what_the_fields_say():
    values = {
        "parts": [{"name": "x"}, {"name": "y", "size": 2}],
        "colour": "blue",
        "first": {"name": "z", "size": 0.5},
        "counts": {"n": 3},
        "by_name": {"q": {"name": "q"}},
        "word": "b",
        "on": True,
    }
    parts = (Part("x"), Part("y", 2))
    assert built_from(Whole, values, "") == Whole(parts, Colour.BLUE, Part("z", 0.5), {"n": 3}, {"q": Part("q")}, "b", True)
    assert built(Part | None, None, "here") is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parts": [{"name": 5}]}, "parts[0].name: 5 (allowed: text)"),
        ({"parts": [{"name": "x"}, {"name": None}]}, "parts[1].name: None (allowed: text)"),
        ({"parts": [{"name": "x", "size": "2"}]}, "parts[0].size: '2' (allowed: a number)"),
        ({"parts": [{"name": "x", "size": True}]}, "parts[0].size: True (allowed: a number)"),
        ({"parts": [{"name": "x", "sice": 2}]}, "parts[0].sice: 'sice' is unknown, did you mean 'size'? (allowed: name, size)"),
        ({"parts": [{"size": 2}]}, "parts[0].name: is missing"),
        ({"parts": ["x"]}, "parts[0]: 'x' (allowed: an object)"),
        ({"parts": {}}, "parts: {} (allowed: a list)"),
        ({"parts": "xyz"}, "parts: 'xyz' (allowed: a list)"),
        ({"colour": "rad"}, "colour: 'rad' is unknown, did you mean 'red'? (allowed: blue, red)"),
        ({"colour": 7}, "colour: '7' is unknown (allowed: blue, red)"),
        ({"colour": ["red"]}, "colour: \"['red']\" is unknown, did you mean 'red'? (allowed: blue, red)"),
        ({"first": []}, "first: [] (allowed: an object)"),
        ({"counts": {"n": 1.5}}, "counts.n: 1.5 (allowed: a whole number)"),
        ({"counts": {"n": False}}, "counts.n: False (allowed: a whole number)"),
        ({"counts": [1]}, "counts: [1] (allowed: an object)"),
        ({"by_name": {"q": 1}}, "by_name.q: 1 (allowed: an object)"),
        ({"word": "c"}, "word: 'c' is unknown (allowed: a, b)"),
        ({"on": 1}, "on: 1 (allowed: true or false)"),
        ({"on": "true"}, "on: 'true' (allowed: true or false)"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place_and_what_is_allowed(changes, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        built_from(Whole, {"parts": [], "colour": "red"} | changes, "")


def test_what_the_caller_has_built_is_taken_as_it_is_and_need_not_be_there():
    assert built_from(Whole, {"parts": [], "colour": 9}, "", colour=Colour.RED).colour is Colour.RED
    assert built_from(Whole, {"parts": []}, "", colour=Colour.RED).colour is Colour.RED


def test_a_long_key_is_cut_in_its_place():
    with pytest.raises(ValueError, match=rf"^counts\.{'k' * 100}: 'x' \(allowed: a whole number\)$"):
        built_from(Whole, {"parts": [], "colour": "red", "counts": {"k" * 101: "x"}}, "")
    with pytest.raises(ValueError, match=rf"^at\.{'k' * 100}: '{'k' * 100}' is unknown"):
        built_from(Part, {"name": "x", "k" * 101: 1}, "at")


@pytest.mark.parametrize("half", [r'"\ud83d"', r'"\udc00"', r'{"\uDBFF": 1}', r'["a\ud83d\u0041"]', r'"\uDFFF"'])
def test_half_of_a_surrogate_pair_is_refused_wherever_it_stands(half):
    with pytest.raises(ValueError, match=r"^holds half of a surrogate pair \(allowed: whole characters\)$"):
        loads(half)


@pytest.mark.parametrize(("text", "value"), [(r'"\ud83d\ude00"', "\U0001f600"), (r'"\\ud83d"', r"\ud83d"), ("[1]", [1])])
def test_whole_characters_are_taken(text, value):
    assert loads(text) == value


def test_a_constant_that_is_no_number_goes_to_who_asked():
    def refused(word):
        raise ValueError(f"{word} is none")

    with pytest.raises(ValueError, match=r"^NaN is none$"):
        loads("[NaN]", refused)


TWICE = {
    "at the top": ('{"passed": false,\n"passed": true}', 2),
    "within a list": ('{"rules": [\n{"a": 1},\n\n{"b": 1, "c": {}, "b": 1}]}', 4),
    "written in another way": ('{"a": "{",\n"\\u0061": 2}', 2),
    "around another object": ('{"a": {"a": 1, "b": {"a": [1]}},\n"b": ["a", "a"],\n"a": 1}', 3),
    "before what is no JSON": ('[{"a": 1, "a": 2}, "', 1),
}


@pytest.mark.parametrize("name", TWICE)
def test_a_key_that_is_there_twice_is_named_by_its_line_alone(name):
    text, line = TWICE[name]
    with pytest.raises(ValueError, match=rf"^line {line}: a key is there twice \(allowed: each key once\)$"):
        loads(text)


def test_the_same_key_in_several_objects_is_read():
    assert loads('{"a": {"a": [{"a": 1}, {"a": 2}]}, "b": "a"}') == {"a": {"a": [{"a": 1}, {"a": 2}]}, "b": "a"}
