"""Locust with its web UI and our plugin, in one process, and what a browser or a script sends to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import requests

from bizra_load.io.ports import free_port
from tests.e2e.running import ROOT, until

NOWHERE = "http://127.0.0.1:1"


class WebUI:
    """Ended with its block; `lines` are then what it printed, `code` is its exit code. `by`: what starts it."""

    by = ("locust",)

    def __init__(self, locustfile: Path | str, out: Path, *arguments: str, target: str = NOWHERE, **environment: str) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", *self.by, *(("-f", str(locustfile)) if locustfile else ())]
        command += ["--web-host", "127.0.0.1", "--web-port", self.port]
        command += ["--out", str(out)] + (["-H", target] if target else [])
        if "--web-base-path" in arguments:
            self.url += arguments[arguments.index("--web-base-path") + 1]
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **environment},
        )
        self.lines, self.code = "", -1

    def __enter__(self) -> WebUI:
        until(self._answers, "Locust's web UI")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.lines = self.process.communicate(timeout=60)[0]
        self.code = self.process.returncode

    def post(self, path: str, content: object = None, **headers: str) -> requests.Response:
        """`content`: fields of a form; header names with underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(self.url + path, data=content, headers=named, timeout=30)

    def get(self, path: str, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(self.url + path, headers=named, timeout=30)

    @property
    def state(self) -> str:
        """The state of the runner; Locust remembers its response for two seconds, unless it is asked for something else."""
        state: str = self.get("/stats/requests").json()["state"]
        return state

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()[0]
        try:
            return requests.get(self.url + "/", timeout=2, allow_redirects=False).status_code < 500
        except requests.RequestException:
            return False


class RunWebUI(WebUI):
    """`bizra-load run --web-ui`."""

    by = ("bizra_load.cli.main", "run", "--web-ui")
