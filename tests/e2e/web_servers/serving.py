"""Starting a real web server on free ports, in the foreground, and ending it in good order."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.e2e.running import until


@dataclass
class WebServer:
    """`urls` by scheme. `log`: a line "row STATUS PATH" for each request; complete once the server has ended."""

    process: subprocess.Popen[bytes]
    urls: dict[str, str]
    ca_file: Path
    log: Path
    reload_signal: signal.Signals

    def reload(self) -> None:
        """As `systemctl reload` does: new processes take over, the old ones end in good order."""
        self.process.send_signal(self.reload_signal)

    def options(self, scheme: str) -> tuple[str, ...]:
        """Those of a load."""
        return ("-H", self.urls[scheme], *(("--ca-file", str(self.ca_file)) if scheme == "https" else ()))

    def requests(self) -> list[tuple[int, str]]:
        """(status, path) of each line of the access log."""
        rows = (
            line.rpartition("row ")[2].split() for line in self.log.read_text(encoding="utf-8").splitlines() if "row " in line
        )
        return [(int(status), path) for status, path in rows]


def answers(log: Sequence[tuple[int, str]]) -> dict[tuple[str, int], int]:
    """How often each (operation, status) was answered; the operation is the first part of the path."""
    return dict(Counter((path.split("/")[1], status) for status, path in log))


def certificate(folder: Path) -> Path:
    """An authority in ca.pem and, for 127.0.0.1, key and certificate in server.pem (which is returned)."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return folder / "server.pem"


@contextmanager
def serving(
    command: Sequence[str],
    folder: Path,
    ports: dict[str, int],
    reload_signal: signal.Signals = signal.SIGHUP,
    stop_signal: signal.Signals = signal.SIGQUIT,
) -> Iterator[WebServer]:
    """The server while the block runs. It ends by `stop_signal`, which must let it finish what it does."""
    with (folder / "server.out").open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    urls = {scheme: f"{scheme}://127.0.0.1:{port}" for scheme, port in ports.items()}
    server = WebServer(process, urls, folder / "ca.pem", folder / "access.log", reload_signal)
    try:
        until(lambda: process.poll() is not None or all(map(_listens, ports.values())), f"{command[0]} listens", 10)
        assert process.poll() is None, (folder / "server.out").read_text()
        yield server
        if process.poll() is None:
            process.send_signal(stop_signal)
            process.wait(timeout=20)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
