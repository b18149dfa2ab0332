"""A Prometheus of our own on this machine (Debian's package), for rehearsals and tests."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from bizra_load.exit_codes import InvalidRunError, UsageError
from bizra_load.node.embedded import die_with_parent
from bizra_load.ports import free_port

INSTALL = "apt-get install -y --no-install-recommends prometheus"
READY_WITHIN_S = 20.0
FIRST_SCRAPE_WITHIN_S = 30.0  # it comes some five seconds after the start, whatever the interval


@contextmanager
def local_prometheus(targets: Mapping[str, Sequence[str]], interval: str = "1s", flags: Sequence[str] = ()) -> Iterator[str]:
    """URL of a Prometheus that scrapes `targets` (job -> host:port addresses), with its data in a temporary folder; `flags` are
    further options of it. Raises UsageError when there is none on this machine, InvalidRunError when it does not start.
    """
    binary = shutil.which("prometheus")
    if binary is None:
        raise UsageError(f"Prometheus is not installed: {INSTALL}")
    jobs = [{"job_name": job, "static_configs": [{"targets": list(addresses)}]} for job, addresses in targets.items()]
    config = {"global": {"scrape_interval": interval, "scrape_timeout": interval}, "scrape_configs": jobs}
    with tempfile.TemporaryDirectory(prefix="bizra-load-prometheus-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        address = f"127.0.0.1:{free_port()}"
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  # an installed program, arguments as a list
                [
                    binary,
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address={address}",
                    *flags,
                ],
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
                start_new_session=True,
            )
        try:
            _wait_until_ready(f"http://{address}", process, folder / "log")
            yield f"http://{address}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_first_scrape(url: str, job: str) -> None:
    """Until every target of the job has been scraped. Raises InvalidRunError when that takes too long."""
    end = time.monotonic() + FIRST_SCRAPE_WITHIN_S
    while time.monotonic() < end:
        try:
            answer = _session().get(f"{url}/api/v1/query", params={"query": f'min(up{{job="{job}"}})'}, timeout=5).json()
        except requests.RequestException as error:
            raise InvalidRunError(f"{url}: {type(error).__name__}") from None
        if [r["value"][1] for r in answer["data"]["result"]] == ["1"]:
            return
        time.sleep(0.1)
    raise InvalidRunError(f"{url}: no scrape of {job} within {FIRST_SCRAPE_WITHIN_S:g} s")


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end:
        if process.poll() is not None:
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise InvalidRunError(f"Prometheus did not start (exit code {process.returncode}): {' '.join(last)[:300]}")
        try:
            if _session().get(f"{url}/-/ready", timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.02)
    raise InvalidRunError(f"Prometheus was not ready within {READY_WITHIN_S:g} s")


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy has no business on this machine
    return session
