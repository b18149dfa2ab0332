"""The options of a load, which `run` and `validate` have, in groups: what most loads need comes first."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from bizra_load.cli.parsers.shared import add_evidence_argument, add_objective_argument
from bizra_load.products import all_options
from bizra_load.settings.arguments import SWITCHES, described
from bizra_load.settings.defaults import OBJECTIVE

USAGE = "%(prog)s [-f LOCUSTFILE] [-H URL] [--target-ops N | -u USERS] [--duration TIME] [OPTION ...]"
# the flags of each group in their order, by its title in --help; what is in none follows by itself
GROUPS: Mapping[str, tuple[str, ...]] = {
    "the main options": (
        *("--locustfile", "--host", "--target-ops", "--users", "--spawn-rate", "--run-time", "--duration", "--ramp"),
        *(OBJECTIVE, "--agreement", "--metrics-url"),
    ),
    "more of the load": (
        *("--stages", "--arrivals", "--ops-per-user", "--pace-tasks", "--processes", "--enable-rebalancing", "--stop-timeout"),
        *("--abort-on-fail", "--stop-when-decided", "--load-seed"),
    ),
    "its requests": (
        *(
            "--request-timeout",
            "--headers-file",
            "--ca-file",
            "--insecure",
            "--fold-names",
            "--group-by",
            "--fire-request-events",
        ),
    ),
    "more of the judgement": (
        *(
            "--baseline",
            "--environment-name",
            "--prometheus-url",
            "--prometheus-selector",
            "--allow",
            "--evidence",
            "--fail-on",
        ),
    ),
    "files, and the generator itself": ("--out", "--run-name", "--loglevel", "--generator-metrics-port"),
}
OTHERS = "others, and those of products under test"


def add_load_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of a load, for load_request()."""
    adders = _adders()
    for title, flags in GROUPS.items():
        group = parser.add_argument_group(title)
        for flag in flags:
            adders.pop(flag)(group)
    group = parser.add_argument_group(OTHERS)
    for add in adders.values():
        add(group)


def _adders() -> dict[str, Callable[[argparse._ActionsContainer], object]]:
    """By flag: what adds that option to a group."""

    def adding(*flags: str, **how: object) -> Callable[[argparse._ActionsContainer], object]:
        return lambda group: group.add_argument(*flags, **how)  # type: ignore[arg-type]

    adders: dict[str, Callable[[argparse._ActionsContainer], object]] = {
        "--host": adding("-H", "--host", metavar="URL", help="target (environment: ENDPOINT; default: a reference node)"),
        "--locustfile": adding("-f", "--locustfile", metavar="FILE", help="any locustfile (default: mixed.py)"),
        "--users": adding("-u", "--users", metavar="N", help="users of a locustfile without our schedule (Locust's own)"),
        "--spawn-rate": adding("-r", "--spawn-rate", metavar="N", help="users started per second (Locust's own)"),
        "--run-time": adding(
            "-t", "--run-time", metavar="TIME", help="how long it runs then, such as 2m (default: --duration)"
        ),
        "--processes": adding(
            "--processes",
            "--workers",
            dest="processes",
            metavar="N",
            help="workers; -1: one per core (environment: WORKERS; default: as many as the rate needs; 1 without our schedule)",
        ),
        "--enable-rebalancing": adding(
            "--enable-rebalancing", action="store_true", help="a lost worker's share goes to the others"
        ),
        "--stop-timeout": adding(
            "--stop-timeout", metavar="S", help="how long a user may take to its end (default: --request-timeout and 1 s)"
        ),
        "--loglevel": adding("--loglevel", metavar="LEVEL", help="of Locust's log (default: WARNING)"),
        OBJECTIVE: add_objective_argument,
        "--evidence": add_evidence_argument,
    }
    for option in all_options():
        text = described(option.help, option.default, f", environment: {option.variable}")
        adders[option.flag] = adding(option.flag, metavar="VALUE", help=text)
    for switch in SWITCHES:
        adders[switch.flag] = adding(switch.flag, action="store_true", help=switch.help)
    return adders
