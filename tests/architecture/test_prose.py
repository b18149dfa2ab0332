"""Every page can be read in an editor of 100 columns, in sentences that are read once, and its links lead somewhere. Pages,
docstrings, messages and templates use the words of the field.
"""

import ast
import itertools
import re

import pytest

from tests.architecture.markdown import PAGES, ROOT, blocks, sentences
from tests.architecture.modules import MODULES, tree_of

COLUMNS = 100
WORDS = 35
# the dialect that the project spoke once -> the field's own word
DIALECT = {
    r"right answers?|best answer": "successful response, or verdict",
    r"\b(?:be answered|answered (?:as|with) \d|without an answer)": "served, status, without a response, INCONCLUSIVE",
    r"\b(?:the|its|whose) answer (?:was|is) [A-Z]{2}": "verdict",
    r"in three looks|interim looks?|two looks|\beach look at running": "interim analyses",
    r"keeping side|measuring side": "master, worker",
    r"by the rule of old": "by the earlier rule",
    r"\bis (?:not|still) said\b": "reported, recorded",
    r"can't be told\b": "can't be distinguished, or estimated",
    r"\btells? nothing\b|\bnothing tells\b|\b(?:does|do) not (?:even )?tell\b": "does not report",
    r"\bnobody knows\b": "is unknown",
    r"\bfor want of\b": "for lack of",
}
TEMPLATES = sorted(path for path in (ROOT / "reports/templates").iterdir() if path.suffix in (".j2", ".html"))
NAMES = {"found", "said", "told", "answer", "answers"}  # of variables: they say nothing of what is in them
BESIDE = tuple(sorted(path for folder in ("tests", "benchmarks", "locustfiles") for path in (ROOT / folder).rglob("*.py")))
page = pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


@page
def test_lines_end_at_100_columns_but_for_tables_and_code(path):
    wide = [
        f"line {b.line + i}: {len(line)} columns"
        for b in blocks(path.read_text())
        if b.kind in ("prose", "heading")
        for i, line in enumerate(b.lines)
        if len(line) > COLUMNS
    ]
    assert wide == []


@page
def test_no_sentence_is_longer_than_35_words(path):
    long = [
        f"line {b.line}: {len(s.split())} words: {s[:80]}"
        for b in blocks(path.read_text())
        if b.kind == "prose"
        for s in sentences(b)
        if len(s.split()) > WORDS
    ]
    assert long == []


def dialect(text):
    """Its words, each with those to use instead; how the text is broken into lines does not matter."""
    return [f"{m[0]!r}: say {word}" for old, word in DIALECT.items() for m in re.finditer(old, " ".join(text.split()), re.I)]


def dialect_of_module(tree):
    """The dialect of its docstrings and strings, and of the names that it gives."""
    lines = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)):
                lines += [f"line {node.lineno}: {words}" for words in dialect(text)]
            case ast.Expr(value=ast.Constant(value=str(text))) if text.startswith("Of "):
                lines.append(f"line {node.lineno}: a docstring that begins with Of: say what it is")
    return lines + names_without_meaning(tree)


def close_per_cents(tree):
    """Figures that a message shows as 5%, where all others show 5 %: formats of Python, or a sign right behind a figure."""
    lines = []
    for node in ast.walk(tree):
        match node:
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[*_, ast.Constant(value=str(how))])) if how.endswith("%"):
                lines.append(f"line {node.lineno}: a format with %: say 5 %")
            case ast.JoinedStr(values=values):
                behind = [right for left, right in itertools.pairwise(values) if isinstance(left, ast.FormattedValue)]
                close = [text for text in behind if isinstance(text, ast.Constant) and str(text.value).startswith("%")]
                lines += [f"line {text.lineno}: a figure and a % behind it: say 5 %" for text in close]
            case ast.Constant(value=str(text)) if re.search(r"\{[^{}]*:[^{}]*%\}", text):
                lines.append(f"line {node.lineno}: a format with %: say 5 %")
    return lines


def names_without_meaning(tree):
    lines = []
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) if name in NAMES:
                lines.append(f"line {node.lineno}: a variable called {name}: name it by what it holds")
    return lines


@pytest.mark.parametrize("path", [*PAGES, *TEMPLATES, ROOT / "Makefile"], ids=lambda p: str(p.relative_to(ROOT)))
def test_words_are_those_of_the_field(path):
    text = path.read_text()
    names = NAMES & set(re.findall(r"\w+", " ".join(re.findall(r"{[{%].*?[%}]}", text)))) if path in TEMPLATES else set()
    code = [block.text for block in blocks(text) if block.language == "python"] if path in PAGES else []
    assert (dialect(text), names, [line for source in code for line in dialect_of_module(ast.parse(source))]) == ([], set(), [])


def test_docstrings_messages_and_names_are_in_the_words_of_the_field():
    assert len(MODULES) > 200
    assert {str(path): lines for path in MODULES if (lines := dialect_of_module(tree_of(path)))} == {}


def test_names_in_tests_benchmarks_and_locustfiles_say_what_they_hold():
    """Their strings are not read: they hold what must be refused, and words of other programs."""
    assert len(BESIDE) > 300
    assert {str(path): lines for path in BESIDE if (lines := names_without_meaning(ast.parse(path.read_text())))} == {}


@pytest.mark.parametrize(
    "source",
    [
        'def f():\n    """Of a number."""',
        "found = 1",
        "def f(told): ...",
        "for _, said in (): ...",
        'raise ValueError(f"{1}: could not be answered")',
        'MESSAGE = "how many can\'t be told"',
        '"""It is 0 where\nnobody\n    knows."""',
    ],
)
def test_dialect_of_a_module_is_noticed(source):
    assert len(dialect_of_module(ast.parse(source))) == 1
    assert dialect_of_module(ast.parse('"""Of old."""'))
    good = 'def f(value):\n    """The response, of any kind."""\n    return f"{value}, the verdict"'
    assert dialect_of_module(ast.parse(good)) == []


def test_a_percentage_has_the_same_form_everywhere():
    """But in what Prometheus makes of an annotation, which has a function of its own for it."""
    assert {path.name: lines for path in MODULES if (lines := close_per_cents(tree_of(path)))}.keys() == {"rule_case.py"}


@pytest.mark.parametrize("source", ['f"{share:.0%} of all"', 'f"{100 * share}% of all"', 'WHY = "at {level:.1%}"'])
def test_a_percentage_of_another_form_is_noticed(source):
    assert len(close_per_cents(ast.parse(source))) == 1
    assert close_per_cents(ast.parse('f"{100 * share:.0f} % of {name}"; "--margin 10%"')) == []


@page
def test_links_lead_to_pages_and_headings_that_exist(path):
    text = path.read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", text)):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        other = (path.parent / name).resolve() if name else path
        assert other.exists(), target
        if anchor:
            assert anchor in {_anchor(b.text) for b in blocks(other.read_text()) if b.kind == "heading"}, target


def test_the_index_names_every_page():
    index = (ROOT / "docs/index.md").read_text()
    linked = {(ROOT / "docs" / t.partition("#")[0]).resolve() for t in re.findall(r"\]\(([^)\s]+)\)", index)}
    decisions = ROOT / "docs/adr"
    missing = [str(p.relative_to(ROOT)) for p in PAGES if p not in linked and decisions not in p.parents]
    assert missing == ["docs/index.md"]


def test_the_list_of_decisions_names_every_decision():
    text = (ROOT / "docs/adr/README.md").read_text()
    decisions = {p.name for p in (ROOT / "docs/adr").glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\(([^)\s]+)\)", text)) >= decisions


def _anchor(heading):
    """As GitHub makes it of a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower())
    return words.replace(" ", "-")
