"""Every verb explains itself."""

import argparse
import random
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bizra_load.cli.main import main, parser
from bizra_load.node.faults import ALLOWED, Faults, parse_assignments
from sla.judgement.sequential import FIRST_LOOK_S, LOOK_LEVEL, LOOKED_LEVEL

ROOT = Path(__file__).resolve().parents[3]


def verbs(of: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    paths = [path]
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                paths += verbs(below, (*path, name))
    return paths


@pytest.mark.parametrize("words", verbs(parser()), ids=" ".join)
def test_help_is_shown_and_names_every_option(words, capsys):
    with pytest.raises(SystemExit) as end:
        main([*words, "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: bizra-load")
    assert "--help" in shown


def test_the_nodes_help_shows_every_fault_with_values_that_it_takes(capsys):
    with pytest.raises(SystemExit):
        main(["node", "--help"])
    shown = capsys.readouterr().out
    examples = re.findall(r"\b[a-z_.]+=[^\s,;]+", shown.partition("Faults, on")[2])
    drawn = re.findall(r"\b(?:lognormal|exponential|uniform)\(.*?\)", shown)
    assert len(drawn) == 3
    nothing = SimpleNamespace(hold=lambda _: None, burn=lambda _: None)
    for example in [*examples, *(f"generate.latency={latency}" for latency in drawn)]:
        Faults(random.Random(1), burden=nothing).set(parse_assignments([example]))
    assert {example.partition("=")[0] for example in examples} | set(re.findall(r"\b[a-z]+\.latency\b", shown)) == set(ALLOWED)


def test_our_options_in_locusts_parser_explain_themselves():
    code = (
        "from bizra_load.runtime.locust_arguments import register_arguments\n"
        "from locust.argument_parser import get_parser\n"
        "register_arguments(); print(get_parser().format_help())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    decided = f"at the level {LOOK_LEVEL}, in looks from {FIRST_LOOK_S:g} s", f"is judged at the level {LOOKED_LEVEL} then"
    for message in ("--target-ops", "0 to 100 per cent (default: 1 per cent)", *decided):
        assert message in " ".join(done.stdout.split())


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_a_reader_that_went_away_is_no_error(word):
    """Unbuffered, so that the text meets the closed pipe at once."""
    command = [sys.executable, "-u", "-m", "bizra_load.cli.main", word]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert (process.wait(timeout=60), process.stderr.read()) == (0, b"")
    process.stderr.close()
