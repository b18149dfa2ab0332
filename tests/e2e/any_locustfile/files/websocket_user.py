"""A WebSocket client: one connection for each user, and an event for each message and its echo."""

import time

import websocket
from locust import User, constant, task


class Talker(User):
    wait_time = constant(0.02)

    def on_start(self):
        self.socket = websocket.create_connection(self.host, timeout=5)

    def on_stop(self):
        self.socket.close()

    @task
    def talk(self):
        begin = time.perf_counter()
        self.socket.send("hello")
        text = self.socket.recv()
        self.environment.events.request.fire(
            request_type="WS",
            name="echo",
            response_time=(time.perf_counter() - begin) * 1e3,
            response_length=len(text),
            exception=None,
            context={},
        )
