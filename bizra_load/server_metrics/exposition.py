"""The node's /metrics, read directly: Prometheus text -> Snapshot."""

from __future__ import annotations

import io
import math
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice, pairwise

import requests
from prometheus_client.parser import text_string_to_metric_families

from bizra_load.exit_codes import BizraLoadError
from bizra_load.io.bounded_http import MALFORMED, BoundedSession, TooLargeError, reason_of
from bizra_load.io.trust import THIS_MACHINES, Trust
from sla.values.snapshot import BucketCounts, Labels, Snapshot, metric_of, series_key

MAX_METRICS_BYTES = 8 * 1024 * 1024
MAX_SAMPLES = 50_000
MAX_LINE = 8_192  # the parser's time goes with the square of a line's length
PROCESS = ("process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds")
COUNTS_APART = 0.01  # of a histogram's two counts of all: a client that holds no lock may count on between reading them
_PARTS = re.compile(r"_(bucket|sum|count)$")  # of a histogram


class ScrapeError(BizraLoadError):
    """A reading that failed; the run goes on without it."""


Samples = Iterable[tuple[str, Mapping[str, str], float]]  # name, labels without the target's, value


def snapshot_of(
    samples: Samples, at_ns: int, took_ns: int = 0, target: Labels = (), metrics: Collection[str] | None = None
) -> Snapshot:
    """One Snapshot of the samples of a target.

    A family is a histogram if it has buckets; its _sum and _count belong to it. Names that end in _total are counters, and
    those of `metrics` (counters and histograms), but no quantiles of a summary; the rest are gauges, of which those that are
    not finite are left out. A histogram without the bucket +Inf has it from its
    _count, and is left out without that: how many lie beyond its last edge is not known.

    Raises ScrapeError for what can't be counted: a counter or a bucket that is negative or not finite, buckets that fall or
    that contradict _count, a series that is there twice. Left out, it would be taken for one that has counted nothing yet.
    """
    values: dict[str, float] = {}
    buckets: dict[str, dict[float, float]] = {}
    counted = set[str]()
    for name, labels, value in samples:
        if name.endswith("_bucket") and "le" in labels:
            key = series_key(name.removesuffix("_bucket"), {n: v for n, v in labels.items() if n != "le"})
            place, at = buckets.setdefault(key, {}), float(labels["le"])
            _check_count(f"{name} le={labels['le']}", value)
            if at in place or not at >= 0:
                raise ScrapeError(f"{key[:100]}: bucket le={labels['le'][:30]!r} is there twice, or is none")
            place[at] = value
        else:
            key = series_key(name, labels)
            if name.endswith("_total") or (name in (metrics or ()) and "quantile" not in labels):
                _check_count(key, value)
                counted.add(key)
            if key in values:
                raise ScrapeError(f"{key[:100]}: is there twice")
            values[key] = value
    values = {key: value for key, value in values.items() if math.isfinite(value)}
    histograms = {}
    for key, edges in buckets.items():
        metric, labels_part = metric_of(key), key[len(metric_of(key)) :]
        sum_s, count = (_taken(values, f"{metric}{part}{labels_part}", counted) for part in ("_sum", "_count"))
        if math.inf not in edges and count is not None:
            edges[math.inf] = count
        elif count is not None and abs(count - edges[math.inf]) > 1 + COUNTS_APART * max(count, edges[math.inf]):
            raise ScrapeError(f"{key[:100]}: {edges[math.inf]:,.0f} in all its buckets, and its _count says {count:,.0f}")
        ordered = sorted(edges)
        cumulative = tuple(edges[e] for e in ordered)
        if any(after < before for before, after in pairwise(cumulative)):
            raise ScrapeError(f"{key[:100]}: a bucket holds less than one below it")
        if math.inf in edges:
            histograms[key] = BucketCounts(tuple(ordered), cumulative, sum_s or 0.0)
    counters = {key: value for key, value in values.items() if key in counted}
    gauges = {key: v for key, v in values.items() if key not in counted and not metric_of(key).endswith("_created")}
    return Snapshot(at_ns, took_ns, target, counters, gauges, histograms)


def _taken(values: dict[str, float], key: str, counted: Collection[str]) -> float | None:
    """A part of a histogram, which is a counter too where it is named as one."""
    return values.get(key) if key in counted else values.pop(key, None)


def _check_count(what: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise ScrapeError(f"{what[:100]}: {value:g} is no count")


def belongs_to(name: str, metrics: Collection[str]) -> bool:
    """Whether a series of that name is of one of `metrics` (counters and histograms), or of the process itself."""
    return name in metrics or name in PROCESS or _PARTS.sub("", name) in metrics


def _names_as_written(data: bytes, metrics: Collection[str]) -> dict[str, str]:
    """The parser adds _total to the name of a counter that has none; here such names of `metrics`, by what it makes of them."""
    bare = {f"{name}_total": name for name in metrics if not name.endswith("_total") and f"{name}_total" not in metrics}
    return {n: name for n, name in bare.items() if re.search(rb"^\s*%b[{\s]" % re.escape(name.encode()), data, re.MULTILINE)}


def _without_long_lines(data: bytes, metrics: Collection[str] | None) -> bytes:
    """The page without lines over MAX_LINE that nobody asked for: comments, and series of none of `metrics`. Raises ScrapeError
    for any other.
    """
    if max(map(len, io.BytesIO(data)), default=0) <= MAX_LINE:
        return data
    lines = []
    for line in io.BytesIO(data):
        if len(line) <= MAX_LINE:
            lines.append(line)
        elif not (begin := line[:MAX_LINE].lstrip()).startswith(b"#"):
            name = re.match(rb"[A-Za-z0-9_:]*", begin)[0].decode("ascii")  # type: ignore[index]  # it matches the empty text too
            if metrics is None or belongs_to(name, metrics):
                raise ScrapeError(f"a line of more than {MAX_LINE:,} bytes: {name[:100]}")
    return b"".join(lines)


def parse(data: bytes, url: str, at_ns: int, took_ns: int, metrics: Collection[str] | None = None) -> Snapshot:
    """One Snapshot of Prometheus text, of `metrics` alone if they are given. Raises ScrapeError."""
    try:
        data = _without_long_lines(data, metrics)
        families = text_string_to_metric_families(data.decode("utf-8"))
        every = ((s.name, s.labels, s.value) for family in families for s in family.samples)
        samples = list(islice(every, MAX_SAMPLES + 1))
        if len(samples) > MAX_SAMPLES:
            raise ScrapeError(f"more than {MAX_SAMPLES:,} samples")
        names = _names_as_written(data, metrics or ())
        written = ((names.get(n, n), labels, float(v)) for n, labels, v in samples)
        chosen = [sample for sample in written if metrics is None or belongs_to(sample[0], metrics)]
        return snapshot_of(chosen, at_ns, took_ns, metrics=metrics)
    except ScrapeError as error:
        raise ScrapeError(f"{url}: {error}") from None
    except MALFORMED as error:  # the parser's own ways to fail
        raise ScrapeError(f"{url}: not Prometheus text: {' '.join(str(error).split())[:200]}") from None


class MetricsReader:
    """Reads one /metrics address on one kept connection; `metrics`: which counters and histograms to keep (None: all)."""

    def __init__(
        self,
        url: str,
        metrics: Collection[str] | None = None,
        timeout_s: float = 4.0,
        headers: Mapping[str, str] | None = None,
        trust: Trust = THIS_MACHINES,
        unix_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.url = url
        self._metrics = metrics
        self._unix_ns = unix_ns
        self._timeout_s = timeout_s
        self._session = BoundedSession(MAX_METRICS_BYTES, timeout_s, url, trust)
        self._session.headers.update(headers or {})
        self._follow = not headers  # requests takes Authorization off a redirect to another host, and no other header

    def read(self) -> Snapshot:
        """Raises ScrapeError with one line."""
        begin = self._unix_ns()
        try:
            response = self._session.get(self.url, timeout=self._timeout_s, allow_redirects=self._follow)
            took_ns = self._unix_ns() - begin
            if response.status_code != 200:
                raise ScrapeError(f"{self.url}: status {response.status_code}")
            says_its_end = any(name in response.headers for name in ("Content-Length", "Transfer-Encoding"))
            if not (says_its_end or response.content.endswith(b"\n")):
                raise ScrapeError(f"{self.url}: the page ends within a line, and its response says no length: it may be cut")
            return parse(response.content, self.url, begin + took_ns // 2, took_ns, self._metrics)
        except TooLargeError as error:
            raise ScrapeError(f"{self.url}: {error}") from None
        except requests.RequestException as error:
            raise ScrapeError(f"{self.url}: {type(error).__name__}: {reason_of(error)}") from None
