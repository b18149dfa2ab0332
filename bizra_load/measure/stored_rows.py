"""Rows as they are on disk: without what their readers take to be so. Most of that is also what runs lack that were saved
before it was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sla.values.window import FAILED, HISTOGRAMS, SUCCESSFUL, TIMED_OUT

Row = dict[str, Any]
_IMPLIED_OF_WINDOW: Row = {"unsent": 0, "untimed": 0, **{f"{name}_over_range": 0 for name in HISTOGRAMS}}
# Where a row has only the second, the first is the same: service times are response times in a closed model.
_SAME_AS = {"service_sum_ns": "response_sum_ns"} | {
    f"{kind}service": f"{kind}response" for kind in (SUCCESSFUL, FAILED, TIMED_OUT)
}
_IMPLIED_OF_HEALTH: Row = {
    "reconnects": 0,
    "gc_pause_ns": 0,
    "hub": "",
    "slots": 0,
    "bad_samples": 0,
    "report_errors": 0,
    "label_offset_ns": 0,
    "wall_offset_ns": 0,
    "clock_error_ns": -1,
    "lag_over_range": 0,
    "own_lag": "",
    "own_lag_over_range": 0,
    "housekeeping_ns": 0,
    "machine": None,
    "final": False,
}
_IMPLIED = {**_IMPLIED_OF_WINDOW, **_IMPLIED_OF_HEALTH}
_NOTHING = object()  # equal to no value


def stored(row: Row) -> Row:
    """A row of window_row() or health_row() as it is written to disk: without what its readers take to be so. Of its machine
    these are the worker's name and second, where they are the row's own.
    """
    kept = {key: value for key, value in row.items() if key not in _IMPLIED or value != _IMPLIED[key]}
    for key, other in _SAME_AS.items():
        if key in kept and kept[key] == row.get(other):
            del kept[key]
    if "operation" in kept and kept["started"] == _all_sent(row):
        del kept["started"]
    if machine := kept.get("machine"):
        own = _own(row)
        kept["machine"] = {key: value for key, value in machine.items() if own.get(key, _NOTHING) != value}
    return kept


def whole_window(row: Mapping[Any, Any]) -> Row:
    """What stored() was given as a window."""
    whole = {**_IMPLIED_OF_WINDOW, **row}
    for key, other in _SAME_AS.items():
        if key not in whole and other in whole:
            whole[key] = whole[other]
    if "started" not in whole:
        whole["started"] = _all_sent(whole)
    return whole


def whole_health(row: Mapping[Any, Any]) -> Row:
    """What stored() was given as a worker's health."""
    whole = {**_IMPLIED_OF_HEALTH, **row}
    if isinstance(whole["machine"], Mapping):
        whole["machine"] = {**_own(row), **whole["machine"]}
    return whole


def _all_sent(row: Mapping[Any, Any]) -> int | None:
    """How many requests a window started where each that was planned was sent; None where the row does not say."""
    planned, unsent = row.get("planned"), row.get("unsent")
    return planned - unsent if type(planned) is type(unsent) is int else None


def _own(row: Mapping[Any, Any]) -> Row:
    return {"second": row.get("second"), "process": row.get("worker")}
