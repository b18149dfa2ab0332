"""The node's process: three Granian servers in one event loop, a ready line, a clean end on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
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

from bizra_load.files import write_atomically
from bizra_load.node.app import Node
from bizra_load.node.attestations import Attestor
from bizra_load.node.faults import Faults
from bizra_load.node.metrics import NodeMetrics


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


def free_port(host: str) -> int:
    """A port nobody listens on at the moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def build(options: NodeOptions) -> Node:
    """Raises FaultError for a wrong fault, before anything listens."""
    seed = options.seed if options.seed is not None else os.urandom(16).hex()
    faults = Faults(random.Random(seed))
    faults.set(options.faults or {})
    return Node(Attestor(hashlib.sha256(seed.encode()).digest()), NodeMetrics(), faults)


async def serve(options: NodeOptions) -> None:
    """Serve until SIGTERM or SIGINT. Raises OSError when a port is taken."""
    node = build(options)
    wanted = {
        "service": (options.host, options.port, node.service),
        "metrics": (options.host, options.metrics_port, node.metrics),
    }
    if options.admin_port is not None:
        wanted["admin"] = ("127.0.0.1", options.admin_port, node.admin)
    urls, servers = {}, []
    for name, (host, port, target) in wanted.items():
        chosen = port or free_port(host)
        _refuse_taken(host, chosen)
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
    await _all_listening(list(urls.values()))
    if options.ready_file:
        write_atomically(Path(options.ready_file), json.dumps(asdict(addresses)))
    admin = f", faults {addresses.admin_url}/faults" if addresses.admin_url else ""
    print(f"PoI node ready: {addresses.url}, metrics {addresses.metrics_url}{admin}", flush=True)
    await asyncio.wait([asyncio.create_task(stop.wait()), *running], return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        server.stop()
    await asyncio.wait(running, timeout=2)


def _refuse_taken(host: str, port: int) -> None:
    """Granian shares a taken port silently (SO_REUSEPORT): look first."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(error.errno, f"{host}:{port}: {error.strerror}") from None


async def _all_listening(urls: list[str]) -> None:
    for url in urls:
        host, _, port = url.removeprefix("http://").rpartition(":")
        while True:
            try:
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            except OSError:
                await asyncio.sleep(0.005)
                continue
            writer.close()
            break


def run(options: NodeOptions) -> int:
    """Exit code: 0 after a clean stop, 6 for a wrong fault or a taken port (one line on standard error)."""
    try:
        asyncio.run(serve(options))
    except (OSError, ValueError) as error:
        print(f"bizra-load node: {error}", file=sys.stderr)
        return 6
    # Granian's runtime threads have nothing left to do; waiting for the interpreter to join them can take seconds.
    sys.stdout.flush()
    os._exit(0)
