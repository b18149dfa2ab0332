"""Do the panels of a node's dashboard return data, and is the node scraped fast enough?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from bizra_load.io.bounded_http import MALFORMED
from bizra_load.io.utc import utc_now
from bizra_load.monitoring.panels import RANGE, Panel, runnable
from bizra_load.server_metrics.exposition import ScrapeError
from reports.results.dashboard_check import DashboardCheck, PanelCheck
from sla.values.agreement import Agreement
from sla.values.promql import with_metric

Query = Callable[[str], list[dict[str, Any]]]


def check_panels(
    query: Query, panels: Sequence[Panel], agreement: Agreement, asked: str, url: str = "", job: str = ".*"
) -> DashboardCheck:
    """`query` gives the instant vector of a PromQL expression, and raises ScrapeError."""
    checks = []
    for panel in panels:
        expressions = {legend: runnable(expression, job, interval=RANGE) for legend, expression in panel.queries.items()}
        counts = {legend: _finite(query(expression)) for legend, expression in expressions.items()}
        empty = tuple(legend for legend, count in counts.items() if not count)
        checks.append(PanelCheck(panel.title, tuple(panel.queries.values()), sum(counts.values()), empty))
    total = next((m.total for m in agreement.operations.values() if m.total), "up")  # whoever has it is one of the nodes
    scrapes = f'scrape_duration_seconds{{job=~"{job}"}}'
    slowest = query(f"max {with_metric(scrapes, total)}")
    scrape_s = _value(slowest[0]) if slowest else None
    if scrape_s is not None and not 0 <= scrape_s < math.inf:
        scrape_s = None  # that is no time
    return DashboardCheck(url, asked, utc_now(), tuple(checks), scrape_s, agreement.process.scrape_s, job)


def _finite(vector: Sequence[dict[str, Any]]) -> int:
    """A quantile of nothing is NaN: that is no data."""
    return sum(math.isfinite(_value(series)) for series in vector)


def _value(series: dict[str, Any]) -> float:
    """The value of one series of an instant vector. Raises ScrapeError."""
    try:
        return float(series["value"][1])
    except MALFORMED as error:
        raise ScrapeError(f"a response that is no instant vector of Prometheus: {type(error).__name__}") from None
