"""`python -m bizra_load.runtime.unconfigured`: Locust without its configuration files (locust.conf in the working directory or
at home, [tool.locust] of a pyproject.toml). `bizra-load run` starts it so: a file left over from another test would make this
one another test, or none, as its variables would.
"""

from __future__ import annotations

from locust import argument_parser
from locust.main import main


def start() -> None:
    """Locust has no option for it: the files are the default of its parsers' parameter."""
    argument_parser.get_empty_argument_parser.__defaults__ = (True, ())
    argument_parser.get_parser.__defaults__ = ((),)
    main()


if __name__ == "__main__":
    start()
