"""A target that exposes one native histogram in Prometheus' protobuf format, encoded by hand (no Python client writes it).

Field numbers: io.prometheus.client, metrics.proto (github.com/prometheus/client_model).
"""

from __future__ import annotations

import math
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.plain_http import answering

SCHEMA = 3  # eight buckets for each factor of two
CONTENT_TYPE = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


class NativeTarget:
    """`observe(seconds)` adds an observation; `address` is host:port."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._counts: Counter[int] = Counter()
        self._sum = 0.0
        self._lock = threading.Lock()
        self.address = ""

    def observe(self, seconds: float) -> None:
        with self._lock:
            self._counts[math.ceil(math.log2(seconds) * 2**SCHEMA)] += 1
            self._sum += seconds

    def exposition(self) -> bytes:
        with self._lock:
            counts, total = dict(self._counts), self._sum
        first, last = min(counts, default=0), max(counts, default=-1)
        values = [counts.get(i, 0) for i in range(first, last + 1)]
        deltas = [b - a for a, b in zip([0, *values], values, strict=False)]
        span = _varint(1, _zigzag(first)) + _varint(2, len(values))
        histogram = _varint(1, sum(values)) + _double(2, total) + _varint(5, _zigzag(SCHEMA)) + _double(6, 1e-128)
        histogram += _bytes(12, span) + _bytes(13, b"".join(_raw(_zigzag(d)) for d in deltas))
        counter = _bytes(4, _bytes(3, _double(1, float(sum(values)))))
        families = [
            _bytes(1, self._name.encode()) + _varint(3, 4) + _bytes(4, _bytes(7, histogram)),
            _bytes(1, b"bizra_poi_generate_total") + _varint(3, 0) + counter,
        ]
        return b"".join(_raw(len(f)) + f for f in families)


@contextmanager
def native_target(name: str) -> Iterator[NativeTarget]:
    target = NativeTarget(name)
    with answering(CONTENT_TYPE, target.exposition) as target.address:
        yield target


def _raw(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _varint(field: int, value: int) -> bytes:
    return _raw(field << 3) + _raw(value)


def _double(field: int, value: float) -> bytes:
    return _raw(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _raw(field << 3 | 2) + _raw(len(value)) + value
