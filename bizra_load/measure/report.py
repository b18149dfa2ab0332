"""What a worker measured since its last report, as it goes over the wire: versioned rows (see rows), packed with msgpack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack

from bizra_load.measure.hdr_codec import WireError, compressed, payload_steps
from bizra_load.measure.rows import (
    failure_from_row,
    failure_row,
    from_rows,
    health_row_with,
    histograms_of_health,
    histograms_of_window,
    texts_of_window_row,
    window_row_with,
)
from bizra_load.measure.stored_rows import Row
from sla.values.failure import FailureReason
from sla.values.histogram import Histogram
from sla.values.window import Health, Window

VERSION = 2
MAX_REPORT_BYTES = 8 * 1024 * 1024
MAX_ROWS = 10_000
BUCKETS_A_STEP = 500  # turned into bytes in three steps of about 0.1 ms; a single histogram with more is a step by itself


@dataclass(frozen=True)
class Report:
    """One report of a worker, checked. `sequence`: its number, counted by the worker from 0; `final`: no other follows.

    The rows are what is stored of it: every value as it was decoded, and histograms as the texts that arrived, so that nothing
    is encoded a second time.
    """

    worker: str
    sequence: int
    final: bool
    windows: tuple[Window, ...]
    health: tuple[Health, ...]
    window_rows: tuple[Row, ...]
    health_rows: tuple[Row, ...]
    failures: tuple[FailureReason, ...] = ()


class ReportMaker:
    """encode_report() in small steps: run steps() to its end, then `data` is there."""

    data = b""

    def steps(
        self, windows: Sequence[Window], health: Sequence[Health], failures: Sequence[FailureReason] = ()
    ) -> Iterator[None]:
        """Yields between steps, each of which takes well under a millisecond."""
        yield
        histograms = [h for w in windows for h in histograms_of_window(w)]
        histograms += [h for row in health for h in histograms_of_health(row)]
        yield
        unpacked: list[bytes] = []
        for together in _of_a_step(histograms):
            unpacked += yield from payload_steps(together)
            yield
        texts = []
        for payload in unpacked:
            texts.append(compressed(payload))
            yield
        left = iter(texts)
        rows = [[window_row_with(w, [next(left) for _ in histograms_of_window(w)]) for w in windows]]
        yield
        rows.append([health_row_with(h, (next(left), next(left), next(left))) for h in health])
        yield
        rows.append([failure_row(f) for f in failures])
        yield
        self.data = msgpack.packb([VERSION, *rows])
        yield


def _of_a_step(histograms: Sequence[Histogram]) -> Iterator[list[Histogram]]:
    """Neighbours whose filled buckets are few enough to be encoded together."""
    together: list[Histogram] = []
    buckets = 0
    for h in histograms:
        buckets += h.indices.size
        if together and buckets > BUCKETS_A_STEP:
            yield together
            together, buckets = [], h.indices.size
        together.append(h)
    yield together


def encode_report(windows: Sequence[Window], health: Sequence[Health], failures: Sequence[FailureReason] = ()) -> bytes:
    """One worker's report, for decode_report()."""
    maker = ReportMaker()
    for _ in maker.steps(windows, health, failures):
        pass
    return maker.data


def decode_report(worker: str, sequence: int, final: bool, data: bytes) -> Report:
    """Raises WireError for data that encode_report() could not have made."""
    if len(data) > MAX_REPORT_BYTES:
        raise WireError(f"a report of {len(data)} bytes (allowed: {MAX_REPORT_BYTES})")
    try:
        document = msgpack.unpackb(data, raw=False, strict_map_key=False)
    except Exception as error:  # msgpack raises many kinds, ValueError and its own; all of them mean damaged bytes
        raise WireError(f"damaged report: {type(error).__name__}") from None
    if not (isinstance(document, list) and len(document) == 4 and document[0] == VERSION):
        raise WireError(f"a report of another version (this is version {VERSION})")
    lists = document[1:]
    if not all(isinstance(rows, list) for rows in lists) or sum(map(len, lists)) > MAX_ROWS:
        raise WireError(f"a report must hold three lists of at most {MAX_ROWS} rows")
    return report_from_rows(worker, sequence, final, *lists)


def report_from_rows(
    worker: str, sequence: int, final: bool, windows: Iterable[Any], health: Iterable[Any], failures: Iterable[Any] = ()
) -> Report:
    """A report of rows that window_row(), health_row() and failure_row() have made; raises WireError for others."""
    window_rows, health_rows = list(windows), list(health)
    checked, checked_health = from_rows(window_rows, health_rows)
    return Report(
        worker,
        sequence,
        final,
        tuple(checked),
        tuple(checked_health),
        tuple(window_row_with(w, texts_of_window_row(row)) for w, row in zip(checked, window_rows, strict=True)),
        # an older version has no histogram of its own lag and of the hub's: they are empty
        tuple(
            health_row_with(h, (row["lag"], row.get("own_lag", ""), row.get("hub", "")))
            for h, row in zip(checked_health, health_rows, strict=True)
        ),
        tuple(map(failure_from_row, failures)),
    )
