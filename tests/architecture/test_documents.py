"""What ARCHITECTURE.md and the pages beside it name is there, and what is there is named."""

import ast
import json
import re

import pytest

from tests.architecture.markdown import ROOT, table_cells
from tests.architecture.modules import MODULES, PACKAGES, tree_of

TEXT = (ROOT / "ARCHITECTURE.md").read_text()


def test_the_map_names_every_room():
    named = {path.rstrip("/") for path in re.findall(r"^\| `([^`]+)` \|", TEXT, re.MULTILINE)}
    rooms = {
        str(p.relative_to(ROOT))
        for package in PACKAGES
        for p in (ROOT / package).iterdir()
        if (p / "__init__.py").exists() or (p.suffix == ".py" and p.name != "__init__.py")
    }
    assert named == rooms


def test_every_module_says_what_it_is():
    assert [path for path in MODULES if not ast.get_docstring(tree_of(path))] == []


def test_every_invariant_names_a_test_that_exists():
    rows = [cells for cells in table_cells((ROOT / "docs/invariants.md").read_text()) if len(cells) == 2][1:]
    assert len(rows) > 15
    for invariant, held in rows:
        paths = re.findall(r"`(tests/[^`]+)`", held)
        assert paths, invariant
        assert [path for path in paths if not (ROOT / path).exists()] == [], invariant


def test_the_architecture_is_about_one_page():
    assert len(TEXT.splitlines()) <= 100


@pytest.mark.parametrize("page", ["security", "reliability"])
def test_every_threat_and_every_fault_names_a_test_that_exists(page):
    tests = "\n".join(p.read_text() for p in (ROOT / "tests").rglob("test_*.py"))
    rows = [line for line in (ROOT / f"docs/{page}.md").read_text().splitlines() if re.match(r"\| (?!threat|fault)", line)]
    assert len(rows) > 10
    for row in rows:
        held = row.rstrip("| ").rpartition("|")[2]
        names = re.findall(r"`([^`]+)`", held)
        assert names or held.strip().startswith("none:"), row
        for name in names:
            assert (ROOT / name).exists() if "/" in name else f"def {name}(" in tests, name


@pytest.mark.parametrize("path", sorted((ROOT / "docs/adr").glob("0*.md")), ids=lambda p: p.stem)
def test_a_decision_has_its_number_context_decision_and_consequences_on_one_page(path):
    lines = path.read_text().splitlines()
    assert [line for line in lines if line.startswith("#")][1:] == ["## Context", "## Decision", "## Consequences"]
    assert lines[0].startswith(f"# {path.stem[:4]} ")
    assert 15 <= len(lines) <= 40


def test_no_two_decisions_have_one_number():
    numbers = [p.stem[:4] for p in (ROOT / "docs/adr").glob("0*.md")]
    assert sorted(numbers) == sorted(set(numbers))


def test_the_changelog_keeps_to_the_headings_of_keep_a_changelog():
    """https://keepachangelog.com/en/1.1.0/: what comes first, then versions, each with these kinds of changes in this order."""
    kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    versions, order = [], []
    for line in (ROOT / "CHANGELOG.md").read_text().splitlines():
        if line.startswith("## "):
            versions.append(line)
            order = []
        elif line.startswith("### "):
            order.append(kinds.index(line.removeprefix("### ")))
            assert order == sorted(set(order)), line
    assert versions[0] == "## [Unreleased]"
    assert all(re.match(r"## \[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d|not yet tagged)$", v) for v in versions[1:])
    version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert any(v.startswith(f"## [{version}]") for v in versions)


def test_the_page_of_assessment_json_names_every_key_and_no_other():
    rows = re.findall(r"^\| (`[^|]*) \|", (ROOT / "docs/assessment.md").read_text(), re.MULTILINE)
    named = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    assert named == set(json.loads((ROOT / "tests/golden/go.json").read_text()))
