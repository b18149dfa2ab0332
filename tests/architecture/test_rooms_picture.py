"""The picture of the rooms in ARCHITECTURE.md is that of the code: every room, and exactly the imports that there are."""

import re
import tomllib
from pathlib import Path

from bizra_load.products import names
from tests.architecture.picture import PAGE, imports, in_page, needed, reachable, rooms

SHOWN = in_page(PAGE.read_text())


def drawn():
    """(from, to) of every arrow of the flowchart, read by itself: what draws it is not asked."""
    home = {room.partition(".")[2]: room for room in rooms()}
    arrows = set()
    for line in SHOWN.splitlines():
        if match := re.fullmatch(r"\s*([\w &]+?) --> ([\w &]+)", line):
            sources, targets = ([home.get(n, n) for n in side.split(" & ")] for side in match.groups())
            arrows |= {(a, b) for a in sources for b in targets}
    return arrows


def test_every_room_is_drawn_and_nothing_else():
    assert set(re.findall(r"\w+", re.sub(r"subgraph \w+|\bend\b|flowchart TD", "", SHOWN))) == {
        room.partition(".")[2] for room in rooms()
    }


def test_every_arrow_is_an_import():
    assert sorted(drawn() - imports()) == []


def test_the_arrows_are_the_imports_that_do_not_follow_from_others():
    """Where this fails: python -m tests.architecture.picture draws it anew."""
    assert {"to be drawn": sorted(needed() - drawn()), "to be left out": sorted(drawn() - needed())} == {
        "to be drawn": [],
        "to be left out": [],
    }


def test_there_is_no_circle():
    assert [room for room in sorted(rooms()) if room in reachable(room, imports())] == []


def contracts_and_layers():
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    contracts = {contract["name"]: contract for contract in pyproject["tool"]["importlinter"]["contracts"]}
    return contracts, contracts["The rooms of bizra_load, from top to bottom"]["layers"]


def test_every_room_but_those_of_products_is_held_to_import_none():
    contracts, layers = contracts_and_layers()
    contract = contracts["A product is found by its agreement, not imported"]
    every = {room.strip() for layer in layers for room in layer.split("|")}
    assert sorted(contract["source_modules"]) == sorted(f"bizra_load.{room}" for room in every - set(names()))
    assert sorted(contract["forbidden_modules"]) == sorted(f"bizra_load.{name}" for name in names())


def test_every_room_below_runtime_is_held_to_work_without_locust():
    """A new room is in the layers, or they fail; here it must be in the contract beside them."""
    contracts, layers = contracts_and_layers()
    below = {f"bizra_load.{room}" for room in layers[layers.index("runtime") + 1 :]}
    held = set(contracts["The node, and everything below runtime, works without Locust"]["source_modules"])
    # products finds poi by its name, whose user class is Locust's; exit_codes imports nothing
    assert below - held == {"bizra_load.products", "bizra_load.exit_codes"}
    assert held - below == {"bizra_load.node"}
