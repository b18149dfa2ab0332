"""One name, one class and one module: who reads it in one room need not ask which of two it is."""

import ast
from collections import defaultdict

from tests.architecture.markdown import ROOT
from tests.architecture.modules import MODULES, tree_of


def test_no_two_classes_have_the_same_name():
    places = defaultdict(list)
    for path in MODULES:
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert len(places) > 200
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


# Modules of one name beside those of the command line, the reports and a product, which are named by what they show or bring
SAME_IDEA = {
    "baseline": "its figures, and how the node measures them",
    "bootstrap": "what resamples say of an interval, and how they are drawn",
    "evidence": "what files prove, and how they are read",
    "remedies": "what can be done, and the words of the command line for it",
}


def test_a_name_of_a_module_is_of_one_idea():
    places = defaultdict(list)
    for path in MODULES:
        package, room, *_ = path.relative_to(ROOT).parts
        if path.name != "__init__.py" and package != "reports" and room not in ("cli", "poi"):
            places[path.stem].append(str(path.relative_to(ROOT)))
    assert len(places) > 200
    assert {name for name, paths in places.items() if len(paths) > 1} == set(SAME_IDEA), dict(places)
