"""Markdown documents from the templates beside this file. Every value is escaped, but for what a renderer marks as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.formats import markdown, table
from sla.values.assessment import Status


class Markdown(str):
    """Text that is Markdown already: made here, of escaped parts."""

    __slots__ = ()


def render(template: str, **values: object) -> str:
    """The document; lines that only hold template words leave none behind."""
    return _TEMPLATES.get_template(template).render(**values)


def cells(columns: Sequence[str], rows: Sequence[table.Row]) -> Markdown:
    """A Markdown table; its cells are escaped."""
    return Markdown("\n".join(markdown.pipe_table(columns, rows)))


def code(text: str) -> Markdown:
    """Inline code: nothing inside can end it. In a table's cell see in_cell()."""
    plain = " ".join(text.replace("`", "").split())
    return Markdown(f"`{plain}`")


def in_cell(text: Markdown) -> Markdown:
    """Inline code for a table's cell, where Markdown takes a backslash before a bar away; elsewhere it would stay."""
    return Markdown(text.replace("|", "\\|"))


def link(text: str, folder: str, file: str) -> Markdown:
    """A relative link to a file in the run folder; `folder` is the run folder as seen from the document."""
    return Markdown(f"[{markdown.escape(text)}]({quote(f'{folder}/{file}')})") if file else Markdown("")


def box(status: Status) -> Markdown:
    """A task-list box, ticked where the status is PASS."""
    return Markdown("[x]" if status is Status.PASS else "[ ]")


def _finalize(value: object) -> object:
    return value if isinstance(value, Markdown) else markdown.escape(str(value))


_TEMPLATES = Environment(  # noqa: S701  # Markdown: _finalize escapes every value, HTML too
    loader=PackageLoader("reports"),
    undefined=StrictUndefined,
    finalize=_finalize,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.globals.update(link=link, box=box, in_cell=in_cell)
