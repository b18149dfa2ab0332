"""A reference node as a child process, for `bizra-load run` without a target and for rehearsals."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bizra_load.exit_codes import InvalidRunError
from bizra_load.io.children import end, process, temporary_folder

STOPS_WITHIN_S = 10.0


@dataclass
class NodeProcess:
    """A node that is ready; `stop()` may be called again."""

    process: subprocess.Popen[bytes]
    url: str
    metrics_url: str
    admin_url: str

    def stop(self) -> None:
        end(self.process, STOPS_WITHIN_S)


@contextmanager
def start_node(
    arguments: Sequence[str] = (), port: int = 0, metrics_port: int = 0, within_s: float = 20.0
) -> Iterator[NodeProcess]:
    """A `bizra-load node` on free ports, ready, until the block ends. Raises InvalidRunError when it is not ready in time.

    `arguments` are those of `bizra-load node`. The node ends with the thread that starts it: do that from one that stays.
    """
    with ExitStack() as until_the_end:
        with temporary_folder() as folder:
            node = until_the_end.enter_context(_ready(arguments, port, metrics_port, within_s, folder / "ready.json"))
        yield node


@contextmanager
def _ready(arguments: Sequence[str], port: int, metrics_port: int, within_s: float, ready: Path) -> Iterator[NodeProcess]:
    command = [sys.executable, "-m", "bizra_load.cli.main", "node", "--port", str(port)]
    command += ["--metrics-port", str(metrics_port), "--ready-file", str(ready), *arguments]
    until_s = time.monotonic() + within_s
    with process(command, STOPS_WITHIN_S, stdout=subprocess.DEVNULL, start_new_session=True) as started:
        while not ready.exists():
            if started.poll() is not None:
                raise InvalidRunError(f"the reference node did not start (exit code {started.returncode})")
            if time.monotonic() > until_s:
                raise InvalidRunError(f"the reference node was not ready within {within_s:g} s")
            time.sleep(0.01)
        addresses = json.loads(ready.read_text(encoding="utf-8"))
        yield NodeProcess(started, addresses["url"], addresses["metrics_url"], addresses["admin_url"] or "")
