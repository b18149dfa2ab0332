"""`bizra-load validate`: import the dashboard, put the load on, validate the metrics, report and decide.

GRAFANA_URL, GRAFANA_API_KEY, PROMETHEUS_URL and ENDPOINT name the parts, TARGET_OPS_SEC and DURATION_SEC the load. Without a
target it rehearses on the reference node under a Prometheus of its own. artifacts/validated.json is for the canary controller.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

from bizra_load.exit_codes import UsageError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from bizra_load.cli.metrics import add_artifacts_argument
    from bizra_load.cli.run import add_load_arguments

    parser = subparsers.add_parser("validate", description=__doc__)
    add_load_arguments(parser)
    add_artifacts_argument(parser)
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME=VALUE", help="rehearse with this fault of the reference node"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from bizra_load.cli import run as load
    from bizra_load.io import terminal
    from bizra_load.io.redaction import without_userinfo
    from bizra_load.judging.agreements import read_agreement
    from bizra_load.settings import inputs
    from bizra_load.validation.log import Log
    from bizra_load.validation.suite import Plan, Suite

    args.host = args.host or os.environ.get("ENDPOINT", "")
    rehearsal = not args.host
    prometheus_url = _first(args.prometheus_url, "PROMETHEUS_URL")
    selector = _first(args.prometheus_selector, "PROMETHEUS_SELECTOR")
    if prometheus_url and _first(args.metrics_url, "METRICS_URL"):
        args.prometheus_url = ""  # the load test reads the node itself
    inputs.option("--artifacts", inputs.out_folder, str(args.artifacts))
    settings = load.check_usage(args).settings
    _check(args, prometheus_url, rehearsal)
    with ExitStack() as stack:
        if rehearsal:
            prometheus_url, selector = _rehearse(args, stack)
        plan = Plan(
            load=lambda: load.put_load_on(args),
            file=read_agreement(settings.agreement),
            agreement=settings.agreement,
            environment=settings.environment,
            target=without_userinfo(args.host),
            prometheus_url=prometheus_url,
            selector=selector,
            artifacts=args.artifacts,
            evidence=settings.evidence,
            fail_on_warn=settings.fail_on_warn,
            rehearsal=rehearsal,
        )
        return Suite(plan, Log(sys.stdout, terminal.terminal_width(sys.stdout))).run().exit_code


def _check(args: argparse.Namespace, prometheus_url: str, rehearsal: bool) -> None:
    """What is wrong is said before anything is started. Raises UsageError."""
    from bizra_load.monitoring.grafana import settings_of_environment
    from bizra_load.node.faults import FaultError, Faults, parse_assignments
    from bizra_load.settings import inputs

    if rehearsal and prometheus_url:
        raise UsageError("ENDPOINT: is not set, but PROMETHEUS_URL is (allowed: both, or neither to rehearse)")
    inputs.option("--prometheus-url", inputs.url, prometheus_url)
    if args.fault and not rehearsal:
        raise UsageError("--fault: is for rehearsals on the reference node (allowed: without -H and ENDPOINT)")
    try:
        Faults(random.Random()).set(parse_assignments(args.fault))
    except FaultError as error:
        raise UsageError(f"--fault: {error}") from None
    settings_of_environment()
    try:
        args.artifacts.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--artifacts: {args.artifacts}: {error.strerror} (allowed: a folder that can be written)") from None


def _rehearse(args: argparse.Namespace, stack: ExitStack) -> tuple[str, str]:
    """Start the reference node and a Prometheus that scrapes it every second; its address and the node's selector."""
    from bizra_load.poi.rules import JOB
    from bizra_load.rehearsal.local_prometheus import local_prometheus
    from bizra_load.rehearsal.node_process import start_node

    node = stack.enter_context(start_node([word for fault in args.fault for word in ("--fault", fault)]))
    prometheus = stack.enter_context(local_prometheus({JOB: urlsplit(node.metrics_url).netloc}))
    prometheus.wait_for_scrape(JOB)
    args.host, args.metrics_url, args.prometheus_url = node.url, node.metrics_url, ""
    print(f"No target given: a rehearsal on the reference node {node.url}, Prometheus {prometheus.url}", flush=True)
    return prometheus.url, f'job="{JOB}"'


def _first(given: str | None, variable: str) -> str:
    return (os.environ.get(variable, "") if given is None else given).strip()
