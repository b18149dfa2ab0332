"""What ARCHITECTURE.md says is there is there, and what is there is named."""

import re
from pathlib import Path

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
