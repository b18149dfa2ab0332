"""Our options in Locust's own parser."""

from __future__ import annotations

from typing import Any

from locust.argument_parser import LocustArgumentParser

from bizra_load.products import all_options
from bizra_load.settings.arguments import SWITCHES, described
from bizra_load.settings.defaults import OBJECTIVE, OBJECTIVE_HELP


def add_arguments(parser: LocustArgumentParser) -> None:
    """Our options in Locust's parser (command line, environment, configuration file and web form)."""
    group = parser.add_argument_group("bizra-load")

    def add(flag: str, on_the_web_form: bool, **how: Any) -> None:
        action = (group if on_the_web_form else parser).add_argument(flag, **how)
        vars(action)["include_in_web_ui"] = on_the_web_form  # Locust asks it of all, and sets it on those of no group alone

    for option in all_options():
        text = described(option.help, option.default) if option.on_the_web_form else option.help
        add(option.flag, option.on_the_web_form, env_var=option.variable, default=option.default, help=text)
    for switch in SWITCHES:
        add(switch.flag, switch.on_the_web_form, action="store_true", default=False, help=switch.help)
    add(OBJECTIVE, False, action="append", default=[], help=OBJECTIVE_HELP)
    text = "NAME=PATH of evidence for a gate that a load can't see, read when the run has ended; repeatable"
    add("--evidence", False, action="append", default=[], help=text)
    text = "NAME or NAME:PORT of this web UI behind a proxy or in a cluster, comma-separated; localhost and addresses always do"
    add("--web-names", False, env_var="BIZRA_LOAD_WEB_NAMES", default="", help=text)
    text = "Let the web form name files and folders of this machine: whoever can post to it can then have them opened"
    add("--web-files", False, action="store_true", default=False, help=text)
