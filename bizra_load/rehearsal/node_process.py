"""A reference node as a child process, for `bizra-load run` without a target and for rehearsals."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from bizra_load.exit_codes import InvalidRunError
from bizra_load.io.children import end, start, temporary_folder


@dataclass
class NodeProcess:
    """Context manager; `stop()` may be called again."""

    process: subprocess.Popen[bytes]
    url: str
    metrics_url: str
    admin_url: str

    def stop(self) -> None:
        end(self.process, 10.0)

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def start_node(arguments: Sequence[str] = (), port: int = 0, metrics_port: int = 0, within_s: float = 20.0) -> NodeProcess:
    """Start `bizra-load node` on free ports and wait until it is ready. Raises InvalidRunError when it is not in time.

    `arguments` are those of `bizra-load node`. The node ends with the thread that starts it: do that from one that stays.
    """
    with temporary_folder() as folder:
        ready = folder / "ready.json"
        command = [sys.executable, "-m", "bizra_load.cli.main", "node", "--port", str(port)]
        command += ["--metrics-port", str(metrics_port), "--ready-file", str(ready), *arguments]
        process = start(command, stdout=subprocess.DEVNULL, start_new_session=True)
        until_s = time.monotonic() + within_s
        try:
            while not ready.exists():
                if process.poll() is not None:
                    raise InvalidRunError(f"the reference node did not start (exit code {process.returncode})")
                if time.monotonic() > until_s:
                    raise InvalidRunError(f"the reference node was not ready within {within_s:g} s")
                time.sleep(0.01)
        except BaseException:
            end(process, 0.0)
            raise
        addresses = json.loads(ready.read_text(encoding="utf-8"))
    return NodeProcess(process, addresses["url"], addresses["metrics_url"], addresses["admin_url"] or "")
