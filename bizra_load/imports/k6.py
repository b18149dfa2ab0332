"""k6's CSV output (grafana.com/docs/k6, "CSV")."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bizra_load.imports.fields import category_of_code, category_of_failure, latency_ns, time_ns
from bizra_load.imports.samples import ImportedSample, ImportedSamples
from bizra_load.measure.operation_names import MAX_NAME
from sla.values.number import number_in, whole_in
from sla.values.window import GENERATOR

TITLE = "k6 CSV"
COLUMNS = ("metric_name", "timestamp", "metric_value")
MOST_ITERATIONS = 1e9  # of one row
_TIMEOUT, _DNS = "1050", "110"  # grafana.com/docs/k6, "Error codes"
_GRPC_DEADLINE_EXCEEDED = "4"
_OTHER_PROTOCOLS = ("ws_", "browser_")
_UNKNOWN = "neither expected_response nor status says whether it succeeded (k6 run --system-tags expected_response,status)"


def take(samples: ImportedSamples, row: Mapping[str, str]) -> None:
    """One row. Raises ValueError where what it says of success, or of what was dropped, is not known."""
    metric = row["metric_name"]
    if metric in ("http_req_duration", "grpc_req_duration"):
        category = _http(row) if metric == "http_req_duration" else _grpc(row)
        latency = samples.value(lambda: latency_ns(row["metric_value"], "metric_value"))
        name = row.get("name") or row.get("url", "")
        reason = _reason(row) if category else ""
        samples.add(ImportedSample(name, category, _time_ns(samples, row), latency, reason, _scenario(row)))
    elif metric == "checks":
        passed = samples.value(lambda: _number(row["metric_value"], "1 for a check that passed, 0 for one that failed"))
        if passed is None or passed < 1:  # what does not say that it passed did not
            samples.add_failed_check(row.get("check") or "")
    elif metric == "iterations":
        samples.iterations[_scenario(row)] += round(samples.value(lambda: _iterations(row)) or 0)
    elif metric == "dropped_iterations" and (count := _iterations(row)):
        samples.add_dropped(round(count), _time_ns(samples, row), _scenario(row))
    elif metric == "http_req_failed" and row.get("expected_response") != "false":  # then the sample itself has failed
        failed = samples.value(lambda: _number(row["metric_value"], "1 for a request that failed, 0 for one that succeeded"))
        if failed is None or failed > 0:
            name = row.get("name") or row.get("url", "")
            samples.fail_latest(name, _time_ns(samples, row), "bad_json", "http_req_failed")
    elif metric.startswith(_OTHER_PROTOCOLS):
        protocol = metric.partition("_")[0]
        samples.notes.add(f"{protocol} metrics were left out: judged are http_req_duration and grpc_req_duration")


def _scenario(row: Mapping[str, str]) -> str:
    return (row.get("scenario") or "")[:MAX_NAME]


def _iterations(row: Mapping[str, str]) -> float:
    return _number(row["metric_value"], f"a count of at most {MOST_ITERATIONS:g}", MOST_ITERATIONS)


def _number(text: str, allowed: str, most: float = math.inf) -> float:
    value = number_in(text)
    if value is None or value > most:
        raise ValueError(f"metric_value: {text[:50]!r} (allowed: {allowed})")
    return value


def _time_ns(samples: ImportedSamples, row: Mapping[str, str]) -> int | None:
    return samples.value(lambda: time_ns(row["timestamp"])[0])


def _http(row: Mapping[str, str]) -> str:
    """k6's own word where the row has it; else a response is expected from 200 to 399, as k6 holds it. k6 writes an error code
    for every status from 400 on, also for one that the script expects (setResponseCallback) or that digest begins with.
    """
    status, expected = row.get("status") or "", row.get("expected_response") or ""
    if expected == "true" and status and row.get("error_code") == f"1{status}" and not row.get("error"):
        return ""
    if row.get("error_code") == _TIMEOUT:
        return "timeout"
    if (row.get("error_code") or "").startswith(_DNS):
        return GENERATOR
    if row.get("error_code") or row.get("error"):
        return category_of_failure(status, row.get("error") or "")
    if expected:
        return category_of_code(status) if expected != "true" else ""
    if not status:
        raise ValueError(_UNKNOWN)
    return "" if len(status) == 3 and 200 <= (whole_in(status) or 0) <= 399 else category_of_code(status)


def _reason(row: Mapping[str, str]) -> str:
    parts = [f"status {row['status']}" if row.get("status") else "", row.get("error") or "", row.get("error_code") or ""]
    return ", ".join(text for text in parts if text)


def _grpc(row: Mapping[str, str]) -> str:
    """By the status alone, gRPC's code: k6 sets no error and no expected_response for it."""
    status = row.get("status") or ""
    if not status:
        raise ValueError(_UNKNOWN)
    if status == "0":
        return ""
    return "timeout" if status == _GRPC_DEADLINE_EXCEEDED else "grpc"
