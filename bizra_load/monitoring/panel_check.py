"""Do the panels of a node's dashboard return data, and is the node scraped fast enough?"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException

from bizra_load.monitoring.panels import Panel, runnable
from bizra_load.server_metrics.exposition import ScrapeError
from reports.results.dashboard_check import DashboardCheck, PanelCheck
from sla.values.agreement import Agreement

Query = Callable[[str], list[dict[str, Any]]]


def check_panels(
    query: Query, panels: Sequence[Panel], agreement: Agreement, asked: str, url: str = "", job: str = ".*"
) -> DashboardCheck:
    """`query` gives the instant vector of a PromQL expression, and raises ScrapeError."""
    found = []
    for panel in panels:
        counts = {legend: _finite(query(runnable(expression, job))) for legend, expression in panel.queries.items()}
        empty = tuple(legend for legend, count in counts.items() if not count)
        found.append(PanelCheck(panel.title, len(counts), sum(counts.values()), empty))
    total = agreement.operations["generate"].total
    slowest = query(f'max (scrape_duration_seconds{{job=~"{job}"}} and on (job, instance) {total})')
    scrape_s = _value(slowest[0]) if slowest else None
    return DashboardCheck(url, asked, tuple(found), scrape_s, agreement.process.scrape_s)


def prometheus_query(url: str, timeout_s: float = 10.0) -> Query:
    """Asks a Prometheus; the token comes from PROMETHEUS_TOKEN."""
    token = os.environ.get("PROMETHEUS_TOKEN")
    session = requests.Session()
    session.trust_env = False
    headers = {"Authorization": f"Bearer {token}"} if token else None
    client = PrometheusConnect(url=url, headers=headers, session=session, timeout=int(timeout_s))

    def query(expression: str) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = client.custom_query(expression)
        except (PrometheusApiClientException, requests.RequestException) as error:
            raise ScrapeError(f"{url}: {type(error).__name__}: {' '.join(str(error).split())[:200]}") from None
        return found

    return query


def _finite(vector: Sequence[dict[str, Any]]) -> int:
    """A quantile of nothing is NaN: that is no data."""
    return sum(math.isfinite(_value(series)) for series in vector)


def _value(series: dict[str, Any]) -> float:
    """Of one series of an instant vector. Raises ScrapeError."""
    try:
        return float(series["value"][1])
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise ScrapeError(f"an answer that is no instant vector of Prometheus: {type(error).__name__}") from None
