"""A dashboard with its data, as Grafana keeps snapshots: every panel's data frames are under its `snapshotData`.

Grafana's own page makes the form (up to version 10: ShareSnapshot and DataFrameDTO) and version 11 and newer read it
(transformSaveModelToScene: of each field name, type, config and values, so that a legend has to be in the config).
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bizra_load.io.bounded_http import MALFORMED
from bizra_load.monitoring.panels import RANGE, Panel, runnable
from bizra_load.server_metrics.exposition import ScrapeError

LENGTH_S, STEP_S = 1800.0, 15.0  # what a dashboard shows when it is opened, and a usual scrape interval
_NEVER = 0  # VariableRefresh of Grafana's schema

QueryRange = Callable[[str, float, float, float], list[dict[str, Any]]]


def snapshot_of(
    dashboard: Mapping[str, Any], panels: Sequence[Panel], query: QueryRange, to_s: float, source: tuple[str, str], url: str
) -> dict[str, Any]:
    """The dashboard (JSON) without queries, with what they give for the half hour before `to_s`, a unix time. `query` gives the
    matrix of an expression between two times; `source` is name and uid of what it asks; `url` is the dashboard's.
    """
    from_s = to_s - LENGTH_S
    expressions = {p.title: p.queries for p in panels}
    made = copy.deepcopy(dict(dashboard))
    for panel in made["panels"]:
        defaults = panel["fieldConfig"]["defaults"]
        targets = {t["legendFormat"]: t["refId"] for t in panel["targets"]}
        panel["snapshotData"] = [
            _frame(series, legend, targets.get(legend, "A"), defaults)
            for legend, expression in expressions[panel["title"]].items()
            for series in _of(query, expression, from_s, to_s)
        ]
        panel |= {"targets": [], "links": [], "datasource": None}
    kept = ("name", "enable", "iconColor", "type", "builtIn", "hide")
    made["annotations"]["list"] = [
        {key: a[key] for key in kept if key in a} | {"snapshotData": []} for a in made["annotations"]["list"] if a.get("enable")
    ]
    for variable in made["templating"]["list"]:
        if variable["type"] == "datasource":
            variable["current"] = {"selected": True, "text": source[0], "value": source[1]}
        chosen = variable.get("current")
        variable |= {"query": "", "options": [chosen] if chosen else [], "refresh": _NEVER}
    made["snapshot"] = {"timestamp": _time(to_s), "originalUrl": url}
    return made | {"links": [], "refresh": "", "time": {"from": _time(from_s), "to": _time(to_s)}}


def _of(query: QueryRange, expression: str, from_s: float, to_s: float) -> list[dict[str, Any]]:
    """Rates over a minute; over five where that holds no two scrapes, as of a Prometheus that scrapes once a minute."""
    return query(runnable(expression), from_s, to_s, STEP_S) or query(
        runnable(expression, interval=RANGE), from_s, to_s, STEP_S
    )


def _frame(series: Mapping[str, Any], legend: str, ref_id: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A data frame of one series: times in ms and values, null where there is none. Raises ScrapeError."""
    try:
        labels = {str(name): str(value) for name, value in series["metric"].items()}
        points = [(round(float(at_s) * 1000), float(value)) for at_s, value in series["values"]]
    except MALFORMED as error:
        raise ScrapeError(f"a response that is no matrix of Prometheus: {type(error).__name__}") from None
    name = re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda placeholder: labels.get(placeholder[1], placeholder[0]), legend)
    times, values = [at for at, _ in points], [value if math.isfinite(value) else None for _, value in points]
    return {
        "name": name,
        "refId": ref_id,
        "fields": [
            {"name": "Time", "type": "time", "config": {}, "values": times},
            # versions up to 10 take unit and thresholds from here alone
            {
                "name": "Value", "type": "number", "config": {**defaults, "displayNameFromDS": name},
                "labels": labels, "values": values,
            },
        ],
    }  # fmt: skip


def _time(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
