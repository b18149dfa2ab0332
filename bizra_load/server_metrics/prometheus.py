"""The server's metrics as a Prometheus has scraped them: raw samples at their own times, nothing interpolated."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bizra_load.io.bounded_http import MALFORMED
from bizra_load.io.trust import THIS_MACHINES, Trust
from bizra_load.server_metrics.exposition import PROCESS, ScrapeError, snapshot_of
from bizra_load.server_metrics.native import NativeHistogram, with_common_edges
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from sla.values.snapshot import UP, Labels, Snapshot, labels_of, series_key

CHUNK_S = 120  # 8,000 series that are scraped every second fit a response
MAX_SAMPLES = 10_000_000  # of all chunks together, with the buckets of native histograms: a day of 115 series each second
MOST_REFUSED = 0.1  # of a target's scrapes

Scrape = tuple[int, Labels]  # when (Unix ns) and of which target


@dataclass(frozen=True)
class Series:
    """One of a response: its name, its labels, and (Unix ns, number or native histogram) of each scrape."""

    name: str
    labels: Mapping[str, str]
    points: list[tuple[int, Any]]


class PrometheusSource:
    """`metrics`: names of the counters and histograms to ask for. `selector` holds further label matchers, e.g. 'job="node"'.
    The token comes from PROMETHEUS_TOKEN.
    """

    def __init__(
        self, url: str, metrics: Collection[str], selector: str = "", timeout_s: float = 10.0, trust: Trust = THIS_MACHINES
    ) -> None:
        self.url = url
        self._metrics = frozenset(metrics)
        asked = "|".join(map(re.escape, sorted(metrics)))
        names = "|".join([UP, *PROCESS, *([f"(?:{asked})(?:_bucket|_sum|_count)?"] if asked else [])])
        # a PromQL string is quoted as a JSON one
        self._matchers = f"__name__=~{json.dumps(names, ensure_ascii=False)}" + (f",{selector}" if selector else "")
        self._client = PrometheusClient.with_token_of_environment(url, timeout_s, trust)

    def check(self) -> None:
        """Raises ScrapeError with one line when Prometheus can't be asked."""
        self._client.query("vector(1)")

    def snapshots(self, from_ns: int, to_ns: int) -> list[Snapshot]:
        """Every scrape with from_ns <= time <= to_ns, by time; one Snapshot for each target and scrape. Raises ScrapeError."""
        try:
            return _of_its_jobs(by_scrape(list(self._series(from_ns, to_ns)), self._metrics), self._metrics)
        except MALFORMED as error:
            raise ScrapeError(f"{self.url}: does not respond as a Prometheus does ({type(error).__name__})") from None

    def _series(self, from_ns: int, to_ns: int) -> Iterable[Series]:
        end_s, samples = to_ns / 1e9, 0
        while end_s > from_ns / 1e9:
            width_s = min(CHUNK_S, end_s - from_ns / 1e9)
            # a range selector's start is exclusive from Prometheus 3 on and inclusive before: ask for a little more
            for result in self._client.query(f"{{{self._matchers}}}[{int(width_s * 1000) + 1000}ms]", end_s):
                if "values" not in result and "histograms" not in result:
                    raise ScrapeError(f"{self.url}: does not respond as a Prometheus does (no samples of a range)")
                labels, points = dict(result["metric"]), []
                if not all(isinstance(value, str) for value in labels.values()):
                    raise ScrapeError(f"{self.url}: does not respond as a Prometheus does (a label that is no text)")
                name = labels.pop("__name__")
                for at_s, value in [*result.get("values", ()), *result.get("histograms", ())]:
                    at_ns = round(float(at_s) * 1000) * 1_000_000
                    if from_ns <= at_ns <= to_ns and not (at_s <= end_s - width_s and width_s >= CHUNK_S):
                        points.append((at_ns, NativeHistogram.of(value) if isinstance(value, Mapping) else float(value)))
                samples += sum(1 + (len(v.buckets) if isinstance(v, NativeHistogram) else 0) for _, v in points)
                if samples > MAX_SAMPLES:
                    raise ScrapeError(
                        f"{self.url}: more than {MAX_SAMPLES:,} samples in {(to_ns - from_ns) / 1e9:,.0f} s"
                        " (allowed: a shorter time, or fewer series: --prometheus-selector)"
                    )
                yield Series(name, labels, _without_stale_markers(points))
            end_s -= width_s


def by_scrape(all_series: list[Series], metrics: Collection[str] = ()) -> list[Snapshot]:
    """One Snapshot for each target and scrape, by time, also of one that failed (is_failed_scrape); what can't be counted is
    none. `metrics`: as in snapshot_of(). Raises ScrapeError for a target of which those are too many.
    """
    plain: dict[Scrape, dict[str, tuple[str, Mapping[str, str], float]]] = {}
    native: dict[str, dict[tuple[Scrape, str], NativeHistogram]] = {}
    names = _target_labels(all_series)
    for series in all_series:
        own = names[_address(series)]
        target = labels_of({n: v for n, v in series.labels.items() if n in own})
        rest = {n: v for n, v in series.labels.items() if n not in own}
        key = series_key(series.name, rest)
        for at_ns, value in series.points:
            samples = plain.setdefault((at_ns, target), {})
            if isinstance(value, NativeHistogram):
                native.setdefault(series.name, {})[(at_ns, target), key] = value
            elif key not in samples or not samples[key][2] >= value:
                # of two replicas that write one series at one moment the larger count is the later one
                samples[key] = (series.name, rest, value)
    snapshots = _counted({scrape: list(samples.values()) for scrape, samples in plain.items()}, metrics)
    for histograms in native.values():
        for (scrape, key), counts in with_common_edges(histograms).items():
            if scrape in snapshots:
                before = snapshots[scrape]
                snapshots[scrape] = replace(before, histograms={**before.histograms, key: counts})
    by_time = [snapshots[scrape] for scrape in sorted(snapshots)]
    return [s if s.is_failed_scrape else _without_up(s) for s in by_time if s.is_failed_scrape or not _says_nothing(s)]


def _says_nothing(s: Snapshot) -> bool:
    return not s.counters and not s.histograms and s.gauges.keys() <= {UP}


def _without_up(s: Snapshot) -> Snapshot:
    return replace(s, gauges={name: value for name, value in s.gauges.items() if name != UP})


def _of_its_jobs(snapshots: list[Snapshot], metrics: Collection[str]) -> list[Snapshot]:
    """Without the failed scrapes of other jobs than those whose targets have the metrics: a Prometheus watches many others."""
    names = frozenset(metrics)
    jobs = {dict(s.target).get("job") for s in snapshots if s.has_any(names)}
    return [s for s in snapshots if not s.is_failed_scrape or dict(s.target).get("job") in jobs]


def _counted(
    samples: Mapping[Scrape, list[tuple[str, Mapping[str, str], float]]], metrics: Collection[str]
) -> dict[Scrape, Snapshot]:
    snapshots: dict[Scrape, Snapshot] = {}
    refused: dict[Labels, list[ScrapeError]] = {}
    for scrape, of_scrape in samples.items():
        try:
            snapshots[scrape] = snapshot_of(of_scrape, scrape[0], 0, scrape[1], metrics)
        except ScrapeError as error:
            refused.setdefault(scrape[1], []).append(error)
    for target, errors in refused.items():
        scrapes = sum(scrape[1] == target for scrape in samples)
        if len(errors) > MOST_REFUSED * scrapes:
            raise ScrapeError(f"{len(errors)} of {scrapes} scrapes can't be counted: {errors[0]}")
    return snapshots


def _without_stale_markers(points: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """VictoriaMetrics gives the NaN with which a series ends as a value. Where one follows another it is the series' own."""
    nan = [isinstance(value, float) and math.isnan(value) for _, value in points]
    return [point for i, point in enumerate(points) if not nan[i] or (i and nan[i - 1])]


def _address(series: Series) -> Labels:
    return labels_of({n: v for n, v in series.labels.items() if n in ("job", "instance")})


def _target_labels(all_series: list[Series]) -> dict[Labels, set[str]]:
    """By job and instance, which labels are the target's own. They are on every series of a scrape; a label that only one of
    several targets has is empty on the others', as Prometheus itself takes it. So a label is the target's that is
    - on all series of the address, with most of their metrics for each of its values, or
    - on any series of `up` or of the process itself: those have no labels of their own, or
    - on some series of a metric and not on others, and they are not of one exposition (_of_two_expositions).
    What a metric itself tells apart (a method, "le") is on all of its series and not on the process', or empty on some.
    """
    addresses: dict[Labels, list[Series]] = {}
    for series in all_series:
        addresses.setdefault(_address(series), []).append(series)
    return {address: _labels_of_targets(of_address) for address, of_address in addresses.items()}


def _labels_of_targets(of_address: list[Series]) -> set[str]:
    every = set[str]().union(*(series.labels for series in of_address)) - {"le"}
    own = {label for label in every if _on_whole_expositions(label, of_address)}
    own.update(*(set(series.labels) - {"le"} for series in of_address if series.name in (UP, *PROCESS)))
    return own | {label for label in every - own if _of_two_expositions(label, of_address)}


def _on_whole_expositions(label: str, of_address: list[Series]) -> bool:
    """Whether all series have the label, and each of its values most metrics; those of a code that failures have are few."""
    names: dict[str, set[str]] = {}
    for series in of_address:
        if label not in series.labels:
            return False
        names.setdefault(series.labels[label], set()).add(series.name)
    every = set[str]().union(*names.values())
    return all(2 * len(of_value) >= len(every) for of_value in names.values())


def _of_two_expositions(label: str, of_address: list[Series]) -> bool:
    """Whether the series with a label and those without are of two targets, not of one that leaves it empty at times: each part
    was scraped when the other was not while both were there (a scrape has one time), or most of their metrics are the same.
    """
    having = [series for series in of_address if label in series.labels]
    lacking = [series for series in of_address if label not in series.labels]
    named, others = {series.name for series in having}, {series.name for series in lacking}
    if named.isdisjoint(others):
        return False
    times, other_times = ({at_ns for series in part for at_ns, _ in series.points} for part in (having, lacking))
    if times and other_times:
        first, last = max(min(times), min(other_times)), min(max(times), max(other_times))
        if all(any(first <= at_ns <= last for at_ns in own) for own in (times - other_times, other_times - times)):
            return True
    return 2 * len(named & others) >= len(named | others)
