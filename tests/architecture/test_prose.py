"""Every page can be read in an editor of 100 columns, in sentences that are read once, and its links lead somewhere."""

import re

import pytest

from tests.architecture.markdown import PAGES, ROOT, blocks, sentences

COLUMNS = 100
WORDS = 35
# the dialect that the project spoke once -> the field's own word
DIALECT = {
    r"right answers?": "successful response",
    r"in three looks|interim looks?|two looks": "interim analyses",
    r"keeping side|measuring side": "master, worker",
    r"by the rule of old": "by the earlier rule",
}
page = pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


@page
def test_lines_end_at_100_columns_but_for_tables_and_code(path):
    wide = [
        f"line {b.line + i}: {len(line)} columns"
        for b in blocks(path.read_text())
        if b.kind in ("prose", "heading")
        for i, line in enumerate(b.lines)
        if len(line) > COLUMNS
    ]
    assert wide == []


@page
def test_no_sentence_is_longer_than_35_words(path):
    long = [
        f"line {b.line}: {len(s.split())} words: {s[:80]}"
        for b in blocks(path.read_text())
        if b.kind == "prose"
        for s in sentences(b)
        if len(s.split()) > WORDS
    ]
    assert long == []


@page
def test_words_are_those_of_the_field(path):
    text = path.read_text()
    assert [f"{m[0]!r}: say {word}" for old, word in DIALECT.items() for m in re.finditer(old, text, re.IGNORECASE)] == []


@page
def test_links_lead_to_pages_and_headings_that_exist(path):
    text = path.read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", text)):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        other = (path.parent / name).resolve() if name else path
        assert other.exists(), target
        if anchor:
            assert anchor in {_anchor(b.text) for b in blocks(other.read_text()) if b.kind == "heading"}, target


def test_the_index_names_every_page():
    index = (ROOT / "docs/index.md").read_text()
    linked = {(ROOT / "docs" / t.partition("#")[0]).resolve() for t in re.findall(r"\]\(([^)\s]+)\)", index)}
    decisions = ROOT / "docs/adr"
    missing = [str(p.relative_to(ROOT)) for p in PAGES if p not in linked and decisions not in p.parents]
    assert missing == ["docs/index.md"]


def test_the_list_of_decisions_names_every_decision():
    text = (ROOT / "docs/adr/README.md").read_text()
    decisions = {p.name for p in (ROOT / "docs/adr").glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\(([^)\s]+)\)", text)) >= decisions


def _anchor(heading):
    """As GitHub makes it of a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower())
    return words.replace(" ", "-")
