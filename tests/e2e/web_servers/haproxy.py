"""HAProxy, http and https on one address, answering by itself or for a server behind it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bizra_load.io.ports import free_port
from tests.e2e.web_servers.serving import WebServer, certificate, serving

_CONFIGURATION = """
global
  log stdout format raw local0
  maxconn 1000
  # two that write a row of the log at the same moment do not wait for each other: one row is lost, counted in DroppedLogs
  nbthread 1
defaults
  mode http
  log global
  log-format "row %ST %HP"
  option dontlognull
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  timeout queue 150ms
  {settings}
frontend both
  bind 127.0.0.1:{http}
  bind 127.0.0.1:{https} ssl crt {pem}
  http-request return status 503 if {{ path_beg /fail/ }}
  http-request return status 200 content-type text/plain string "read" if {{ path_beg /read/ }}
  http-request return status 200 content-type text/plain string "written" if {{ path_beg /write/ }}
  default_backend behind
backend behind
  server one {behind} maxconn 1
"""


@contextmanager
def haproxy(folder: Path, behind: str = "127.0.0.1:1", settings: str = "") -> Iterator[WebServer]:
    """`behind`: host:port of the server for what it does not answer itself, asked by one connection at a time; `settings`: of
    its section "defaults".
    """
    ports = {"http": free_port(), "https": free_port()}
    text = _CONFIGURATION.format(pem=certificate(folder), settings=settings, behind=behind, **ports)
    (folder / "haproxy.cfg").write_text(text, encoding="utf-8")
    command = ["/usr/sbin/haproxy", "-W", "-f", str(folder / "haproxy.cfg")]
    with serving(command, folder, ports, signal.SIGUSR2, signal.SIGUSR1) as server:
        server.log = folder / "server.out"
        yield server
