"""`bizra-load run`: put the load on and judge it. Without a target it starts the reference node and rehearses on it.

Words behind -- are the locustfile's own, and Locust's.
"""

from __future__ import annotations

import argparse

from bizra_load.cli.parsers.load import USAGE, add_load_arguments
from bizra_load.cli.parsers.shared import add_shown_arguments


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("run", description=__doc__, usage=USAGE)
    add_load_arguments(parser)
    text = (
        "Locust's web UI, with our options in its form, the live page and the verdict; Locust's own --web-port and others count"
    )
    parser.add_argument("--web-ui", action="store_true", help=text)
    shown = parser.add_argument_group("what is shown")
    add_shown_arguments(shown)
    shown.add_argument("--dry-run", action="store_true", help="say what would be done, by what it is judged; start nothing")
    parser.set_defaults(command="run:run")
