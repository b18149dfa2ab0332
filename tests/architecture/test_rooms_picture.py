"""The picture of the rooms in ARCHITECTURE.md is that of the code: every room, and exactly the imports that there are."""

import functools
import re

import grimp

from tests.architecture.markdown import ROOT, blocks

PACKAGES = ("bizra_load", "reports", "sla")


def room_of(module):
    """ "sla.values" of "sla.values.window"; None for a package itself, which only lends names."""
    return ".".join(module.split(".")[:2]) if "." in module else None


@functools.cache
def imports():
    """(importing room, imported room) of every import between two rooms, those inside functions too."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    pairs = {(room_of(m), room_of(i)) for m in graph.modules for i in graph.find_modules_directly_imported_by(m)}
    return frozenset((a, b) for a, b in pairs if a and b and a != b)


def rooms():
    return {
        f"{package}.{p.stem}"
        for package in PACKAGES
        for p in (ROOT / package).iterdir()
        if (p / "__init__.py").exists() or (p.suffix == ".py" and p.name != "__init__.py")
    }


@functools.cache
def drawn():
    """(from, to) of every arrow of the flowchart."""
    [picture] = [b for b in blocks((ROOT / "ARCHITECTURE.md").read_text()) if b.language == "mermaid"]
    home = {room.partition(".")[2]: room for room in rooms()}
    arrows = set()
    for line in picture.lines:
        if match := re.fullmatch(r"\s*([\w &]+?) --> ([\w &]+)", line):
            sources, targets = ([home.get(n, n) for n in side.split(" & ")] for side in match.groups())
            arrows |= {(a, b) for a in sources for b in targets}
    return frozenset(arrows)


def reachable(start, arrows):
    seen, waiting = set(), [start]
    while waiting:
        following = {b for a, b in arrows if a == waiting[-1]} - seen
        waiting.pop()
        seen |= following
        waiting += following
    return seen


def test_every_room_is_drawn_and_nothing_else():
    assert {room for arrow in drawn() for room in arrow} == rooms()


def test_every_arrow_is_an_import():
    assert sorted(drawn() - imports()) == []


def test_the_arrows_are_the_imports_that_do_not_follow_from_others():
    needed = {(a, b) for a, b in imports() if b not in reachable(a, imports() - {(a, b)})}
    assert {"to be drawn": sorted(needed - drawn()), "to be left out": sorted(drawn() - needed)} == {
        "to be drawn": [],
        "to be left out": [],
    }


def test_there_is_no_circle():
    assert [room for room in sorted(rooms()) if room in reachable(room, imports())] == []
