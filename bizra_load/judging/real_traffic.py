"""The agreement judged by what a Prometheus holds of the node: of the last minutes, or of a load test's steady part."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bizra_load.archive.store import read_run
from bizra_load.exit_codes import InvalidRunError, UsageError
from bizra_load.io.files import write_atomically, writing
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.terminal import terminal_width
from bizra_load.judging.agreements import AgreementFile, kept_agreement, read_agreement
from bizra_load.server_metrics.exposition import ScrapeError
from bizra_load.server_metrics.prometheus import PrometheusSource
from reports.others import metrics_validation
from sla.judgement.monitored import MetricsAssessment, judge_monitored
from sla.judgement.objectives import absolute
from sla.judgement.steady import find_steady
from sla.values.agreement import Limit
from sla.values.baseline import Baseline

REPORT = "metrics-validation-report.json"


@dataclass(frozen=True)
class MetricsQuery:
    """[from_ns, to_ns] in Unix ns, by which agreement, and the limits of its plan where there is one (see judge_monitored)."""

    from_ns: int
    to_ns: int
    read: AgreementFile
    environment: str | None
    planned: dict[str, tuple[Limit, Limit | None]]


def asked_of_last(length_s: float, read: AgreementFile, environment: str | None) -> MetricsQuery:
    """The last seconds before now."""
    now_ns = time.time_ns()
    return MetricsQuery(now_ns - int(length_s * 1e9), now_ns, read, environment, {})


def asked_of_run(folder: Path, agreement_name: str = "") -> MetricsQuery:
    """The steady part of a load test, by the agreement in its folder or another one. Raises BizraLoadError."""
    measurements, record = read_run(folder)
    read = read_agreement(agreement_name) if agreement_name else kept_agreement(folder)
    steady = find_steady(measurements)
    if steady is None:
        raise InvalidRunError(f"{folder}: no steady part of at least 5 s at a constant rate")
    planned = {
        o.key: (
            absolute(o.target, o, measurements, steady),
            absolute(o.acceptable, o, measurements, steady) if o.acceptable else None,
        )
        for o in read.agreement.objectives
        if o.target.of_plan
    }
    environment = record.environment or None
    known = environment if environment in read.agreement.accepted else None
    return MetricsQuery(steady.from_second * 10**9, steady.to_second * 10**9, read, known, planned)


def validate_metrics(
    source: PrometheusSource, asked: MetricsQuery, baseline: Baseline | None = None, fail_on_warn: bool = False
) -> MetricsAssessment:
    """Raises ScrapeError when Prometheus can't be asked, UsageError when it refuses the selector."""
    try:
        snapshots = source.snapshots(asked.from_ns, asked.to_ns)
    except ScrapeError as error:
        if "HTTP Status Code 400" in str(error):
            raise UsageError(f"--prometheus-selector: Prometheus refuses it: {error}") from None
        raise
    return judge_monitored(
        snapshots,
        asked.from_ns,
        asked.to_ns,
        asked.read.agreement,
        baseline or asked.read.baseline,
        asked.environment,
        asked.planned,
        fail_on_warn,
    )


def write_report(answer: MetricsAssessment, prometheus_url: str, selector: str, artifacts: Path) -> Path:
    """Raises UsageError."""
    path = artifacts / REPORT
    source = {"prometheus_url": without_userinfo(prometheus_url), "selector": selector}
    with writing(f"--artifacts: {artifacts}"):
        write_atomically(path, metrics_validation.render_json(answer, source))
    return path


def judge_and_show(
    url: str, selector: str, asked: MetricsQuery, artifacts: Path, baseline: Baseline | None = None, fail_on_warn: bool = False
) -> MetricsAssessment:
    """Ask Prometheus, judge, write the report, print the table. Raises BizraLoadError."""
    answer = validate_metrics(PrometheusSource(url, selector), asked, baseline, fail_on_warn)
    path = write_report(answer, url, selector, artifacts)
    print(metrics_validation.text(answer, terminal_width(sys.stdout), sys.stdout.isatty()))
    print(f"Report: {path}", flush=True)
    return answer
