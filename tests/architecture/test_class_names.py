"""One name, one class: who reads it in one room need not ask which of two it is."""

import ast
from collections import defaultdict

from tests.architecture.markdown import ROOT
from tests.architecture.modules import MODULES, tree_of


def test_no_two_public_classes_have_the_same_name():
    places = defaultdict(list)
    for path in MODULES:
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert len(places) > 200
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}
