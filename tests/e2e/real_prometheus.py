"""A real Prometheus (Debian's package) on a free port, scraping given addresses."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from bizra_load.io.ports import free_port
from tests.e2e.running import until


@contextmanager
def prometheus(folder: Path, target: str, interval: str = "1s", *flags: str) -> Iterator[str]:
    """URL of a Prometheus that has scraped `target` (host:port) at least once; `flags` are its further options."""
    binary = shutil.which("prometheus")
    assert binary, "Prometheus is missing: apt-get install -y --no-install-recommends prometheus"
    config = folder / "prometheus.yml"
    config.write_text(
        f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}\n"
        f"scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    url = f"http://127.0.0.1:{free_port()}"
    command = [binary, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    command += flags
    command.append(f"--web.listen-address={url.removeprefix('http://')}")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _samples(url), "first scrape", 60)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _samples(url: str) -> bool:
    try:
        response = requests.get(f"{url}/api/v1/query", params={"query": "bizra_poi_generate_total"}, timeout=2).json()
    except requests.RequestException:
        return False
    return bool(response["data"]["result"])
