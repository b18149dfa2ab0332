"""The agreement judged by what a Prometheus holds of the node: of the last minutes, or of a load test's steady part."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bizra_load.archive import checksums
from bizra_load.archive.store import read_run
from bizra_load.exit_codes import InvalidRunError, UsageError
from bizra_load.io.files import write_atomically, writing
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.terminal import coloured, terminal_width
from bizra_load.io.trust import THIS_MACHINES, Trust
from bizra_load.judging.agreements import AgreementFile, check_figures, kept_agreement, read_agreement
from bizra_load.server_metrics.exposition import ScrapeError
from bizra_load.server_metrics.prometheus import PrometheusSource
from bizra_load.settings.remedies import WORDS
from reports.results import metrics_validation
from sla.judgement.few_windows import MEASURE_LONGER
from sla.judgement.monitored import MetricsAssessment, judge_monitored
from sla.judgement.objectives import absolute
from sla.judgement.steady import find_steady
from sla.values.agreement import Limit
from sla.values.baseline import Baseline

REPORT = "metrics-validation-report.json"


@dataclass(frozen=True)
class MetricsQuery:
    """What Prometheus is asked for, and what judges it.

    from_ns, to_ns  the window, in Unix ns, both ends included
    run             the folder of the load test, None where there is none
    planned         limits that depend on a load test's plan, by objective: target and acceptable (see judge_monitored);
                    without those whose plan is not known, None without a load test
    """

    from_ns: int
    to_ns: int
    file: AgreementFile
    environment: str | None
    planned: dict[str, tuple[Limit, Limit | None]] | None
    run: Path | None = None


def query_of_last(length_s: float, file: AgreementFile, environment: str | None) -> MetricsQuery:
    """A query for the last `length_s` seconds before now."""
    now_ns = time.time_ns()
    return MetricsQuery(now_ns - int(length_s * 1e9), now_ns, file, environment, None)


def query_of_run(folder: Path, agreement_name: str = "") -> MetricsQuery:
    """A query for the steady part of a load test, by the agreement in its folder or another one. Raises BizraLoadError."""
    measurements, record = read_run(folder)
    file = read_agreement(agreement_name) if agreement_name else kept_agreement(folder)
    steady = find_steady(measurements)
    if steady is None:
        raise InvalidRunError(f"{folder}: no steady part of at least 5 s at a constant rate: {MEASURE_LONGER}")
    planned = {
        o.key: (
            absolute(o.target, o, measurements, steady),
            absolute(o.acceptable, o, measurements, steady) if o.acceptable else None,
        )
        for o in file.agreement.objectives
        if o.target.of_plan or (o.acceptable and o.acceptable.of_plan)
    }
    planned = {key: limits for key, limits in planned.items() if not limits[0].of_plan}
    environment = record.environment or None
    known = environment if environment in file.agreement.accepted else None
    return MetricsQuery(steady.from_second * 10**9, steady.to_second * 10**9, file, known, planned, folder)


def validate_metrics(
    source: PrometheusSource, query: MetricsQuery, baseline: Baseline | None = None, fail_on_warn: bool = False
) -> MetricsAssessment:
    """The assessment of what Prometheus holds. Raises ScrapeError when it can't be asked, UsageError for a selector that it
    refuses and for a figure of `baseline` that the agreement misspells.
    """
    check_figures(query.file.agreement, baseline, "--baseline")
    try:
        snapshots = source.snapshots(query.from_ns, query.to_ns)
    except ScrapeError as error:
        if "HTTP Status Code 400" in str(error):
            raise UsageError(f"--prometheus-selector: Prometheus refuses it: {error}") from None
        raise
    return judge_monitored(
        snapshots,
        query.from_ns,
        query.to_ns,
        query.file.agreement,
        baseline or query.file.baseline,
        query.environment,
        query.planned,
        fail_on_warn,
        words=WORDS,
    )


def write_report(
    assessment: MetricsAssessment, query: MetricsQuery, prometheus_url: str, selector: str, artifacts: Path
) -> Path:
    """Write REPORT into the folder `artifacts`; its path. Raises UsageError."""
    path = artifacts / REPORT
    judged = {**checksums.named(query.run), "agreement_sha256": query.file.sha256}
    source = {"prometheus_url": without_userinfo(prometheus_url), "selector": selector}
    with writing(f"--artifacts: {artifacts}"):
        write_atomically(path, metrics_validation.render_json(assessment, judged, source))
    return path


def validate_and_print(
    url: str,
    selector: str,
    query: MetricsQuery,
    artifacts: Path,
    baseline: Baseline | None = None,
    fail_on_warn: bool = False,
    trust: Trust = THIS_MACHINES,
) -> MetricsAssessment:
    """Ask Prometheus, judge, write the report, print the table. Raises BizraLoadError."""
    source = PrometheusSource(url, query.file.agreement.server_metrics, selector, trust=trust)
    assessment = validate_metrics(source, query, baseline, fail_on_warn)
    if trust.insecure and url.startswith("https:"):
        note = "the TLS certificate of Prometheus was not verified (--insecure)"
        assessment = replace(assessment, notes=(*assessment.notes, note))
    path = write_report(assessment, query, url, selector, artifacts)
    print(metrics_validation.render(assessment, terminal_width(sys.stdout), coloured(sys.stdout)))
    print(f"Report: {path}", flush=True)
    return assessment
