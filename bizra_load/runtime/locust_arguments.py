"""Our options in Locust's own parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing Locust patches the standard library, and takes a second: the other verbs do without
    from locust.argument_parser import LocustArgumentParser
from bizra_load.settings.arguments import ARGUMENTS, SWITCHES, described


def add_arguments(parser: LocustArgumentParser) -> None:
    """Our options in Locust's parser (command line, environment, configuration file and web form)."""
    group = parser.add_argument_group("bizra-load")
    for flag, variable, default, text in ARGUMENTS:
        if flag == "--generator-metrics-port":  # taken once, before there is a web form
            parser.add_argument(flag, env_var=variable or "", default=default, help=text, include_in_web_ui=False)
            continue
        group.add_argument(flag, env_var=variable or "", default=default, help=described(text, default))
    for flag, text in SWITCHES:
        group.add_argument(flag, action="store_true", default=False, help=text)
    text = "NAME=PATH of evidence for a gate that a load can't see, read when the run has ended; repeatable"
    parser.add_argument("--evidence", action="append", default=[], include_in_web_ui=False, help=text)
