"""Every section "Add ..." of CONTRIBUTING.md is carried out in a copy of the repository, and its commands succeed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.markdown import ROOT, blocks, section

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
SECTIONS = re.findall(r"^## (Add .+)$", PAGE, re.MULTILINE)


@pytest.fixture
def copy(tmp_path):
    """The repository's files in a folder of their own, with the virtual environment under its usual name."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def change(folder: Path, block: str) -> Path:
    """Carry out a change: "+++ path", then lines that go (-), come (+) and are there (space); "@@" parts places. How far the
    place is indented in the file does not matter.
    """
    head, *lines = block.splitlines()
    path = folder / head.removeprefix("+++ ")
    for place in "\n".join(lines).split("\n@@\n"):
        marked = [(line[:1] or " ", line[1:]) for line in place.splitlines()]
        text = path.read_text().splitlines()
        there = [line for mark, line in marked if mark in " -"]
        starts = [i for i in range(len(text)) if [t.strip() for t in text[i : i + len(there)]] == [t.strip() for t in there]]
        assert len(starts) == 1, f"{path.name}: {len(starts)} places hold:\n" + "\n".join(there)
        deeper = " " * (_indent(text[starts[0]]) - _indent(there[0]))
        come = [(deeper + line) if line else "" for mark, line in marked if mark in " +"]
        text[starts[0] : starts[0] + len(there)] = come
        path.write_text("\n".join(text) + "\n")
    return path


def _indent(line):
    return len(line) - len(line.lstrip())


def carried_out(folder: Path, heading: str) -> list[Path]:
    """The files of a section, after it was carried out; its commands must succeed and show what the page says."""
    shown, before, touched = "", "", []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}  # of this very test
    environment |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    for block in blocks(section(PAGE, f"## {heading}")):
        if block.language in ("python", "yaml"):
            new = re.fullmatch(r"In `([^`]+)`:", before.strip().splitlines()[-1])
            assert new, f"no line that says which file begins with {block.lines[0]}"
            path = folder / new[1]
            assert not path.exists(), f"the guide's own example is in this tree: move or remove {new[1]}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text + "\n")
            touched.append(path)
        elif block.language == "diff":
            touched.append(change(folder, block.text))
        elif block.language == "sh":
            command = ["bash", "-e", "-o", "pipefail", "-c", block.text]
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == 0, f"{block.text}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
            shown = done.stdout
        elif block.language == "text":
            for line in block.lines:
                assert line.strip() in shown
        before = block.text
    return touched


def test_there_is_a_section_for_each_kind_of_thing():
    for thing in ("scenario", "option", "verb", "report format", "estimator", "objective kind", "product"):
        assert any(heading.split(" ", 2)[2] == thing for heading in SECTIONS), thing


@pytest.mark.slow
@pytest.mark.parametrize("heading", SECTIONS)
def test_a_section_works_as_it_stands(heading, copy):
    assert "```sh" in section(PAGE, f"## {heading}")
    touched = [str(p) for p in carried_out(copy, heading) if p.suffix == ".py"]
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run([*ruff, *command, *touched], cwd=copy, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_change_that_fits_nowhere_is_found(tmp_path):
    (tmp_path / "a.py").write_text("one\ntwo\n")
    with pytest.raises(AssertionError, match="0 places"):
        change(tmp_path, "+++ a.py\n-three\n+four")
    change(tmp_path, "+++ a.py\n one\n-two\n+four")
    assert (tmp_path / "a.py").read_text() == "one\nfour\n"
