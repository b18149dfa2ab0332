"""A client of its own for a protocol that Locust does not know, over a plain socket; it fires events.request."""

import socket
import time
from urllib.parse import urlsplit

from locust import User, constant, task


class LineClient:
    def __init__(self, host, fire):
        parts = urlsplit(host)
        self._address, self._fire = (parts.hostname, parts.port), fire

    def ask(self, line):
        begin, error, response = time.perf_counter(), None, b""
        try:
            with socket.create_connection(self._address, timeout=2) as connection:
                connection.sendall(f"GET /{line} HTTP/1.0\r\n\r\n".encode())
                while chunk := connection.recv(4096):
                    response += chunk
            if b"500" in response.partition(b"\r\n")[0]:
                raise RuntimeError(f"code 13: {line} is not there")
        except Exception as raised:
            error = raised
        self._fire(
            request_type="line",
            name=line,
            response_time=(time.perf_counter() - begin) * 1e3,
            response_length=len(response),
            exception=error,
            context={},
        )


class LineUser(User):
    wait_time = constant(0.02)

    def __init__(self, environment):
        super().__init__(environment)
        self.client = LineClient(self.host, environment.events.request.fire)

    @task(4)
    def works(self):
        self.client.ask("items")

    @task
    def fails(self):
        self.client.ask("broken")
