"""`python -m tests.architecture.limits`: write docs/limits.md, every number of sla/ with a name, its value and its comment."""

from __future__ import annotations

import ast
import importlib
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sla
from tests.architecture.markdown import ROOT
from tests.architecture.modules import tree_of

PAGE = ROOT / "docs/limits.md"
HEAD = """# Limits

Every number with a name by which `sla/` judges a run or words a report: its value, and what it is
of or why. `python -m tests.architecture.limits` writes this page, and a test holds it to the code.
What an agreement sets (targets, `validity`) is on the page of the [agreement](agreement.md).
"""


@dataclass(frozen=True)
class Limit:
    """A constant of a module. `why`: the comment on its line."""

    path: str
    name: str
    value: object
    why: str


def limits() -> Iterator[Limit]:
    """All numeric constants of the modules of sla/, module by module, in their order."""
    home = Path(sla.__file__).parent
    for path in sorted(home.rglob("*.py")):
        module = importlib.import_module(
            ".".join(["sla", *path.relative_to(home).with_suffix("").parts]).removesuffix(".__init__")
        )
        comments = _comments(path.read_text())
        for node in tree_of(path).body:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
            for target in targets:
                if not isinstance(target, ast.Name) or not target.id.isupper():
                    continue
                value = getattr(module, target.id)
                if _number(value) or (not target.id.startswith("_") and _holds_numbers(value)):
                    yield Limit(f"sla/{path.relative_to(home)}", target.id, value, comments.get(node.lineno, ""))


def _comments(source: str) -> dict[int, str]:
    """By line: the comment at its end."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _holds_numbers(value: object) -> bool:
    """A collection of numbers, or one by number."""
    return isinstance(value, tuple | dict) and all(map(_number, value))


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_shown(v)}" for k, v in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(_shown, value))
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}" if isinstance(value, float) else str(value)


def page() -> str:
    lines, path = [HEAD], ""
    for limit in limits():
        if limit.path != path:
            lines += [""] if path else []
            path = limit.path
            lines += [f"## `{path}`\n", "| Name | Value | Reason |", "|---|---|---|"]
        lines.append(f"| `{limit.name}` | {_shown(limit.value)} | {limit.why} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
