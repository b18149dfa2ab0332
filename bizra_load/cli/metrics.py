"""`bizra-load metrics`: judge the agreement by what Prometheus holds of the node, with or without a load test.

Writes metrics-validation-report.json into the artifacts folder. Exit codes are those of a run.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace

from bizra_load.cli.server_options import prometheus_url_of, trust_of
from bizra_load.exit_codes import UsageError
from bizra_load.io.files import set_aside
from bizra_load.io.units import duration_s
from bizra_load.judging.agreements import read_agreement, read_baseline
from bizra_load.judging.real_traffic import REPORT, MetricsQuery, query_of_last, query_of_run, validate_and_print
from bizra_load.settings import inputs
from bizra_load.settings.defaults import DEFAULT_AGREEMENT

SHORTEST_S, LONGEST_S = 10, 24 * 3600


def run(args: argparse.Namespace) -> int:
    url, selector = prometheus_of(args)
    inputs.option("--artifacts", inputs.out_folder, str(args.artifacts))
    set_aside(args.artifacts, [REPORT], f"--artifacts: {args.artifacts}")
    query = _query(args)
    baseline = read_baseline(args.baseline) if args.baseline else None
    trust = trust_of(args)
    return validate_and_print(url, selector, query, args.artifacts, baseline, args.fail_on == "warn", trust).exit_code


def prometheus_of(args: argparse.Namespace) -> tuple[str, str]:
    """(address, selector) of the options or the environment. Raises UsageError."""
    url = prometheus_url_of(args)
    selector = args.prometheus_selector or os.environ.get("PROMETHEUS_SELECTOR", "")
    return url, inputs.option("--prometheus-selector", inputs.selector, selector)


def _query(args: argparse.Namespace) -> MetricsQuery:
    name = args.agreement or os.environ.get("AGREEMENT", "")
    environment = args.environment_name or os.environ.get("AGREEMENT_ENVIRONMENT") or None
    if args.folder:
        query = query_of_run(args.folder, args.agreement or "")
        query.file.check_environment(environment)
        return replace(query, environment=environment or query.environment)
    length_s = inputs.option("--window", duration_s, args.window)
    if not SHORTEST_S <= length_s <= LONGEST_S:
        raise UsageError(f"--window: {args.window!r} (allowed: 10s to 24h)")
    read = read_agreement(name or DEFAULT_AGREEMENT)
    read.check_environment(environment)
    return query_of_last(length_s, read, environment)
