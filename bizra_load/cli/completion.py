"""`bizra-load completion SHELL`: shtab writes the script, from the parser itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import shtab

from bizra_load.cli.main import VERBS, parser
from bizra_load.exit_codes import KEPT

# by what help calls a value; RUN is a folder, latest, or the name of a folder of runs
_FILES = {"FILE": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}
_RUNS = {"bash": "_bizra_load_run_names", "zsh": "_bizra_load_run_names"}
_BASH = """
_bizra_load_run_names() {
  local runs="${BIZRA_LOAD_OUT:-runs}"
  (CDPATH= cd -- "$runs" 2>/dev/null && compgen -d -- "$1")
  compgen -d -- "$1"
}
"""
_ZSH = """
_bizra_load_run_names() {
  local runs="${BIZRA_LOAD_OUT:-runs}"
  compadd -- ${runs}/*(N:t)
  _files -/
}
"""
_PREAMBLES = {"bash": _BASH, "zsh": _ZSH}


def run(args: argparse.Namespace) -> int:
    whole = parser()
    [verbs] = [action for action in whole._actions if isinstance(action, argparse._SubParsersAction)]
    for verb, of_verb in verbs.choices.items():
        of_verb.description = VERBS[verb]  # zsh shows it beside the verb, in one line
    for action in _actions(whole):
        if kind := _RUNS if action.metavar == "RUN" else _FILES.get(str(action.metavar)):
            vars(action)["complete"] = kind
    sys.stdout.write(shtab.complete(whole, shell=args.shell, preamble=_PREAMBLES[args.shell]))
    return KEPT


def _actions(of: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All of a parser and of the verbs below it."""
    for action in of._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _actions(verb)
