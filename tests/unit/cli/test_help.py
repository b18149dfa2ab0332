"""Every verb explains itself."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from bizra_load.cli.main import main, parser

ROOT = Path(__file__).resolve().parents[3]


def verbs(of: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                found += verbs(below, (*path, name))
    return found


@pytest.mark.parametrize("words", verbs(parser()), ids=" ".join)
def test_help_is_shown_and_names_every_option(words, capsys):
    with pytest.raises(SystemExit) as end:
        main([*words, "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: bizra-load")
    assert "--help" in shown


def test_locusts_own_help_shows_our_options():
    command = [sys.executable, "-m", "locust", "-f", "locustfiles/poi.py", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "--target-ops" in done.stdout
    assert "--abort-on-fail" in done.stdout
