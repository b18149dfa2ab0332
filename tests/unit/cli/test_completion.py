"""`bizra-load completion`: what bash and zsh make of its scripts."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bizra_load.cli.main import VERBS, main

COMPLETE = """
source {script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_shtab_bizra_load
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
# a terminal in which the first word is typed, and Tab, until the second is there
TYPED_IN_ZSH = r"""
zmodload zsh/zpty
zpty -b z zsh -f -i
read_until() {
  local line all=
  repeat 600 {
    if zpty -rt z line; then all+=$line; [[ $all == *$1* ]] && return 0; else sleep 0.05; fi
  }
  print -r -- "$all"; return 1
}
zpty -w z 'fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; stty -echo columns 200; print -r READ""Y'
read_until READY && zpty -wn z "$1"$'\t' && read_until "$2"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("completion") / "script"
    command = [sys.executable, "-m", "bizra_load.cli.main", "completion", "bash"]
    path.write_text(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
    return path


def completed(script, cwd, *words):
    text = COMPLETE.format(script=script, words=" ".join(words))
    done = subprocess.run(["bash", "-c", text], cwd=cwd, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.processes
def test_bash_completes_verbs_options_files_and_runs(script, tmp_path):
    (tmp_path / "runs/20261121T100000Z-poi").mkdir(parents=True)
    (tmp_path / "runs/latest").symlink_to("20261121T100000Z-poi")
    (tmp_path / "mine.py").write_text("")
    assert set(completed(script, tmp_path, "bizra-load", "''")) >= set(VERBS)
    assert set(completed(script, tmp_path, "bizra-load", "r")) == {"run", "runs", "report"}
    assert completed(script, tmp_path, "bizra-load", "run", "--target")[0] == "--target-ops"
    assert completed(script, tmp_path, "bizra-load", "run", "-f", "mi") == ["mine.py"]
    assert completed(script, tmp_path, "bizra-load", "report", "la") == ["latest"]
    assert completed(script, tmp_path, "bizra-load", "report", "--format", "ht") == ["html"]


@pytest.mark.processes
def test_the_name_of_a_run_is_no_command(script, tmp_path):
    """Some shell or other expands what a list of words holds: $(...) of a folder's name, in a shared folder of runs."""
    for name in ("$(touch${IFS}pwned)", "`touch${IFS}pwned`", "20261121T100000Z-poi"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    for begun in ("''", "2"):
        assert "20261121T100000Z-poi" in completed(script, tmp_path, "bizra-load", "report", begun)
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.processes
@pytest.mark.parametrize(
    ("typed", "completed_to"),
    [
        ("report la", "report latest"),
        ("run --targ", "run --target-ops"),
        ("run -f mi", "run -f mine.py"),
        ("val", "validate"),
        ("report --format ht", "report --format html"),
        ("r", VERBS["report"]),  # of several verbs, what each does
    ],
)
def test_zsh_completes_likewise(tmp_path, capsys, typed, completed_to):
    assert shutil.which("zsh"), "zsh is missing: apt-get install -y --no-install-recommends zsh"
    assert main(["completion", "zsh"]) == 0
    (tmp_path / "_bizra-load").write_text(capsys.readouterr().out)
    (tmp_path / "runs/20261121T100000Z-poi").mkdir(parents=True)
    (tmp_path / "runs/latest").symlink_to("20261121T100000Z-poi")
    (tmp_path / "mine.py").write_text("")
    command = ["zsh", "-f", "-c", TYPED_IN_ZSH, "zsh", f"bizra-load {typed}", completed_to]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_the_readme_names_it():
    assert "bizra-load completion bash" in (Path(__file__).resolve().parents[3] / "README.md").read_text()
