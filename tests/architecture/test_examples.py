"""Commands shown in the documents are commands that exist, with options that exist."""

import itertools
import re
import shlex

import pytest

from bizra_load.cli.main import understood
from tests.architecture.markdown import PAGES, ROOT

DOCUMENTS = [path for path in PAGES if path.name != "CHANGELOG.md"]  # what was, need not be any more

SHELL = ("|", "||", "&&", ">", ">>", ";")  # where a command ends


def blocks(text):
    """Indented or fenced lines, continued ones joined, without comments."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in fenced for line in block.replace("\\\n", " ").splitlines()]
    indented = re.sub(r"\\\n\s+", " ", text)
    return lines + re.findall(r"^    (\S.*)$", indented, re.MULTILINE)


def commands(word):
    cases = []
    for path in DOCUMENTS:
        text = path.read_text()
        if path.name == "CONTRIBUTING.md":  # its fenced commands are of what it adds: test_contributing carries them out
            text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        shown = blocks(text) + re.findall(r"`((?:\.venv/bin/)?" + re.escape(word) + r" [^`]+)`", text)
        for line in shown:
            try:
                words = shlex.split(re.sub(r"<[^>]*>", "x", line), comments=True)
            except ValueError:
                continue  # prose or a table that only looks like a command
            words = list(itertools.takewhile(lambda word: word not in SHELL, words))
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):  # variables in front of the command
                words.pop(0)
            if words and words[0].rpartition("/")[2] == word:
                cases.append(pytest.param(words[1:], id=f"{path.name}: {line}"[:100]))
    return cases


COMMANDS = [c for c in commands("bizra-load") if "..." not in c.values[0]]


def test_there_are_examples():
    assert len(COMMANDS) >= 5
    assert len(commands("make")) >= 5


@pytest.mark.parametrize("words", COMMANDS)
def test_every_bizra_load_command_in_the_documents_is_understood(words):
    try:
        understood(words)
    except SystemExit as end:
        assert (end.code, "--help" in words) == (0, True)  # noqa: PT017  # the only way out that is no refusal


@pytest.mark.parametrize("words", commands("make"))
def test_every_make_target_in_the_documents_exists(words):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {w for w in words if "=" not in w} <= targets


def test_every_module_run_by_python_in_the_documents_exists():
    for path in DOCUMENTS:
        for module in re.findall(r"python -m ([a-z_.]+[a-z])", path.read_text()):
            if module.split(".")[0] in ("benchmarks", "bizra_load", "tests"):
                file = ROOT / (module.replace(".", "/") + ".py")
                assert file.exists() or (file.with_suffix("") / "__main__.py").exists(), f"{path.name}: {module}"
