"""The node's process: three Granian servers in one event loop, a ready line, a clean end on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import json
import os
import random
import signal
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from granian.constants import HTTPModes, Interfaces, TaskImpl
from granian.server.embed import Server

from bizra_load.exit_codes import one_line
from bizra_load.files import write_atomically
from bizra_load.node.app import Node
from bizra_load.node.attestations import Attestor
from bizra_load.node.faults import Faults
from bizra_load.node.metrics import NodeMetrics

# Granian's own limit is 128, and further connections would wait unanswered; one Locust user holds one connection.
_CONNECTIONS = 10_000


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
    wanted = {
        "service": (address, options.port, node.service),
        "metrics": (address, options.metrics_port, node.metrics),
    }
    if options.admin_port is not None:
        wanted["admin"] = ("127.0.0.1", options.admin_port, node.admin)
    urls, servers = {}, []
    ports = _ports([(host, port) for host, port, _ in wanted.values()])
    for chosen, (name, (host, _, target)) in zip(ports, wanted.items(), strict=True):
        shown = f"[{host}]" if ":" in host else host
        urls[name] = f"http://{shown}:{chosen}"
        servers.append(
            Server(
                target,
                address=host,
                port=chosen,
                interface=Interfaces.RSGI,
                http=HTTPModes.http1,
                task_impl=TaskImpl.asyncio,
                websockets=False,
                backlog=_CONNECTIONS,
                backpressure=_CONNECTIONS,
                log_enabled=False,
            )
        )
    # A full collection walks every object and would stop all answers for milliseconds; requests leave no cycles behind.
    gc.collect()
    gc.freeze()
    gc.disable()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = [asyncio.create_task(server.serve()) for server in servers]
    addresses = Addresses(urls["service"], urls["metrics"] + "/metrics", urls.get("admin"), os.getpid())
    await _all_listening(list(urls.values()), running)
    if options.ready_file:
        write_atomically(Path(options.ready_file), json.dumps(asdict(addresses)))
    admin = f", faults {addresses.admin_url}/faults" if addresses.admin_url else ""
    print(f"PoI node ready: {addresses.url}, metrics {addresses.metrics_url}{admin}", flush=True)
    await asyncio.wait([asyncio.create_task(stop.wait()), *running], return_when=asyncio.FIRST_COMPLETED)
    node.release()
    for server in servers:
        server.stop()  # type: ignore[no-untyped-call]  # granian's is not typed
    await asyncio.wait(running, timeout=2)


def _address(host: str) -> str:
    """The IP address of a host name; Granian knows addresses only."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise OSError(f"{host}: {error.strerror}") from None


def _ports(wanted: list[tuple[str, int]]) -> list[int]:
    """The ports to use, all different, free ones for 0. Granian shares a taken port silently (SO_REUSEPORT): look first."""
    chosen: dict[int, int] = {}
    with contextlib.ExitStack() as held:
        for index, (host, port) in sorted(enumerate(wanted), key=lambda item: item[1][1] == 0):  # the fixed ones first
            if port and port in chosen.values():
                raise OSError(f"{host}:{port}: asked for twice")
            probe = held.enter_context(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(port != 0))
            try:
                probe.bind((host, port))
            except OSError as error:
                raise OSError(f"{host}:{port}: {error.strerror}") from None
            chosen[index] = probe.getsockname()[1]
    return [chosen[index] for index in range(len(wanted))]


async def _all_listening(urls: list[str], running: list[asyncio.Task[None]]) -> None:
    for url in urls:
        host, _, port = url.removeprefix("http://").rpartition(":")
        while True:
            try:
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            except OSError:
                for ended in (task for task in running if task.done()):
                    raise OSError(f"{url}: the server ended: {ended.exception()}") from None
                await asyncio.sleep(0.005)
                continue
            writer.close()
            break


def run(options: NodeOptions) -> int:
    """Exit code: 0 after a clean stop, 6 for a wrong fault or a taken port (one line on standard error)."""
    try:
        # Not asyncio.run: it would cancel what is left, and Granian's threads then complain about it while they end.
        asyncio.Runner().run(serve(options))
    except (OSError, ValueError) as error:
        print(f"bizra-load node: {one_line(str(error))}", file=sys.stderr)
        return 6
    # Granian's runtime threads have nothing left to do; waiting for the interpreter to join them can take seconds.
    sys.stdout.flush()
    os._exit(0)
