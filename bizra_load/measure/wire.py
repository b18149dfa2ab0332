"""Windows and health rows as plain, versioned data: the same rows go over the wire (msgpack) and to disk (JSON lines).

Histograms are text (see hdr_codec). Decoding treats its input as hostile: sizes and types are checked, nothing is executed, and
all trouble is a WireError of one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgpack

from bizra_load.measure.hdr_codec import WireError, compressed, decode_histogram, encode_histograms, payloads
from sla.values.histogram import Histogram
from sla.values.machine import UNKNOWN, MachineSecond
from sla.values.window import Health, Window

VERSION = 1
MAX_REPORT_BYTES = 8 * 1024 * 1024
MAX_ROWS = 10_000
MAX_NAME = 200
MAX_COUNT = 1 << 62
MAX_SECOND = 1 << 34  # the year 2514


def window_row(w: Window) -> dict[str, Any]:
    """Plain values of a window, the form of `windows.jsonl`."""
    return _window_row(w, *encode_histograms((w.response, w.service)))


def _window_row(w: Window, response: str, service: str) -> dict[str, Any]:
    return {
        "second": w.second,
        "operation": w.operation,
        "planned": w.planned,
        "unsent": w.unsent,
        "started": w.started,
        "ok": w.ok,
        "failed": dict(w.failed),
        "in_flight_ns": w.in_flight_ns,
        "response_sum_ns": w.response_sum_ns,
        "service_sum_ns": w.service_sum_ns,
        "response_over_range": w.response.over_range,
        "service_over_range": w.service.over_range,
        "response": response,
        "service": service,
    }


def window_from_row(row: object) -> Window:
    """Raises WireError for anything that window_row() could not have made."""
    if not isinstance(row, Mapping):
        raise WireError("a window must be a mapping")
    failed = row.get("failed")
    if not isinstance(failed, Mapping) or len(failed) > 100:
        raise WireError("failed: must be a mapping of categories to counts")
    window = Window(
        second=_count(row, "second", MAX_SECOND),
        operation=_name(row, "operation"),
        planned=_count(row, "planned"),
        unsent=_count(row, "unsent"),
        started=_count(row, "started"),
        ok=_count(row, "ok"),
        failed={_name({"category": category}, "category"): _count(failed, category) for category in failed},
        in_flight_ns=_count(row, "in_flight_ns"),
        response_sum_ns=_count(row, "response_sum_ns"),
        service_sum_ns=_count(row, "service_sum_ns"),
        response=decode_histogram(_text(row, "response"), _count(row, "response_over_range")),
        service=decode_histogram(_text(row, "service"), _count(row, "service_over_range")),
    )
    samples = window.ok + window.failed.get("timeout", 0)  # the others have no latency
    if not window.response.total == window.service.total == samples:
        held = f"{window.response.total} response and {window.service.total} service times"
        raise WireError(f"{window.operation}: histograms hold {held} of {samples} operations")
    return window


def health_row(h: Health) -> dict[str, Any]:
    """Plain values of a health row, the form of `health.jsonl`."""
    return _health_row(h, *encode_histograms((h.lag, h.own_lag, h.hub)))


def _health_row(h: Health, lag: str, own_lag: str, hub: str) -> dict[str, Any]:
    return {
        "second": h.second,
        "worker": h.worker,
        "cpu_share": h.cpu_share,
        "reconnects": h.reconnects,
        "rss_bytes": h.rss_bytes,
        "gc_pause_ns": h.gc_pause_ns,
        "slots": h.slots,
        "label_offset_ns": h.label_offset_ns,
        "wall_offset_ns": h.wall_offset_ns,
        "clock_error_ns": h.clock_error_ns,
        "lag_over_range": h.lag.over_range,
        "lag": lag,
        "own_lag_over_range": h.own_lag.over_range,
        "own_lag": own_lag,
        "housekeeping_ns": h.housekeeping_ns,
        "hub": hub,
        "machine": machine_row(h.machine) if h.machine else None,
    }


def health_from_row(row: object) -> Health:
    if not isinstance(row, Mapping):
        raise WireError("a health row must be a mapping")
    row = {**_NOT_YET_MEASURED, **row}
    machine = row["machine"]
    return Health(
        second=_count(row, "second", MAX_SECOND),
        worker=_name(row, "worker"),
        lag=decode_histogram(_text(row, "lag"), _count(row, "lag_over_range")),
        own_lag=decode_histogram(_text(row, "own_lag"), _count(row, "own_lag_over_range")),
        cpu_share=_number(row, "cpu_share", 0.0),
        reconnects=_count(row, "reconnects"),
        rss_bytes=_count(row, "rss_bytes"),
        gc_pause_ns=_count(row, "gc_pause_ns"),
        hub=decode_histogram(_text(row, "hub")),
        slots=_count(row, "slots"),
        housekeeping_ns=_count(row, "housekeeping_ns"),
        label_offset_ns=_signed(row, "label_offset_ns", 0),
        wall_offset_ns=_signed(row, "wall_offset_ns", 0),
        clock_error_ns=_signed(row, "clock_error_ns", -1),
        machine=None if machine is None else machine_from_row(machine),
    )


# what runs saved before it was measured say nothing about
_NOT_YET_MEASURED = {
    "gc_pause_ns": 0,
    "hub": "",
    "slots": 0,
    "own_lag": "",
    "own_lag_over_range": 0,
    "housekeeping_ns": 0,
    "machine": None,
}
_MACHINE = ("cpu_s", "waited_s", "steal", "pressure", "throttled_s")


def machine_row(m: MachineSecond) -> dict[str, Any]:
    """Plain values, the form of `target.jsonl` and of a health row's "machine"."""
    return {"second": m.second, "process": m.process, "cores": m.cores, **{key: getattr(m, key) for key in _MACHINE}}


def machine_from_row(row: object) -> MachineSecond:
    """Raises WireError for anything that machine_row() could not have made."""
    if not isinstance(row, Mapping):
        raise WireError("machine: must be a mapping")
    figures = {key: _number(row, key, UNKNOWN) for key in _MACHINE}
    return MachineSecond(_count(row, "second", MAX_SECOND), _name(row, "process"), _count(row, "cores"), **figures)


BUCKETS_A_STEP = 400  # turned into bytes in less than 0.1 ms; a single histogram with more is a step by itself


class ReportMaker:
    """encode_report() in small steps: run steps() to its end, then `data` is there."""

    data = b""

    def steps(self, windows: Sequence[Window], health: Sequence[Health]) -> Iterator[None]:
        yield
        histograms = [h for w in windows for h in (w.response, w.service)]
        histograms += [h for row in health for h in (row.lag, row.own_lag, row.hub)]
        unpacked: list[bytes] = []
        together: list[Histogram] = []
        for h in histograms:
            if together and sum(t.indices.size for t in (*together, h)) > BUCKETS_A_STEP:
                unpacked += payloads(together)
                together = []
                yield
            together.append(h)
        unpacked += payloads(together)
        yield
        texts = []
        for payload in unpacked:
            texts.append(compressed(payload))
            yield
        left = iter(texts)
        rows = [[_window_row(w, next(left), next(left)) for w in windows]]
        rows.append([_health_row(h, next(left), next(left), next(left)) for h in health])
        self.data = msgpack.packb([VERSION, *rows])


def encode_report(windows: Sequence[Window], health: Sequence[Health]) -> bytes:
    """One worker's report."""
    maker = ReportMaker()
    for _ in maker.steps(windows, health):
        pass
    return maker.data


def decode_report(data: bytes) -> tuple[list[Window], list[Health]]:
    """Raises WireError."""
    if len(data) > MAX_REPORT_BYTES:
        raise WireError(f"a report of {len(data)} bytes (allowed: {MAX_REPORT_BYTES})")
    try:
        found = msgpack.unpackb(data, raw=False, strict_map_key=False)
    except Exception as error:  # msgpack raises many kinds, ValueError and its own; all of them mean damaged bytes
        raise WireError(f"damaged report: {type(error).__name__}") from None
    if not (isinstance(found, list) and len(found) == 3 and found[0] == VERSION):
        raise WireError(f"a report of another version (this is version {VERSION})")
    _, windows, health = found
    if not (isinstance(windows, list) and isinstance(health, list)) or len(windows) + len(health) > MAX_ROWS:
        raise WireError(f"a report must hold two lists of at most {MAX_ROWS} rows")
    return [window_from_row(w) for w in windows], [health_from_row(h) for h in health]


def _count(row: Mapping[Any, Any], key: Any, most: int = MAX_COUNT) -> int:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise WireError(f"{str(key)[:50]}: must be a whole number that is not negative")
    return value


def _number(row: Mapping[Any, Any], key: str, least: float) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < 1e6:
        raise WireError(f"{key}: must be a number from {least:g}")
    return float(value)


def _signed(row: Mapping[Any, Any], key: str, default: int) -> int:
    value = row.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_COUNT:
        raise WireError(f"{key}: must be a whole number")
    return value


def _text(row: Mapping[Any, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise WireError(f"{key}: must be text")
    return value


def _name(row: Mapping[Any, Any], key: str) -> str:
    value = _text(row, key)
    if not 0 < len(value) <= MAX_NAME:
        raise WireError(f"{key}: must have 1 to {MAX_NAME} characters")
    return value
