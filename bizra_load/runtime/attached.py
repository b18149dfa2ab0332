"""`python -m bizra_load.runtime.attached`: Locust with us in it, so that a locustfile needs no line for it.

With UNCONFIGURED_VARIABLE it is without Locust's configuration (its variables, locust.conf in the working directory or at home,
[tool.locust] of a pyproject.toml), as where our schedule drives the load: what is left over from another test would make this
one another test, or none.
"""

from __future__ import annotations

import json
import logging
import os
import signal
from typing import Any

from locust import argument_parser, events
from locust.argument_parser import LocustArgumentParser
from locust.main import main

from bizra_load.io.signals import take_held
from bizra_load.runtime.locust_arguments import register_arguments
from bizra_load.runtime.plugin import install
from bizra_load.settings.defaults import (
    LOCUSTS_OWN,
    LOCUSTS_WEB_UI,
    OPTIONS,
    OPTIONS_VARIABLE,
    UNCONFIGURED_VARIABLE,
    WEB_UI_VARIABLE,
)

OF_A_SHAPE = ("have no impact on LoadShapes", "option(s) will be ignored")  # of locust.main's two warnings


def start() -> None:
    """Never returns: Locust ends the process."""
    take_held(signal.SIGINT)  # by its default until Plugin.listen: an import, or a wait, would end in a traceback
    if os.environ.get(UNCONFIGURED_VARIABLE):
        leave_out_configuration()
    logging.getLogger("locust.main").addFilter(_SaidByTheMaster())
    events.init_command_line_parser.add_listener(_options_handed_on)
    if os.environ.get(WEB_UI_VARIABLE):
        register_arguments(typed=False)
    main()


class _SaidByTheMaster(logging.Filter):
    """Workers that Locust forks from its master repeat what that says of a shape beside -u, -r and -t."""

    def __init__(self) -> None:
        super().__init__()
        self._master = os.getpid()

    def filter(self, record: logging.LogRecord) -> bool:
        return os.getpid() == self._master or not any(text in record.getMessage() for text in OF_A_SHAPE)


def leave_out_configuration() -> None:
    """Neither its files nor its variables, but those of the web UI. Locust has no option for it: the files are the default of
    its parsers' parameter.
    """
    kept = ("LOCUST_HOST", *LOCUSTS_WEB_UI)
    for name in [name for name in os.environ if name.startswith(LOCUSTS_OWN) and not name.startswith(kept)]:
        del os.environ[name]
    argument_parser.get_empty_argument_parser.__defaults__ = (True, ())
    argument_parser.get_parser.__defaults__ = ((),)


def _options_handed_on(parser: LocustArgumentParser, **_: Any) -> None:
    """All locustfiles have been imported. Our options come by an attribute of their own, which Locust's master sends to its
    workers with those of the locustfile; and install() comes last of what runs when Locust is ready: a slow one of the
    locustfile's own must not take of --run-time (see Plugin.listen).
    """
    if (handed_on := os.environ.get(OPTIONS_VARIABLE)) is not None:
        parser.set_defaults(**{OPTIONS: json.loads(handed_on)})
    if install in events.init._handlers:
        events.init.remove_listener(install)
    events.init.add_listener(install)


if __name__ == "__main__":
    start()
