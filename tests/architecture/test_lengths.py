"""Files and functions stay short enough to be read at once; what is longer says why."""

import ast

from tests.architecture.modules import MODULES, tree_of

LONGEST_FILE, LONGEST_FUNCTION = 300, 50


def too_long(tree: ast.Module) -> list[str]:
    """Functions of more lines than allowed whose docstring gives no reason: "Long because ..."."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [n for n in functions if n.end_lineno - n.lineno + 1 > LONGEST_FUNCTION]
    return [n.name for n in long if "Long because" not in (ast.get_docstring(n) or "")]


def test_files_and_their_functions_are_short():
    assert len(MODULES) > 200
    assert {str(path): n for path in MODULES if (n := len(path.read_text().splitlines())) > LONGEST_FILE} == {}
    assert {str(path): functions for path in MODULES if (functions := too_long(tree_of(path)))} == {}


def test_a_long_function_is_found_unless_it_says_why():
    def function(docstring):
        return ast.parse(f'def f():\n    """{docstring}"""\n' + "    x = 1\n" * 50)

    assert too_long(function("Does it all.")) == ["f"]
    assert too_long(function("Takes no longer than the longest wait.")) == ["f"]
    assert too_long(function("Long because one table stands in it.")) == []
