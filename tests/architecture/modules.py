"""The modules of the product as the tests of its structure read them: each is parsed once for all of them."""

import ast
from functools import cache
from pathlib import Path

from tests.architecture.markdown import ROOT

PACKAGES = ("bizra_load", "sla", "reports")
MODULES = tuple(sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")))


@cache
def tree_of(path: Path) -> ast.Module:
    """What is in a module; nobody changes it."""
    return ast.parse(path.read_text())
