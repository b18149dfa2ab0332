"""docs/invalid.md holds every check of the run, with what it opens, and quotes reasons that the program gives."""

import re

import pytest

from bizra_load.settings.arguments import ALLOWABLE
from sla.judgement.checks.check_scope import TOUCHES, touched
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.assessment import Check, Status
from tests.architecture.markdown import ROOT, blocks, section, table_cells

PAGE = (ROOT / "docs/invalid.md").read_text()
KINDS = {
    "client_quantile": ("< 1 ms", {"quantile": 0.99}),
    "server_quantile": ("< 1 ms", {"quantile": 0.99}),
    "throughput": (">= 1 ops/s", {}),
    "success": (">= 99 %", {}),
}
# one objective of each kind, its kind as its key
AGREEMENT = agreement_from_mapping(
    {
        "schema": "bizra-load/agreement/1",
        "name": "one of each kind",
        "operations": {"verify": {"histogram": "h"}},
        "objectives": {
            kind: {
                "title": kind,
                "severity": "CRITICAL",
                "target": limit,
                "measure": {"kind": kind, "operations": ["verify"], **more},
            }
            for kind, (limit, more) in KINDS.items()
        },
    }
)


def test_every_check_has_a_section_and_every_section_is_a_check():
    by_check = section(PAGE, "## By check")
    assert {b.text.removeprefix("### ") for b in blocks(by_check) if b.kind == "heading"} == set(TOUCHES)


def test_every_section_says_something():
    for key in TOUCHES:
        assert any(b.kind == "prose" for b in blocks(section(PAGE, f"### {key}"))), key


def opening_table():
    head, *body = table_cells(section(PAGE, "## Which verdicts a failed check invalidates"))
    return {cells[0].strip("`"): dict(zip(head[1:], cells[1:], strict=True)) for cells in body}


def test_the_table_holds_every_check_once():
    assert set(opening_table()) == set(TOUCHES)


@pytest.mark.parametrize("key", TOUCHES)
def test_what_the_page_says_a_check_opens_is_what_it_opens(key):
    name = key + "verify" if key.endswith("_") else key
    opens = touched(Check(name, "", Status.FAIL, None, None, "", ""), AGREEMENT.objectives, open_model=True)
    on_page = {kind: opening_table()[key][kind] for kind in KINDS}
    assert on_page == {kind: opens.get(kind, "-") for kind in KINDS}


@pytest.mark.parametrize("key", TOUCHES)
def test_the_name_that_allows_a_check_is_the_one_that_does(key):
    names = [name for name, prefix in ALLOWABLE.items() if key.startswith(prefix)]
    assert opening_table()[key]["`--allow`"] == (names[0] if names else "-")


def test_every_quoted_reason_is_one_that_the_program_gives():
    source = "\n".join(p.read_text() for package in ("sla", "bizra_load", "reports") for p in (ROOT / package).rglob("*.py"))
    rows = table_cells(section(PAGE, "## INCONCLUSIVE, by reason"))[1:]
    assert len(rows) > 8
    for reason, _ in rows:
        words = reason.strip("`")
        assert re.search(re.escape(words), source), words
