"""`bizra-load validate`: import the dashboard, put the load on, validate the metrics, report and decide.

GRAFANA_URL, GRAFANA_API_KEY, PROMETHEUS_URL and ENDPOINT name the parts, TARGET_OPS_SEC and DURATION_SEC the load. Without a
target it rehearses on the reference node under a Prometheus of its own. artifacts/validated.json is for the canary controller.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from contextlib import ExitStack, suppress
from functools import partial
from urllib.parse import urlsplit

from bizra_load.exit_codes import BizraLoadError, InvalidRunError, UsageError
from bizra_load.io import terminal
from bizra_load.io.files import alone_in, writing
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.trust import Trust
from bizra_load.judging.agreements import OF_WORDS, AgreementFile, read_agreement
from bizra_load.judging.github_actions import publish_validation
from bizra_load.launch.load import put_load_on
from bizra_load.launch.request import LoadRequest, load_request
from bizra_load.monitoring.grafana import Place, check_place, settings_of_environment
from bizra_load.monitoring.rule_files import groups, to_yaml
from bizra_load.node.faults import FaultError, Faults, parse_assignments
from bizra_load.products import product_of
from bizra_load.rehearsal.local_prometheus import local_prometheus
from bizra_load.rehearsal.node_process import start_node
from bizra_load.settings import inputs
from bizra_load.validation.log import Log
from bizra_load.validation.suite import Plan, Suite, set_documents_aside
from sla.values.section import AgreementError


def run(args: argparse.Namespace) -> int:
    inputs.option("--artifacts", inputs.out_folder, str(args.artifacts))
    place, was_there = f"--artifacts: {args.artifacts}", args.artifacts.is_dir()
    with ExitStack() as stack:
        if was_there:
            stack.enter_context(alone_in(args.artifacts, place))
        try:
            request, plan = _planned(args)
        except BizraLoadError:  # this validation never began, and nobody may take an older one's decision for it
            set_documents_aside(args.artifacts, args.evidence)
            raise
        if not was_there:
            stack.enter_context(alone_in(args.artifacts, place))
        suite = Suite(plan, Log(sys.stdout, terminal.terminal_width(sys.stdout)))
        suite.begin()
        if plan.rehearsal:
            request, url, selector = _rehearse(request, plan.file, args.fault, stack)
            suite.rehearse(partial(put_load_on, request), request.host, url, selector)
        report = suite.run()
        publish_validation(report)
        return report.exit_code


def _planned(args: argparse.Namespace) -> tuple[LoadRequest, Plan]:
    """Raises UsageError before anything is started."""
    prometheus_url = _first(args.prometheus_url, "PROMETHEUS_URL")
    selector = _first(args.prometheus_selector, "PROMETHEUS_SELECTOR")
    given = vars(args)
    if prometheus_url and _first(args.metrics_url, "METRICS_URL"):
        given = {**given, "prometheus_url": ""}  # the load test reads the node itself
    request = load_request(given, args.words)
    rehearsal = not request.host
    settings = request.settings
    place = Place(args.folder, args.datasource, moves=False)
    _check(args, prometheus_url, rehearsal)
    _check_grafana(place, settings.trust)
    file = read_agreement(settings.agreement, settings.baseline, settings.objectives)
    return request, Plan(
        load=partial(put_load_on, request),
        file=file,
        agreement=settings.agreement or OF_WORDS,
        environment=settings.environment,
        target=without_userinfo(request.host),
        prometheus_url=prometheus_url,
        selector=selector,
        artifacts=args.artifacts,
        evidence=settings.evidence,
        fail_on_warn=settings.fail_on_warn,
        rehearsal=rehearsal,
        trust=settings.trust,
        place=place,
    )


def _check(args: argparse.Namespace, prometheus_url: str, rehearsal: bool) -> None:
    """Refuses whatever else is wrong, before anything is started. Raises UsageError."""
    if rehearsal and prometheus_url:
        raise UsageError("ENDPOINT: is not set, but PROMETHEUS_URL is (allowed: both, or neither to rehearse)")
    inputs.option("--prometheus-url", inputs.base_url, prometheus_url)
    if args.fault and not rehearsal:
        raise UsageError("--fault: is for rehearsals on the reference node (allowed: without -H and ENDPOINT)")
    try:
        Faults(random.Random()).set(parse_assignments(args.fault))
    except FaultError as error:
        raise UsageError(f"--fault: {error}") from None
    with writing(f"--artifacts: {args.artifacts}"):
        args.artifacts.mkdir(parents=True, exist_ok=True)


def _check_grafana(place: Place, trust: Trust) -> None:
    """Raises UsageError for what Grafana would refuse. One that does not respond is the first step's matter."""
    settings = settings_of_environment(trust=trust)
    if settings is None:
        if given := [flag for flag, value in (("--folder", place.folder), ("--datasource", place.source)) if value]:
            raise UsageError(f"{given[0]}: is Grafana's, and GRAFANA_URL is not set (allowed: with both)")
        return
    with suppress(InvalidRunError):
        check_place(settings, place)


def _rehearse(request: LoadRequest, file: AgreementFile, faults: list[str], stack: ExitStack) -> tuple[LoadRequest, str, str]:
    """Start the reference node and a Prometheus that scrapes it every second and has the agreement's alert rules: the load on
    that node, the address of the Prometheus, and the node's selector.
    """
    product = product_of(file.judged)
    job = product.job
    node = stack.enter_context(start_node([word for fault in faults for word in ("--fault", fault)]))
    try:
        rules = to_yaml(groups(product.alert_rules(file.judged, job)), file.agreement.name)
    except AgreementError:  # its limits are not known before the load, or it has none that rules are made of
        rules = ""
    prometheus = stack.enter_context(local_prometheus({job: urlsplit(node.metrics_url).netloc}, rules=rules))
    prometheus.wait_for_scrape(job)
    print(f"No target given: a rehearsal on the reference node {node.url}, Prometheus {prometheus.url}", flush=True)
    return request.in_rehearsal(node.url, node.metrics_url), prometheus.url, f'job="{job}"'


def _first(text: str | None, variable: str) -> str:
    return (os.environ.get(variable, "") if text is None else text).strip()
