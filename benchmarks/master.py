"""What a worker costs the master. python -m benchmarks.master [--workers 50,200]

A real Locust master with our plugin; simulated workers speak its protocol and send real windows through the real exchange.

Each simulated worker reports three operations of 500 ops/s in all, once a second, as one of 200 pods does at 100K ops/s.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402  # gevent patches the standard library before anything else uses it
import json  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import uuid  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
import numpy as np  # noqa: E402
import psutil  # noqa: E402
from locust import __version__  # noqa: E402
from locust.rpc import Message, zmqrpc  # noqa: E402

from benchmarks import results  # noqa: E402
from benchmarks.measuring import cpu_s  # noqa: E402
from bizra_load.io.ports import free_port  # noqa: E402
from bizra_load.measure.exchange import ACKNOWLEDGE, DRAIN, REPORT, START, Sender  # noqa: E402
from bizra_load.measure.health import LAG_BITS  # noqa: E402
from bizra_load.measure.report import encode_report  # noqa: E402
from sla.values.histogram import from_values  # noqa: E402
from sla.values.machine import MachineSecond  # noqa: E402
from sla.values.window import Health, Window  # noqa: E402

HERE = Path(__file__).parent
MEASURE_S = 10.0
OPERATIONS = {"generate": 240, "verify": 240, "finality": 20}


class SimulatedWorker:
    """Locust's side of the protocol, and our reports; no users."""

    def __init__(self, number: int, port: int) -> None:
        self.name = f"bizra-load-worker-{number:03d}_{uuid.uuid4().hex}"  # as long as Locust's of a pod
        self.sent_bytes = self.sent_messages = 0
        self._client = zmqrpc.Client("127.0.0.1", port, self.name)
        self._state, self._users = "ready", {}
        self._sender: Sender | None = None
        self._rng = np.random.default_rng(number)
        self._send("client_ready", __version__)
        self._greenlets = [gevent.spawn(self._listen), gevent.spawn(self._beat), gevent.spawn(self._report, number)]

    def _send(self, kind: str, data: Any) -> None:
        message = Message(kind, data, self.name)
        self.sent_messages += 1
        self.sent_bytes += len(message.serialize())
        self._client.send(message)

    def _listen(self) -> None:
        while True:
            message = self._client.recv()
            if message.type == "spawn":
                self._state, self._users = "running", message.data["user_classes_count"]
                count = sum(self._users.values())
                self._send("spawning_complete", {"user_classes_count": self._users, "user_count": count})
            elif message.type == START and self._sender is None:  # the second says when the schedule begins
                self._sender = Sender(message.data["run"], self.name, lambda m: self._send(REPORT, m))
            elif message.type == ACKNOWLEDGE and self._sender:
                self._sender.acknowledged(message.data)
            elif message.type == DRAIN and self._sender:
                self._sender.report(self._windows(int(time.time())), final=True)
            elif message.type == "stop":
                self._state = "ready"
                self._send("client_stopped", None)
                self._send("client_ready", __version__)

    def _beat(self) -> None:
        while True:
            self._send("heartbeat", {"state": self._state, "current_cpu_usage": 10.0, "current_memory_usage": 10**8})
            if self._state == "running" and int(time.time()) % 3 == 0:
                count = sum(self._users.values())
                totals = {"stats": [], "stats_total": _NO_STATS, "errors": {}}
                self._send("stats", totals | {"user_classes_count": self._users, "user_count": count})
            gevent.sleep(1)

    def _report(self, number: int) -> None:
        gevent.sleep(number % 50 / 50)
        while True:
            if self._sender:
                self._sender.report(self._windows(int(time.time()) - 1))
            gevent.sleep(1)

    def _windows(self, second: int) -> bytes:
        windows = []
        for operation, n in OPERATIONS.items():
            service = self._rng.lognormal(np.log(200e3), 0.4, n).astype(np.int64)
            response = service + self._lags(n)
            sums = int(service.sum()), int(response.sum()), int(service.sum())
            started = n + int(self._rng.integers(-1, 2))  # some are due in the second before
            windows.append(Window(second, operation, n, 0, started, n, {}, *sums, from_values(response), from_values(service)))
        lag, own_lag, hub = (from_values(self._lags(n)).rounded_up(LAG_BITS) for n in (480, 480, 10))
        machine = MachineSecond(second, self.name, 2, *self._rng.random(3).round(6).tolist(), 0.0, 0.0)
        figures = {"own_lag": own_lag, "hub": hub, "slots": 10, "machine": machine, "housekeeping_ns": 160_224}
        clock = {"label_offset_ns": -717_353, "wall_offset_ns": -690_605, "clock_error_ns": 945_926}
        return encode_report(windows, [Health(second, self.name, lag, 0.1, 0, 10**8, **figures, **clock)])

    def _lags(self, n: int) -> np.ndarray:
        return self._rng.lognormal(np.log(50e3), 0.5, n).astype(np.int64)


_ZERO = (
    "num_requests",
    "num_none_requests",
    "num_failures",
    "total_response_time",
    "max_response_time",
    "total_content_length",
)
_NO_STATS: dict[str, Any] = {
    "name": "Aggregated",
    "method": "",
    "start_time": 0,
    "last_request_timestamp": None,
    "min_response_time": None,
    **dict.fromkeys(_ZERO, 0),
    **{name: {} for name in ("response_times", "num_reqs_per_sec", "num_fail_per_sec")},
}


def run(workers: int) -> dict[str, float]:
    """One master with so many workers."""
    with tempfile.TemporaryDirectory() as name:
        port = free_port()
        command = [
            *(sys.executable, "-m", "locust", "-f", "locustfiles/mixed.py", "-H", "http://127.0.0.1:1"),
            *("--headless", "--master"),
            *("--expect-workers", str(workers), "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port)),
            *("--only-summary", "--agreement", "local", "--out", name, "--target-ops", "100000", "--ops-per-user", "50"),
            *("--ramp", "0s", "--duration", "120s", "--loglevel", "WARNING"),
        ]
        master = subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            gevent.sleep(3)
            simulated = [SimulatedWorker(i, port) for i in range(workers)]
            end = time.monotonic() + 60
            while not all(s._sender for s in simulated):
                if time.monotonic() > end:
                    raise SystemExit("the master never started the test")
                gevent.sleep(0.1)
            gevent.sleep(5)
            process = psutil.Process(master.pid)
            begin, cpu = time.monotonic(), cpu_s(master.pid)
            messages, sent = sum(s.sent_messages for s in simulated), sum(s.sent_bytes for s in simulated)
            gevent.sleep(MEASURE_S)
            took = time.monotonic() - begin
            waiting = sum(len(s._sender._waiting) for s in simulated if s._sender)
            return {
                "workers": workers,
                "master_cpu_share": (cpu_s(master.pid) - cpu) / took,
                "messages_per_s": (sum(s.sent_messages for s in simulated) - messages) / took,
                "bytes_per_worker_s": (sum(s.sent_bytes for s in simulated) - sent) / took / workers,
                "report_bytes": len(simulated[0]._windows(int(time.time()))),
                "unacknowledged_reports": waiting,
                "master_rss_mb": process.memory_info().rss / 1e6,
                "disk_mb_per_hour": sum(f.stat().st_size for f in Path(name).rglob("*.jsonl")) / (took + 5) * 3600 / 1e6,
            }
        finally:
            master.kill()
            master.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", default="50,200")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(run(args.one)))
        return
    rows = []
    for workers in args.workers.split(","):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.master", "--one", workers],
            cwd=HERE.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        rows.append(json.loads(done.stdout))
    shown = [
        (
            f"{r['workers']}",
            f"{r['master_cpu_share']:.2f} core",
            f"{r['messages_per_s']:,.0f}",
            f"{r['bytes_per_worker_s']:,.0f}",
            f"{r['disk_mb_per_hour']:,.0f} MB/h",
        )
        for r in rows
    ]
    columns = ("Workers", "Master CPU", "Messages/s", "Bytes per worker and second", "Run on disk")
    results.keep("master", rows, results.table(columns, shown))


if __name__ == "__main__":
    main()
