"""The node's process: three ports in one event loop (uvloop), a ready line, a clean end on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import os
import random
import resource
import signal
import socket
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import uvloop

from bizra_load.exit_codes import one_line
from bizra_load.io.files import write_atomically
from bizra_load.node.app import Node
from bizra_load.node.attestations import Attestor
from bizra_load.node.faults import Faults
from bizra_load.node.http import Handler, OwnPagesConnection, ServerConnection
from bizra_load.node.metrics import NodeMetrics

_BACKLOG = 10_000  # connections not yet taken; all users of a load test may come at once
_END_S = 2.0


@dataclass(frozen=True)
class NodeOptions:
    """Port 0 picks a free one. `admin_port` None: no admin interface; it always listens on loopback only."""

    host: str = "127.0.0.1"
    port: int = 8080
    metrics_port: int = 9464
    admin_port: int | None = 0
    seed: str | None = None  # of the signing key and the faults; None: random
    ready_file: str | None = None
    faults: dict[str, str] | None = None


@dataclass(frozen=True)
class Addresses:
    url: str
    metrics_url: str
    admin_url: str | None
    pid: int


def build(options: NodeOptions) -> Node:
    """Raises FaultError for a wrong fault, before anything listens."""
    seed = options.seed if options.seed is not None else os.urandom(16).hex()
    faults = Faults(random.Random(seed))
    faults.set(options.faults or {})
    return Node(Attestor(hashlib.sha256(seed.encode()).digest()), NodeMetrics(), faults)


async def serve(options: NodeOptions) -> None:
    """Serve until SIGTERM or SIGINT. Raises OSError when a port is taken."""
    node = build(options)
    address = _address(options.host)
    wanted: dict[str, tuple[str, int, Handler]] = {
        "service": (address, options.port, node.service),
        "metrics": (address, options.metrics_port, node.metrics),
    }
    if options.admin_port is not None:
        wanted["admin"] = ("127.0.0.1", options.admin_port, node.admin)
    sockets = _listening([(host, port) for host, port, _ in wanted.values()])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    connections: set[ServerConnection] = set()
    urls, servers = {}, []
    for (name, (host, _, handle)), listening in zip(wanted.items(), sockets, strict=True):
        urls[name] = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
        accept = partial(OwnPagesConnection if name == "admin" else ServerConnection, handle, connections)
        servers.append(await loop.create_server(accept, sock=listening, backlog=_BACKLOG))
    # A full collection walks every object and would stop all responses for milliseconds; requests leave no cycles behind.
    gc.collect()
    gc.freeze()
    gc.disable()
    _announce(Addresses(urls["service"], urls["metrics"] + "/metrics", urls.get("admin"), os.getpid()), options.ready_file)
    await stop.wait()
    for server in servers:
        server.close()
    node.release()
    await _end(connections)


def _announce(addresses: Addresses, ready_file: str | None) -> None:
    if ready_file:
        write_atomically(Path(ready_file), json.dumps(asdict(addresses)))
    admin = f", faults {addresses.admin_url}/faults" if addresses.admin_url else ""
    print(f"PoI node ready: {addresses.url}, metrics {addresses.metrics_url}{admin}", flush=True)


async def _end(connections: set[ServerConnection]) -> None:
    """Close all connections: those that wait for a response when they have it, but all of them within _END_S."""
    for connection in list(connections):
        connection.end()
    last = time.monotonic() + _END_S
    while connections and time.monotonic() < last:
        await asyncio.sleep(0.01)
    for connection in list(connections):
        connection.abort()


def _address(host: str) -> str:
    """The IP address of a host name: the admin interface and the URLs that are printed need one."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise OSError(f"{host}: {error.strerror}") from None
    except UnicodeError:
        raise OSError(f"{host}: can be no name of a host") from None


def _listening(wanted: list[tuple[str, int]]) -> list[socket.socket]:
    """A listening socket for each address and port. The fixed ports come first, so that no free one is one of them."""
    opened: dict[int, socket.socket] = {}
    try:
        for index, (host, port) in sorted(enumerate(wanted), key=lambda item: item[1][1] == 0):
            if port and port in [other.getsockname()[1] for other in opened.values()]:
                raise OSError(f"{host}:{port}: asked for twice")
            opened[index] = listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind((host, port))
                listening.listen(_BACKLOG)
            except OSError as error:
                raise OSError(f"{host}:{port}: {error.strerror}") from None
    except OSError:
        for listening in opened.values():
            listening.close()
        raise
    return [opened[index] for index in range(len(wanted))]


def run(options: NodeOptions) -> int:
    """Exit code: 0 after a clean stop, 6 for a wrong fault or a taken port (one line on standard error)."""
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))  # a connection is a file
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(options))
    except (OSError, ValueError) as error:
        print(f"bizra-load node: {one_line(str(error))}", file=sys.stderr)
        return 6
    return 0
