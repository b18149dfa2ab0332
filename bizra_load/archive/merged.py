"""What a large run's files of rows add up to, kept beside them when the run is sealed: to judge it again, nobody need merge
millions of rows again. The master has merged them on the way; a run that is not sealed has no such files.

merged.jsonl   names, and which reports were received; then rows: merged windows, histograms of health, reasons of failures
merged.bin     the health of all workers: sla.values.health_rows.COLUMNS, little-endian, row by row
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bizra_load.archive.names import MERGED_COLUMNS, MERGED_ROWS
from bizra_load.exit_codes import UsageError
from bizra_load.io.files import open_regular, write_atomically
from bizra_load.measure.hdr_codec import WireError, decode_histogram, encode_histograms
from bizra_load.measure.ranges import Ranges
from bizra_load.measure.rows import failure_row, window_from_row, window_row
from bizra_load.measure.run_sums import Received, RunSums
from bizra_load.measure.sequences import MAX_SEQUENCE
from sla.values.health_rows import COLUMNS, HISTOGRAMS, HealthRows

NAMES = (MERGED_ROWS, MERGED_COLUMNS)
SCHEMA = "bizra-load/merged/1"
MAX_LINE_BYTES = 64 * 1024 * 1024  # names and reports of all workers are one line
_STORED = COLUMNS.newbyteorder("<")


def write(folder: Path, sums: RunSums) -> None:
    """Raises OSError."""
    health = sums.health()
    rows = (orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in _rows(sums, health))
    write_atomically(folder / MERGED_COLUMNS, health.columns.astype(_STORED, copy=False).tobytes())
    write_atomically(folder / MERGED_ROWS, b"".join(rows))


def _rows(sums: RunSums, health: HealthRows) -> Iterator[dict[str, Any]]:
    received = {worker: {"last": r.last, "sequences": list(r.sequences)} for worker, r in sums.received.items()}
    yield {"schema": SCHEMA, "names": health.names, "received": received}
    for w in sums.windows():
        yield {"window": window_row(w)}
    for second, histograms in health.sums.items():
        texts = dict(zip(HISTOGRAMS, encode_histograms(histograms), strict=True))
        yield {"health": {"second": second, "over_range": [h.over_range for h in histograms], **texts}}
    for f in sums.failures():
        yield {"failure": failure_row(f)}


def read(folder: Path) -> RunSums:
    """Raises UsageError with file, line and reason."""
    number = 0
    try:
        with os.fdopen(open_regular(folder / MERGED_COLUMNS, follow=False), "rb") as file:
            columns = np.frombuffer(file.read(), _STORED).astype(COLUMNS, copy=False)
        sums = RunSums()
        with os.fdopen(open_regular(folder / MERGED_ROWS, follow=False), "rb") as file:
            while line := file.readline(MAX_LINE_BYTES):
                number += 1
                if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                    raise ValueError(f"longer than {MAX_LINE_BYTES:,} bytes")
                _take(sums, orjson.loads(line), columns)
    except OSError as error:
        raise UsageError(f"{folder / MERGED_ROWS}: {error.strerror}") from None
    except (WireError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UsageError(f"{folder / MERGED_ROWS}: line {number}: {error}") from None
    return sums


def _take(sums: RunSums, row: dict[str, Any], columns: np.ndarray[Any, Any]) -> None:
    if "schema" in row:
        if row["schema"] != SCHEMA:
            raise ValueError(f"schema is {row['schema']!r} (allowed: {SCHEMA})")
        names = [str(name) for name in row["names"]]
        numbers = np.concatenate((columns["worker"], columns["process"], [-1]))
        if columns["worker"].min(initial=0) < 0 or numbers.min() < -1 or numbers.max() >= len(names):
            raise ValueError(f"{MERGED_COLUMNS} has workers without a name")
        sums.take_health(columns, names)
        for worker, received in row["received"].items():
            sums.received[worker] = _received(received)
    elif "window" in row:
        sums.add_window(window_from_row(row["window"]))
    elif "failure" in row:
        sums.add_failure_row(row["failure"])
    else:
        h = row["health"]
        for name, over_range in zip(HISTOGRAMS, h["over_range"], strict=True):
            sums.add_health_histogram(int(h["second"]), name, decode_histogram(h[name], int(over_range)))


def _received(stored: dict[str, Any]) -> Received:
    """Ranges stay ranges: a few digits may say that millions of reports were received."""
    sequences, at, last = Ranges(), -2, stored["last"]
    for first, end in stored["sequences"]:
        if not (type(first) is type(end) is int and max(at + 2, 0) <= first <= end < MAX_SEQUENCE):
            raise ValueError(f"sequences has [{first!r:.50}, {end!r:.50}] (allowed: ascending ranges below {MAX_SEQUENCE})")
        sequences.add(first, end)
        at = end
    if last is not None and not (type(last) is int and 0 <= last < MAX_SEQUENCE):
        raise ValueError(f"last is {last!r:.50} (allowed: null, or 0 to {MAX_SEQUENCE - 1})")
    return Received(sequences, last)
