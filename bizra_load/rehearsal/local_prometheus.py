"""A Prometheus of our own on a free port of this machine, for rehearsals: started, queried, stopped."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bizra_load.exit_codes import InvalidRunError, UsageError
from bizra_load.io.bounded_http import BoundedSession
from bizra_load.io.children import process, temporary_folder
from bizra_load.io.ports import free_port
from bizra_load.server_metrics.exposition import ScrapeError
from bizra_load.server_metrics.prometheus_api import PrometheusClient

READY_WITHIN_S = 30.0
READY_TIMEOUT_S, MAX_READY_BYTES = 2.0, 65_536
SCRAPED_WITHIN_S = 30.0  # the first scrape comes some five seconds after the start, whatever the interval


class LocalPrometheus:
    """Its client, for a rehearsal: every method raises InvalidRunError with one line."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = PrometheusClient(url)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The instant vector of a PromQL expression."""
        with _one_line():
            return self._client.query(expression)

    def alerts(self) -> list[dict[str, Any]]:
        """All alerts that are pending or firing."""
        with _one_line():
            return self._client.alerts()

    def rules_loaded(self) -> int:
        """Number of rules in all groups."""
        with _one_line():
            return sum(len(group["rules"]) for group in self._client.rule_groups())

    def wait_for_scrape(self, job: str) -> None:
        """Until the job's target has been scraped. Raises InvalidRunError when that takes too long."""
        until_s = time.monotonic() + SCRAPED_WITHIN_S
        while [r["value"][1] for r in self.query(f'min(up{{job="{job}"}})')] != ["1"]:
            if time.monotonic() > until_s:
                raise InvalidRunError(f"the local Prometheus has not scraped {job} within {SCRAPED_WITHIN_S:g} s")
            time.sleep(0.1)


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except ScrapeError as error:
        raise InvalidRunError(f"the local Prometheus does not respond: {type(error.__cause__ or error).__name__}") from None


@contextmanager
def local_prometheus(
    targets: dict[str, str],
    interval_s: float = 1.0,
    timeout_s: float | None = None,
    rules: str = "",
    alertmanager: str = "",
    flags: Sequence[str] = (),
) -> Iterator[LocalPrometheus]:
    """Scrapes `targets` (job -> host:port); `rules` is the text of a rule file. It is ready, and need not have scraped yet.

    Raises UsageError where Prometheus is not installed, InvalidRunError where it does not get ready.
    """
    binary = shutil.which("prometheus")
    if binary is None:
        raise UsageError("prometheus is missing (install it: apt-get install -y --no-install-recommends prometheus)")
    with temporary_folder() as folder:
        (folder / "rules.yaml").write_text(rules or "groups: []\n", encoding="utf-8")
        every = f"{round(interval_s * 1000)}ms"
        content: dict[str, Any] = {
            "global": {
                "scrape_interval": every,
                "scrape_timeout": f"{round((timeout_s or interval_s) * 1000)}ms",
                "evaluation_interval": every,
            },
            "rule_files": [str(folder / "rules.yaml")],
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in targets.items()],
        }
        if alertmanager:
            content["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
        config = folder / "prometheus.yml"
        config.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
        address = f"127.0.0.1:{free_port()}"
        command = [binary, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
        command += [f"--web.listen-address={address}", "--log.level=error", *flags]
        with background(command, f"http://{address}/-/ready", "prometheus", folder / "log"):
            yield LocalPrometheus(f"http://{address}")


@contextmanager
def background(command: Sequence[str], ready_url: str, name: str, log: Path) -> Iterator[None]:
    """A process until the block ends, once `ready_url` responds with 200. Raises InvalidRunError with the end of its log."""
    with log.open("wb") as out, process(command, stdout=out, stderr=out, start_new_session=True) as started:
        until_s = time.monotonic() + READY_WITHIN_S
        while not _answers(ready_url):
            if started.poll() is not None or time.monotonic() > until_s:
                last = (log.read_text(errors="replace").strip().splitlines() or ["no output"])[-1][:300]
                raise InvalidRunError(f"{name} did not start: {last}")
            time.sleep(0.02)
        yield


def _answers(url: str) -> bool:
    try:
        return bool(BoundedSession(MAX_READY_BYTES, READY_TIMEOUT_S).get(url).ok)
    except requests.RequestException:
        return False
