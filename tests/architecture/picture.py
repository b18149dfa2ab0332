"""The picture of the rooms, drawn from the imports themselves.

`python -m tests.architecture.picture` draws it anew in ARCHITECTURE.md; test_rooms_picture compares.
"""

from __future__ import annotations

import functools
import re

import grimp

from tests.architecture.markdown import ROOT

PACKAGES = ("bizra_load", "reports", "sla")
PAGE = ROOT / "ARCHITECTURE.md"
Arrow = tuple[str, str]


def rooms() -> set[str]:
    """Folders of modules, and modules that lie in a package itself: "sla.values", "bizra_load.exit_codes"."""
    return {
        f"{package}.{p.stem}"
        for package in PACKAGES
        for p in (ROOT / package).iterdir()
        if (p / "__init__.py").exists() or (p.suffix == ".py" and p.name != "__init__.py")
    }


def room_of(module: str) -> str | None:
    """ "sla.values" of "sla.values.window"; None for a package itself, which only lends names."""
    return ".".join(module.split(".")[:2]) if "." in module else None


@functools.cache
def imports() -> frozenset[Arrow]:
    """(importing room, imported room) of every import between two rooms, those inside functions too."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    pairs = {(room_of(m), room_of(i)) for m in graph.modules for i in graph.find_modules_directly_imported_by(m)}
    return frozenset((a, b) for a, b in pairs if a and b and a != b)


def reachable(start: str, arrows: frozenset[Arrow]) -> set[str]:
    """Rooms at the end of a path of one arrow or more."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        room = waiting.pop()
        following = {b for a, b in arrows if a == room} - seen
        seen |= following
        waiting += following
    return seen


def needed() -> frozenset[Arrow]:
    """The imports that do not follow from others (the transitive reduction: there is one where there is no circle)."""
    return frozenset((a, b) for a, b in imports() if b not in reachable(a, imports() - {(a, b)}))


def render() -> str:
    """The lines of the flowchart: a box for each package, then the arrows between packages."""
    short = {room: room.partition(".")[2] for room in rooms()}
    lines = ["flowchart TD"]
    for package in PACKAGES:
        inside = {(a, b) for a, b in needed() if a.startswith(package) and b.startswith(package)}
        alone = {r for r in short if r.startswith(f"{package}.")} - {room for arrow in inside for room in arrow}
        lines += [f"    subgraph {package}", *(f"        {short[r]}" for r in sorted(alone))]
        lines += [f"        {line}" for line in _arrows(inside, short)]
        lines.append("    end")
    between = {(a, b) for a, b in needed() if a.partition(".")[0] != b.partition(".")[0]}
    return "\n".join(lines + [f"    {line}" for line in _arrows(between, short)])


def _arrows(arrows: set[Arrow], short: dict[str, str]) -> list[str]:
    """A line for each room that arrows begin at, those from which most can be reached first."""
    sources = sorted({a for a, _ in arrows}, key=lambda a: (-len(reachable(a, imports())), a))
    return [f"{short[a]} --> {' & '.join(sorted(short[b] for x, b in arrows if x == a))}" for a in sources]


def in_page(text: str) -> str:
    """The flowchart that ARCHITECTURE.md shows."""
    [shown] = re.findall(r"^```mermaid\n(.*?)\n```", text, re.MULTILINE | re.DOTALL)
    return str(shown)


if __name__ == "__main__":
    page = PAGE.read_text()
    PAGE.write_text(page.replace(in_page(page), render()))
