"""Every word that a report can set above a column or into a status cell is in the glossary, and no column that is gone."""

import ast
import importlib
import itertools
import pkgutil
import re

import reports
from sla.judgement.comparison import Change
from sla.release.validation import Outcome
from sla.values.assessment import Decision, Severity, Status
from sla.values.window import FAILURE_CATEGORIES
from tests.architecture.markdown import ROOT, section, table_cells

PAGE = (ROOT / "docs/glossary.md").read_text()


def terms(heading):
    return {cells[0].strip("`") for cells in table_cells(section(PAGE, heading))} - {"term", "word", "category", "column"}


def column_titles():
    """From constants called ...COLUMNS, tuples that are called columns or handed to a function, and the templates' tables."""
    titles = set()
    for module in pkgutil.walk_packages(reports.__path__, "reports."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if name.endswith("COLUMNS"):
                titles |= set(value)
    for path in (ROOT / "reports").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                tuples = node.args
            elif isinstance(node, ast.Assign) and any(ast.unparse(t) == "columns" for t in node.targets):
                tuples = [node.value]
            else:
                continue
            titles |= {word for part in tuples for word in _title_words(part)}
    for path in (ROOT / "reports/templates").glob("*.j2"):
        for head in re.findall(r"^(\|.*\|)\n\| ?---", path.read_text(), re.MULTILINE):
            titles |= {cell.strip() for cell in head.strip("|").split("|")}
    return titles


def _title_words(node):
    """The words of a tuple of three or more capitalised texts; none of anything else."""
    words = [e.value for e in getattr(node, "elts", ()) if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    titles = isinstance(node, ast.Tuple) and len(words) == len(node.elts) >= 3 and all(re.match(r"[A-Z]\w+", w) for w in words)
    return words if titles else []


def test_the_titles_of_the_columns_are_found():
    """By themselves they prove nothing: those of golden reports, as a user sees them, must be among them."""
    seen = set()
    for path in (ROOT / "tests/golden").rglob("*.txt"):
        for head, lines in itertools.groupby(path.read_text().splitlines(), key=lambda line: line.startswith("┃")):
            if head:  # narrow terminals break titles into lines, also inside a word
                columns = zip(*(line.strip("┃").split("┃") for line in lines), strict=True)
                seen |= {"".join("".join(column).split()) for column in columns}
    assert len(seen) > 15
    # the title of a run that was looked at names another level
    assert {title.replace("99%", "95%") for title in seen} <= {title.replace(" ", "") for title in column_titles()}


def test_every_column_title_is_in_the_glossary_and_no_other():
    assert terms("## Columns of reports") == column_titles()


def test_every_status_and_decision_is_in_the_glossary_and_no_other():
    words = {member.value for kind in (Status, Severity, Decision, Change, Outcome) for member in kind}
    assert terms("## Statuses and decisions") == words


def test_every_failure_category_is_in_the_glossary_and_no_other():
    assert terms("## Failure categories") == set(FAILURE_CATEGORIES)
