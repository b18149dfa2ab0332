"""Files and functions stay short enough to be read at once; what is longer says why."""

import ast
import re

import pytest

from tests.architecture.markdown import ROOT

LONGEST_FILE, LONGEST_FUNCTION = 300, 50
FILES = sorted(p for package in ("bizra_load", "sla", "reports") for p in (ROOT / package).rglob("*.py"))


def too_long(source: str) -> list[str]:
    """Functions of more lines than allowed whose docstring gives no reason: "Long because ...", or what a call costs."""
    too_long = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION:
            reason = " ".join((ast.get_docstring(node) or "").split())
            if not re.search(r"\bLong because\b|\bcosts a\b", reason):
                too_long.append(node.name)
    return too_long


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_and_its_functions_are_short(path):
    source = path.read_text()
    assert len(source.splitlines()) <= LONGEST_FILE
    assert too_long(source) == []


def test_a_long_function_is_found_unless_it_says_why():
    def function(docstring):
        return f'def f():\n    """{docstring}"""\n' + "    x = 1\n" * 50

    assert too_long(function("Does it all.")) == ["f"]
    assert too_long(function("Takes no longer than the longest wait.")) == ["f"]
    assert too_long(function("Long because one table stands in it.")) == []
