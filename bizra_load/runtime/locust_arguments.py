"""Our options in Locust's own parser."""

from __future__ import annotations

from locust.argument_parser import LocustArgumentParser

from bizra_load.products import all_options
from bizra_load.settings.arguments import SWITCHES, described


def add_arguments(parser: LocustArgumentParser) -> None:
    """Our options in Locust's parser (command line, environment, configuration file and web form)."""
    group = parser.add_argument_group("bizra-load")
    for option in all_options():
        common = {"env_var": option.variable, "default": option.default}
        if option.on_the_web_form:
            group.add_argument(option.flag, help=described(option.help, option.default), **common)
        else:
            parser.add_argument(option.flag, help=option.help, include_in_web_ui=False, **common)
    for switch in SWITCHES:
        group.add_argument(switch.flag, action="store_true", default=False, help=switch.help)
    text = "NAME=PATH of evidence for a gate that a load can't see, read when the run has ended; repeatable"
    parser.add_argument("--evidence", action="append", default=[], include_in_web_ui=False, help=text)
