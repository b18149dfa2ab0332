"""A reference node as a child process, for `bizra-load run` without a target and for rehearsals."""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from bizra_load.exit_codes import InvalidRunError

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None)  # opened here: between fork and exec as little as possible may run


def die_with_parent() -> None:
    """Runs in the child: the kernel ends it when the thread that started it ends, however that happens (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def adopt_orphans() -> None:
    """From now on this process is the parent of its descendants whose own parent is gone (prctl(2))."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


@dataclass
class NodeProcess:
    """Context manager; `stop()` may be called again."""

    process: subprocess.Popen[bytes]
    url: str
    metrics_url: str
    admin_url: str

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def start_node(arguments: Sequence[str] = (), port: int = 0, metrics_port: int = 0, within_s: float = 20.0) -> NodeProcess:
    """Start `bizra-load node` on free ports and wait until it is ready. Raises InvalidRunError when it is not in time.

    `arguments` are those of `bizra-load node`. The node ends with the thread that starts it: do that from one that stays.
    """
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "bizra_load.cli.main", "node", "--port", str(port)]
        command += ["--metrics-port", str(metrics_port), "--ready-file", str(ready), *arguments]
        process = subprocess.Popen(  # noqa: S603  # our own module, arguments as a list
            command, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent, start_new_session=True
        )
        end = time.monotonic() + within_s
        try:
            while not ready.exists():
                if process.poll() is not None:
                    raise InvalidRunError(f"the reference node did not start (exit code {process.returncode})")
                if time.monotonic() > end:
                    raise InvalidRunError(f"the reference node was not ready within {within_s:g} s")
                time.sleep(0.01)
        except BaseException:
            process.kill()
            process.wait()
            raise
        addresses = json.loads(ready.read_text(encoding="utf-8"))
    return NodeProcess(process, addresses["url"], addresses["metrics_url"], addresses["admin_url"] or "")
