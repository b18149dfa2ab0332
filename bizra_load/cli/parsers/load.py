"""The options of a load, which `run` and `validate` have."""

from __future__ import annotations

import argparse

from bizra_load.cli.parsers.shared import add_evidence_argument, add_objective_argument
from bizra_load.products import all_options
from bizra_load.settings.arguments import SWITCHES, described


def add_load_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of a load, for load_request()."""
    parser.add_argument("-H", "--host", metavar="URL", help="target (environment: ENDPOINT; default: a reference node)")
    parser.add_argument("-f", "--locustfile", metavar="FILE", help="any locustfile (default: mixed.py)")
    parser.add_argument("-u", "--users", metavar="N", help="users of a locustfile without our schedule (Locust's own)")
    parser.add_argument("-r", "--spawn-rate", metavar="N", help="users started per second (Locust's own)")
    parser.add_argument("-t", "--run-time", metavar="TIME", help="how long it runs then, such as 2m (default: --duration)")
    parser.add_argument(
        "--processes",
        "--workers",
        dest="processes",
        metavar="N",
        help="workers (environment: WORKERS; default: as many as the rate needs; 1 without our schedule)",
    )
    parser.add_argument("--enable-rebalancing", action="store_true", help="a lost worker's share goes to the others")
    parser.add_argument("--stop-timeout", metavar="S", help="Locust's own; operations under way are finished in any case")
    parser.add_argument("--loglevel", metavar="LEVEL", help="of Locust's log (default: WARNING)")
    for option in all_options():
        named = f", environment: {option.variable}"
        parser.add_argument(option.flag, metavar="VALUE", help=described(option.help, option.default, named))
    for switch in SWITCHES:
        parser.add_argument(switch.flag, action="store_true", help=switch.help)
    add_objective_argument(parser)
    add_evidence_argument(parser)
