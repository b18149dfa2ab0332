"""Names of requests: what differs in ids alone is one operation, and what somebody chose stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizra_load.runtime.request_names import MAX_CACHED, RequestNames
from bizra_load.settings.inputs import folding
from bizra_load.settings.name_folding import AUTO, Folding, folding_note
from sla.values.window import OTHER

AS_ONE = Folding(AUTO)


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("/items/1", "/items/{id}"),
        ("/items/1/edit?page=2#top", "/items/{id}/edit"),
        ("/users/9f86d081884c7d659a2feaa0c55ad015", "/users/{id}"),
        ("/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/orders/{id}"),
        ("/o/01arz3ndektsv4rrffq69g5fav.json?x=1", "/o/{id}.json"),
        ("/orders/01ARZ3NDEKTSV4RRFFQ69G5FAVX", "/orders/01ARZ3NDEKTSV4RRFFQ69G5FAVX"),  # too long
        ("/orders/01ARZ3NDEKTSV4RRFFQ69G5FAU", "/orders/01ARZ3NDEKTSV4RRFFQ69G5FAU"),  # U is none of its letters
        ("/o/123e4567-e89b-12d3-a456-426614174000.json", "/o/{id}.json"),
        ("/2026-11-30/report", "/{id}-{id}-{id}/report"),
        ("https://shop.example:8443/items/77?q=1", "https://shop.example:8443/items/{id}"),
        ("ws://127.0.0.1:1/room/5", "ws://127.0.0.1:1/room/{id}"),
        ("GET /items/5", "GET /items/{id}"),
        ("/search?q=shoes", "/search"),
        ("/v2/oauth2/page2", "/v2/oauth2/page2"),
        ("/deadbeefcafe", "/deadbeefcafe"),  # a word may be of such letters
        ("checkout 2", "checkout 2"),
        ("step 1/3", "step 1/3"),
        ("generate", "generate"),
        ("", ""),
    ],
)
def test_urls_lose_what_changes_and_names_keep_all(name, folded):
    assert AS_ONE.folded(name) == folded


@given(st.text())
def test_folding_twice_changes_nothing_more(name):
    once = AS_ONE.folded(name)
    assert AS_ONE.folded(once) == once


@given(st.text())
def test_off_is_off(name):
    assert folding("off").folded(name) == name


def test_a_file_of_patterns_folds_whole_names_the_first_that_matches(tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("# shop\n/items/\\d+ -> /items/{id}\n/u/(\\w+)/\\d+ -> /u/\\1/n\n/items/.* -> never\n")
    own = folding(str(file))
    assert [own.folded(name) for name in ("/items/5", "/u/bob/5", "/items/5/edit", "/x/1")] == [
        *("/items/{id}", "/u/bob/n", "never", "/x/1")
    ]
    assert own.kind == str(file)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/items/( -> x", "line 1: missing ), unterminated subpattern"),
        ("\n/a/\\d+ -> \\3", "invalid group reference 3"),
        ("nonsense", "line 1: is not 'PATTERN -> NAME'"),
        ("# nothing", "holds no pattern"),
    ],
)
def test_wrong_patterns_are_refused_with_their_line(tmp_path, text, reason):
    file = tmp_path / "names.txt"
    file.write_text(text)
    with pytest.raises(ValueError, match="allowed:") as refused:
        folding(str(file))
    assert reason in str(refused.value)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize(
    ("request_type", "name", "operation"),
    [
        ("GET", "/items/1", "GET /items/{id}"),
        ("POST", "/items/1", "POST /items/{id}"),
        ("GET", "GET /items/1", "GET /items/{id}"),  # it has its method already
        ("", "checkout", "checkout"),
        (None, "checkout", "checkout"),
        (None, None, "None"),
        (7, "x", "7 x"),
    ],
)
def test_an_operation_is_the_method_and_the_name(request_type, name, operation):
    assert RequestNames(AS_ONE).of(request_type, name) == operation


def test_names_without_end_are_not_kept_without_end():
    names = RequestNames(AS_ONE)
    assert {names.of("GET", f"/items/{n}") for n in range(2 * MAX_CACHED + 5)} == {"GET /items/{id}"}
    assert len(names._known) <= MAX_CACHED


def test_a_reader_is_told_what_was_folded_and_how_to_have_it_otherwise():
    [note] = folding_note(AUTO, ["GET /items/{id}", "POST /items/{id}", "GET /"])
    assert "name=, --fold-names off part them" in note
    assert len(f"note: {note}") <= 80
    assert folding_note(AUTO, ["GET /"]) == folding_note("off", ["GET /{id}"]) == folding_note("", ["GET /{id}"]) == []
    assert folding_note("names.txt", ["GET /"]) == ["names of requests were folded by names.txt (--fold-names)"]


@pytest.mark.parametrize("kind", [AUTO, "off", "names.txt"])
def test_a_reader_of_names_that_were_too_many_is_told_how_to_have_fewer(kind):
    note = folding_note(kind, ["GET /", OTHER])[-1]
    assert note == "(other): too many names to keep: use name=, or --fold-names FILE"
    assert folding_note("", [OTHER]) == []  # another tool's results: nobody named them here
