"""Windows, health and reasons of failures as rows of plain values. They go over the wire (see report) and to disk (JSON lines).

Histograms are text (see hdr_codec). Decoding treats its input as hostile: sizes and types are checked, nothing is executed, and
all trouble is a WireError of one line.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bizra_load.measure.hdr_codec import WireError, decode_histograms, encode_histograms
from bizra_load.measure.operation_names import MAX_NAME
from bizra_load.measure.stored_rows import Row, whole_health, whole_window
from sla.values.failure import FailureReason
from sla.values.histogram import Histogram
from sla.values.machine import UNKNOWN, MachineSecond
from sla.values.window import FAILED, HISTOGRAMS, LATENCIES, TIMED_OUT, TIMEOUT, Health, Window

Text = tuple[str, int]  # of a histogram, and how many samples are over its range
MAX_COUNT = 1 << 62
MAX_SECOND = 1 << 34  # the year 2514


def window_row(w: Window) -> Row:
    """Plain values of a window, the form of `windows.jsonl`."""
    return window_row_with(w, encode_histograms(histograms_of_window(w)))


def histograms_of_window(w: Window) -> list[Histogram]:
    """Those whose texts window_row_with() takes: of failed operations only where there are latencies of some."""
    of_all = [getattr(w, name) for name in HISTOGRAMS]
    return of_all if any(h.total for h in of_all[len(LATENCIES) :]) else of_all[: len(LATENCIES)]


def window_row_with(w: Window, texts: Sequence[str]) -> Row:
    """window_row() with the texts of its histograms, in the order of histograms_of_window()."""
    row: Row = {
        "second": w.second,
        "operation": w.operation,
        "planned": w.planned,
        "unsent": w.unsent,
        "started": w.started,
        "ok": w.ok,
        "untimed": w.untimed,
        "failed": dict(w.failed),
        "in_flight_ns": w.in_flight_ns,
        "response_sum_ns": w.response_sum_ns,
        "service_sum_ns": w.service_sum_ns,
    }
    names = HISTOGRAMS[: len(texts)]
    over_range = {f"{name}_over_range": getattr(w, name).over_range for name in names}
    return row | over_range | dict(zip(names, texts, strict=True))


def texts_of_window_row(row: Row) -> list[str]:
    """What window_row_with() was given, of a row that window_from_row() has taken."""
    row = whole_window(row)
    return [row[name] for name in _names(row)]


def window_from_row(row: object) -> Window:
    """Raises WireError for anything that window_row() could not have made."""
    return from_rows([row], [])[0][0]


def from_rows(windows: Iterable[object], health: Iterable[object]) -> tuple[list[Window], list[Health]]:
    """Windows and health of their rows, those of an older version too; all histograms are decoded together, which is quicker.
    Raises WireError for anything that window_row() or health_row() could not have made.
    """
    of_windows, of_health = [_checked_window(row) for row in windows], [health_and_texts(row) for row in health]
    texts = [text for _, by_name in of_windows for text in by_name.values()]
    texts += [text for _, three in of_health for text in three]
    decoded = iter(decode_histograms(texts))
    checked: list[Window] = []
    for values, by_name in of_windows:
        histograms = {name: next(decoded) for name in by_name}
        checked.append(Window(**values, **histograms))  # type: ignore[arg-type]  # its histograms have names of their own
        check_samples(checked[-1], {name: h.total for name, h in histograms.items()})
    return checked, [replace(h, lag=next(decoded), own_lag=next(decoded), hub=next(decoded)) for h, _ in of_health]


def window_and_texts(row: object) -> tuple[Window, dict[str, Text]]:
    """window_from_row() with its histograms as they are in the row, by name. Raises WireError."""
    values, texts = _checked_window(row)
    return Window(**values), texts


def _checked_window(row: object) -> tuple[dict[str, Any], dict[str, Text]]:
    """A window's values by name but for its histograms, and the texts of those. Raises WireError."""
    if not isinstance(row, Mapping):
        raise WireError("a window must be a mapping")
    row = whole_window(row)
    failed = row.get("failed")
    if not isinstance(failed, Mapping) or len(failed) > 100:
        raise WireError("failed: must be a mapping of categories to counts")
    values = {
        "second": _count(row, "second", MAX_SECOND),
        "operation": _name(row, "operation"),
        "failed": {_name({"category": category}, "category"): _count(failed, category) for category in failed},
        **_counts(row, _COUNTS_OF_WINDOW),
    }
    return values, {name: (_text(row, name), _count(row, f"{name}_over_range")) for name in _names(row)}


def _names(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """Which of a window's histograms are in a row: windows saved before those of failed operations were measured have none."""
    return HISTOGRAMS if HISTOGRAMS[-1] in row else HISTOGRAMS[: len(LATENCIES)]


def check_samples(window: Window, samples: Mapping[str, int]) -> None:
    """Raises WireError unless the window's histograms, by name, hold as many samples as it has operations; of failed ones at
    most so many.
    """
    timed_out = window.failed.get(TIMEOUT, 0)
    timed = window.ok - window.untimed + timed_out  # the others have no latency there
    responses, services = (samples[latency] for latency in LATENCIES)
    if not responses == services == timed:
        held = f"{responses} response and {services} service times"
        raise WireError(f"{window.operation}: histograms hold {held} of {timed} operations")
    for outcome, most in ((FAILED, window.failures_of_service - timed_out), (TIMED_OUT, timed_out)):
        if (held_most := max(samples.get(outcome + latency, 0) for latency in LATENCIES)) > most:
            raise WireError(f"{window.operation}: {outcome}* histograms hold {held_most} of {most} operations")


def failure_row(f: FailureReason) -> Row:
    """Plain values of a reason of failures, the form of `failures.jsonl`."""
    return dataclasses.asdict(f)


def failure_from_row(row: object) -> FailureReason:
    """Raises WireError for anything that failure_row() could not have made."""
    if not isinstance(row, Mapping):
        raise WireError("a reason of failures must be a mapping")
    operation, category, reason = (_name(row, key) for key in ("operation", "category", "reason"))
    count, first_ns, last_ns = (_count(row, key) for key in ("count", "first_ns", "last_ns"))
    return FailureReason(operation, category, reason, count, first_ns, last_ns)


def health_row(h: Health) -> Row:
    """Plain values of a worker's health in one second, the form of `health.jsonl`."""
    return health_row_with(h, encode_histograms(histograms_of_health(h)))


def histograms_of_health(h: Health) -> tuple[Histogram, Histogram, Histogram]:
    """Those whose texts health_row_with() takes."""
    return h.lag, h.own_lag, h.hub


def health_row_with(h: Health, texts: Iterable[str]) -> Row:
    """health_row() with the texts of its histograms, in the order of histograms_of_health()."""
    lag, own_lag, hub = texts
    return {
        "second": h.second,
        "worker": h.worker,
        "cpu_share": h.cpu_share,
        "reconnects": h.reconnects,
        "rss_bytes": h.rss_bytes,
        "gc_pause_ns": h.gc_pause_ns,
        "slots": h.slots,
        "bad_samples": h.bad_samples,
        "report_errors": h.report_errors,
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


def health_and_texts(row: object) -> tuple[Health, tuple[Text, Text, Text]]:
    """A row of health with its histograms as they are in the row, as of histograms_of_health(). Raises WireError."""
    if not isinstance(row, Mapping):
        raise WireError("a health row must be a mapping")
    row = whole_health(row)
    machine = row["machine"]
    health = Health(
        second=_count(row, "second", MAX_SECOND),
        worker=_name(row, "worker"),
        cpu_share=_number(row, "cpu_share", 0.0),
        **_counts(row, _COUNTS_OF_HEALTH),  # type: ignore[arg-type]
        label_offset_ns=_signed(row, "label_offset_ns"),
        wall_offset_ns=_signed(row, "wall_offset_ns"),
        clock_error_ns=_signed(row, "clock_error_ns"),
        machine=None if machine is None else machine_from_row(machine),
    )
    lag = _text(row, "lag"), _count(row, "lag_over_range")
    return health, (lag, (_text(row, "own_lag"), _count(row, "own_lag_over_range")), (_text(row, "hub"), 0))


_COUNTS_OF_WINDOW = ("planned", "unsent", "started", "ok", "untimed", "in_flight_ns", "response_sum_ns", "service_sum_ns")
_COUNTS_OF_HEALTH = ("reconnects", "rss_bytes", "gc_pause_ns", "slots", "bad_samples", "report_errors", "housekeeping_ns")
_NUMBERS = (int, float)
_MACHINE = ("cpu_s", "waited_s", "steal", "pressure", "throttled_s")


def machine_row(m: MachineSecond) -> Row:
    """Plain values, the form of `target.jsonl` and of a health row's "machine"."""
    return {"second": m.second, "process": m.process, "cores": m.cores, **{key: getattr(m, key) for key in _MACHINE}}


def machine_from_row(row: object) -> MachineSecond:
    """Raises WireError for anything that machine_row() could not have made."""
    if not isinstance(row, Mapping):
        raise WireError("machine: must be a mapping")
    figures = {key: _number(row, key, UNKNOWN) for key in _MACHINE}
    return MachineSecond(_count(row, "second", MAX_SECOND), _name(row, "process"), _count(row, "cores"), **figures)


def _counts(row: Mapping[Any, Any], keys: tuple[str, ...]) -> dict[str, int]:
    """_count() of each, all at once where nothing is wrong with them."""
    values: dict[str, Any] = {key: row.get(key) for key in keys}
    if set(map(type, values.values())) == {int} and min(values.values()) >= 0 and max(values.values()) <= MAX_COUNT:
        return values
    return {key: _count(row, key) for key in keys}


def _count(row: Mapping[Any, Any], key: Any, most: int = MAX_COUNT) -> int:
    value = row.get(key)
    if type(value) is not int or not 0 <= value <= most:  # a bool is none
        raise WireError(f"{str(key)[:50]}: must be a whole number that is not negative")
    return value


def _number(row: Mapping[Any, Any], key: str, least: float) -> float:
    value: Any = row.get(key)
    if type(value) not in _NUMBERS or not least <= value < 1e6:
        raise WireError(f"{key}: must be a number from {least:g}")
    return float(value)


def _signed(row: Mapping[Any, Any], key: str) -> int:
    value = row.get(key)
    if type(value) is not int or abs(value) > MAX_COUNT:
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
