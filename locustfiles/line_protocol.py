"""A protocol that Locust does not know: a line is sent over TCP, a line comes back; "ERROR ..." is a failure.

Whatever fires events.request is measured: bizra-load run -f locustfiles/line_protocol.py -H tcp://HOST:PORT -u 20 -t 1m
"""

import socket
import time
from urllib.parse import urlsplit

from locust import User, constant_throughput, task


class LineClient:
    def __init__(self, host, fire):
        parts = urlsplit(host)
        self._fire = fire
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=5)
        self._lines = self._socket.makefile("rb")

    def ask(self, line):
        begin, reply, error = time.perf_counter(), b"", None
        try:
            self._socket.sendall(line.encode() + b"\n")
            reply = self._lines.readline()
            if reply.startswith(b"ERROR") or not reply:
                raise ValueError(reply.decode().strip() or "connection closed")
        except (OSError, ValueError) as raised:
            error = raised
        self._fire(
            request_type="LINE",
            name=line.split()[0],
            response_time=(time.perf_counter() - begin) * 1000,  # ms
            response_length=len(reply),
            exception=error,
            context={},
        )

    def close(self):
        self._socket.close()


class LineUser(User):
    wait_time = constant_throughput(10)

    def on_start(self):
        self.client = LineClient(self.host, self.environment.events.request.fire)

    def on_stop(self):
        self.client.close()

    @task
    def read(self):
        self.client.ask("READ key")
