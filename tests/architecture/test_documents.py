"""What ARCHITECTURE.md says is there is there, and what is there is named."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text()


def test_the_code_map_names_every_module():
    named = set()
    for cells in re.findall(r"^\| (`.+?) \|", TEXT, re.MULTILINE):
        folder = ""
        for path in re.findall(r"`([^`]+\.py)`", cells):
            folder = path.rpartition("/")[0] or folder
            named.add(path if "/" in path else f"{folder}/{path}")
    modules = {
        str(p.relative_to(ROOT))
        for package in ("bizra_load", "sla", "reports")
        for p in (ROOT / package).rglob("*.py")
        if p.name not in ("__init__.py", "__main__.py")
    }
    assert modules - named == set()
    assert {n for n in named if not (ROOT / n).exists()} == set()


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
