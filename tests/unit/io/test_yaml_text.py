"""YAML from outside: plain values, or one line that says what is wrong."""

import pytest

from bizra_load.io import yaml_text
from tests.cpu_time import cpu_s

UNFIT = [
    "name: !!int ''",
    "name: !!float ''",
    "name: !!bool maybe",
    "name: !!timestamp x",
    "name: !!binary \u00e9",
    "- !!omap 3",
]


@pytest.mark.parametrize("read", [yaml_text.load, yaml_text.load_all])
@pytest.mark.parametrize("text", UNFIT)
def test_a_value_that_its_tag_does_not_allow_is_one_line(read, text):
    with pytest.raises(ValueError, match="not YAML") as raised:
        read(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("read", [yaml_text.load, yaml_text.load_all])
@pytest.mark.parametrize(
    "text",
    [
        "planted: [",
        "x: @planted",
        "x: *planted",
        "x: !planted 1",
        "x: !!int planted",
        "x: !!timestamp planted",
        "x: !!binary pl\u00e4nted",
        "planted: 1\n[planted",
        "planted: 'it''s \"planted",
        "- planted\nplanted",
        "planted: planted: planted",
        "planted\x00",
    ],
)
def test_a_message_repeats_nothing_of_the_text(read, text):
    with pytest.raises(ValueError, match="YAML") as raised:
        read(text)
    assert "planted" not in str(raised.value)
    assert "pl\u00e4nted" not in str(raised.value)


@pytest.mark.parametrize("text", ["planted: 1\nplanted: 2", "x: 0x4711", "x: 47:11"])
def test_what_yaml_allows_and_we_refuse_is_named_by_its_line(text):
    with pytest.raises(ValueError, match=r"line \d: ") as raised:
        yaml_text.load(text)
    assert not any(word in str(raised.value) for word in ("planted", "4711", "47:11"))


def test_all_documents_are_read():
    assert yaml_text.load_all("a: 1\n---\n- b\n---\n") == [{"a": 1}, ["b"], None]


@pytest.mark.parametrize("text", ["a: =\nb: [=]\n=: 1", "{a: =, b: [=], =: 1}"])
def test_an_equals_sign_alone_is_a_text(text):
    """So it stands in the enumerations of prometheus-operator's definitions."""
    assert yaml_text.load(text) == {"a": "=", "b": ["="], "=": 1}
    assert yaml_text.load_all(text) == [yaml_text.load(text)]


@pytest.mark.parametrize("read", [yaml_text.load, lambda text: yaml_text.load_all(text)[0]])
@pytest.mark.parametrize("text", ['{"a": "\\ud83d\\ude00 \\/"}', ' [{"a" : "\\uD83D\\uDE00 \\/"}]', 'a: "\U0001f600 \\/"'])
def test_escapes_of_json_are_characters(read, text):
    document = read(text)
    assert (document[0] if isinstance(document, list) else document) == {"a": "\U0001f600 /"}


@pytest.mark.parametrize("read", [yaml_text.load, yaml_text.load_all])
@pytest.mark.parametrize("text", ['{"a": "\\ud83d"}', '{"a": "\\ude00\\ud83d"}', '{"\\ud83d": 1}'])
def test_half_of_a_pair_is_one_line(read, text):
    with pytest.raises(ValueError, match=r"not YAML|not JSON"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2",
        "b: {a: 1, a: 2}",
        '{"a": 1, "a": 2}',
        '[{"b": {"a": 1, "\\u0061": 2}}]',
        "---\n- a: 1\n  'a': 1",
        "? a\n? a",
    ],
)
def test_a_key_given_twice_is_refused(text):
    for read in (yaml_text.load, yaml_text.load_all):
        with pytest.raises(ValueError, match=r"line \d+.*: a key is there twice"):
            read(text)


def test_json_is_read_in_the_same_bounds():
    inside = "[" * 100 + "]" * 100
    yaml_text.load_all(f"[{', '.join(['{}'] * 99_999)}]")
    yaml_text.load_all(inside)
    yaml_text.load_all('["' + "[{,:" * 200_000 + '"]')
    for text in (f"[{', '.join(['{}'] * 100_000)}]", '{"a":' + inside + "}", '{"a": ' + "1" * 101 + "}"):
        with pytest.raises(ValueError, match="allowed: 100"):
            yaml_text.load_all(text)
    assert yaml_text.load_all("{a: 1, b: [x]}") == [{"a": 1, "b": ["x"]}]
    assert yaml_text.load_all('{"a": 1}\n---\n{"b": 2}') == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x", "aliases, which are refused"),
        ("[" * 101 + "]" * 101, "allowed: 100,000 values, nested 100 deep"),
        ("[" * 50_000, "nested 100 deep"),
        ("- 1\n" * 100_001, "allowed: 100,000 values"),
        ("a: [1", "not YAML or JSON"),
    ],
)
def test_what_can_not_be_read_in_bounds_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        yaml_text.load_all(text)


def test_megabytes_are_refused_before_they_are_built():
    line = "- {name: a, value: [1, 2, 3]}\n"

    def refused():
        with pytest.raises(ValueError, match="more than can be read"):
            yaml_text.load_all(line * 200_000)  # 6 MB

    assert cpu_s(refused) < 20 * cpu_s(lambda: yaml_text.load_all(line * 3_000))  # a quarter of what is allowed


@pytest.mark.parametrize("number", ["1:" * 50_000 + "1", "1:" * 50_000 + "1.5", "!!int '" + "1:" * 50_000 + "1'"])
def test_a_number_that_would_be_worked_out_for_a_minute_is_refused(number):
    def refused():
        with pytest.raises(ValueError, match=r"line 1: a number of 100,00. characters"):
            yaml_text.load_all(f"a: {number}")

    assert cpu_s(refused) < 20 * cpu_s(lambda: yaml_text.load_all(f"a: {'x' * len(number)}"))
