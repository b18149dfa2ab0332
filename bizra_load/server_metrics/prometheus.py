"""The node's metrics as a Prometheus has scraped them: raw samples at their own times, nothing interpolated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bizra_load.server_metrics.bounded import MALFORMED
from bizra_load.server_metrics.exposition import ScrapeError, snapshot_of
from bizra_load.server_metrics.native import NativeHistogram, with_common_edges
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from sla.values.snapshot import Snapshot

NAMES = "bizra_.+|process_resident_memory_bytes|process_cpu_seconds_total|process_start_time_seconds"
OWN_NAMES = "bizra_load_.+"  # the generator's, which the same Prometheus may scrape
CHUNK_S = 600


class PrometheusSource:
    """`selector` holds further label matchers, e.g. 'job="node"'. The token comes from PROMETHEUS_TOKEN."""

    def __init__(self, url: str, selector: str = "", timeout_s: float = 10.0) -> None:
        self.url = url
        self._matchers = f'__name__=~"{NAMES}",__name__!~"{OWN_NAMES}"' + (f",{selector}" if selector else "")
        self._client = PrometheusClient.with_token_of_environment(url, timeout_s)

    def check(self) -> None:
        """Raises ScrapeError with one line when Prometheus can't be asked."""
        self._client.query("vector(1)")

    def snapshots(self, from_ns: int, to_ns: int) -> list[Snapshot]:
        """Every scrape with from_ns <= time <= to_ns, by time; one Snapshot for each instance and scrape. Raises
        ScrapeError.
        """
        try:
            return self._snapshots(from_ns, to_ns)
        except MALFORMED as error:
            raise ScrapeError(f"{self.url}: does not respond as a Prometheus does ({type(error).__name__})") from None

    def _snapshots(self, from_ns: int, to_ns: int) -> list[Snapshot]:
        groups: dict[tuple[int, str], list[tuple[str, Mapping[str, str], float]]] = {}
        native: dict[str, dict[tuple[int, str], list[NativeHistogram]]] = {}
        end_s = to_ns / 1e9
        while end_s > from_ns / 1e9:
            width_s = min(CHUNK_S, end_s - from_ns / 1e9)
            # a range selector's start is exclusive from Prometheus 3 on and inclusive before: ask for a little more
            for series in self._client.query(f"{{{self._matchers}}}[{int(width_s * 1000) + 1000}ms]", end_s):
                labels = dict(series["metric"])
                name, instance = labels.pop("__name__"), labels.pop("instance", "")
                for at_s, value in [*series.get("values", ()), *series.get("histograms", ())]:
                    at_ns = round(float(at_s) * 1000) * 1_000_000
                    if not from_ns <= at_ns <= to_ns or (at_s <= end_s - width_s and width_s >= CHUNK_S):
                        continue
                    samples = groups.setdefault((at_ns, instance), [])
                    if isinstance(value, Mapping):
                        native.setdefault(name, {}).setdefault((at_ns, instance), []).append(NativeHistogram.of(value))
                    else:
                        samples.append((name, labels, float(value)))
            end_s -= width_s
        snapshots = {key: snapshot_of(samples, key[0], 0, key[1]) for key, samples in groups.items()}
        for name, scrapes in native.items():
            for key, counts in with_common_edges(scrapes).items():
                before = snapshots[key]
                snapshots[key] = replace(before, histograms={**before.histograms, name: counts})
        return [snapshots[key] for key in sorted(snapshots)]
