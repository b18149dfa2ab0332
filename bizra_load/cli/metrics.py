"""`bizra-load metrics`: judge the agreement by what Prometheus holds of the node, with or without a load test.

Writes metrics-validation-report.json into the artifacts folder. Exit codes are those of a run.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bizra_load.exit_codes import UsageError
from bizra_load.settings.defaults import DEFAULT_AGREEMENT

if TYPE_CHECKING:
    from bizra_load.judging.real_traffic import MetricsQuery

SHORTEST_S, LONGEST_S = 10, 24 * 3600


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("metrics", description=__doc__)
    parser.add_argument("--prometheus-url", metavar="URL", help="environment: PROMETHEUS_URL")
    parser.add_argument(
        "--prometheus-selector",
        metavar="MATCHERS",
        help='the node\'s series, e.g. job="node" (environment: PROMETHEUS_SELECTOR)',
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--window", default="15m", metavar="TIME", help="how far to look back, 10s to 24h (default: 15m)")
    when.add_argument("--run", dest="folder", type=Path, metavar="RUN", help="the steady part of this load test instead")
    parser.add_argument(
        "--agreement", help=f"name or YAML file (environment: AGREEMENT; default: RUN's, or {DEFAULT_AGREEMENT})"
    )
    parser.add_argument(
        "--environment-name", metavar="NAME", help="whose accepted deviations count (environment: AGREEMENT_ENVIRONMENT)"
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="JSON, or a packaged name (default: the agreement's)")
    parser.add_argument("--fail-on", choices=("no-go", "warn"), default="no-go", help="warn: warnings exit with 3 too")
    add_artifacts_argument(parser)
    parser.set_defaults(run=run)


def add_artifacts_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"), metavar="DIR", help="default: artifacts")


def run(args: argparse.Namespace) -> int:
    from bizra_load.judging.agreements import read_baseline
    from bizra_load.judging.real_traffic import validate_and_print
    from bizra_load.settings import inputs

    url, selector = prometheus_of(args)
    inputs.option("--artifacts", inputs.out_folder, str(args.artifacts))
    asked = _asked(args)
    baseline = read_baseline(args.baseline) if args.baseline else None
    return validate_and_print(url, selector, asked, args.artifacts, baseline, args.fail_on == "warn").exit_code


def prometheus_of(args: argparse.Namespace) -> tuple[str, str]:
    """(address, selector) of the options or the environment. Raises UsageError."""
    from bizra_load.settings import inputs

    url = inputs.option("--prometheus-url", inputs.url, args.prometheus_url or os.environ.get("PROMETHEUS_URL", ""))
    if not url:
        raise UsageError("--prometheus-url: is missing (allowed: http://... or https://..., or PROMETHEUS_URL)")
    selector = args.prometheus_selector or os.environ.get("PROMETHEUS_SELECTOR", "")
    return url, inputs.option("--prometheus-selector", inputs.selector, selector)


def _asked(args: argparse.Namespace) -> MetricsQuery:
    from bizra_load.engine.stages import duration_s
    from bizra_load.judging.agreements import read_agreement
    from bizra_load.judging.real_traffic import MetricsQuery, query_of_last, query_of_run

    name = args.agreement or os.environ.get("AGREEMENT", "")
    environment = args.environment_name or os.environ.get("AGREEMENT_ENVIRONMENT") or None
    if args.folder:
        asked = query_of_run(args.folder, args.agreement or "")
        asked.file.check_environment(environment)
        return MetricsQuery(asked.from_ns, asked.to_ns, asked.file, environment or asked.environment, asked.planned)
    try:
        length_s = duration_s(args.window)
    except ValueError as error:
        raise UsageError(f"--window: {error}") from None
    if not SHORTEST_S <= length_s <= LONGEST_S:
        raise UsageError(f"--window: {args.window!r} (allowed: 10s to 24h)")
    read = read_agreement(name or DEFAULT_AGREEMENT)
    read.check_environment(environment)
    return query_of_last(length_s, read, environment)
