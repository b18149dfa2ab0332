"""What ARCHITECTURE.md says is there is there, and what is there is named."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text()


PACKAGES = ("bizra_load", "sla", "reports")


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
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            assert ast.get_docstring(ast.parse(path.read_text())), path


def test_every_invariant_names_a_test_that_exists():
    for path in re.findall(r"`(tests/[^`]+)`", TEXT):
        assert (ROOT / path).exists(), path


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
