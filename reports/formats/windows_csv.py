"""The seconds of a run as CSV (RFC 4180), a row for each operation and second: for spreadsheets, pandas and the like."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from reports.formats.table import printable
from sla.values.histogram import Histogram
from sla.values.window import FAILURE_CATEGORIES, LATENCIES, SUCCESSFUL, Window, merge_windows

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # by OWASP's page on CSV injection: a spreadsheet takes such a cell for a formula
_NS_PER_MS = 1e6


def render(windows: Sequence[Window]) -> str:
    """All workers together, ramp and warm-up included, by operation, then second. Latencies are of successful operations,
    in ms; "inf" where they are over 60 s or timed out, empty where there is none. Raises OverflowError for a second beyond the
    year 9999.
    """
    merged = merge_windows(windows)
    known = {category for w in merged for category in w.failed}
    categories = [*FAILURE_CATEGORIES, *sorted(known - set(FAILURE_CATEGORIES))]
    out = io.StringIO()
    writer = csv.writer(out)  # its line ends are those of RFC 4180
    writer.writerow(map(_cell, _columns(categories)))
    writer.writerows(map(_cell, _row(w, categories)) for w in merged)
    return out.getvalue()


def _columns(categories: Sequence[str]) -> Iterator[str]:
    yield from ("operation", "second", "utc", "planned", "unsent", "started", "successful", "failed")
    yield from (f"failed_{category}" for category in categories)
    yield from (f"{latency}_{name}_ms" for latency in LATENCIES for name in QUANTILES)


def _row(w: Window, categories: Sequence[str]) -> Iterator[str]:
    utc = f"{datetime.fromtimestamp(w.second, UTC):%Y-%m-%dT%H:%M:%SZ}"
    yield from (w.operation, str(w.second), utc)
    yield from map(str, (w.planned, w.unsent, w.started, w.ok, w.failures))
    yield from (str(w.failed.get(category, 0)) for category in categories)
    for latency in LATENCIES:
        histogram = w.histogram(SUCCESSFUL, latency)
        yield from (_ms(histogram, q) for q in QUANTILES.values())


def _ms(histogram: Histogram, q: float) -> str:
    if not histogram.total:
        return ""
    value = histogram.quantile_ns(q)
    return "inf" if math.isinf(value) else f"{value / _NS_PER_MS:.6f}"


def _cell(text: str) -> str:
    """Without control characters. What a spreadsheet would take for a formula begins with an apostrophe, which it takes for the
    sign of a text.
    """
    plain = printable(text)
    return f"'{plain}" if text.startswith(_FORMULA) else plain
