"""`bizra-load run`: put the load on and judge it. Without a target it starts the reference node and rehearses on it."""

from __future__ import annotations

import argparse

from bizra_load.cli.parsers.load import add_load_arguments


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("run", description=__doc__)
    add_load_arguments(parser)
    parser.set_defaults(command="run:run")
