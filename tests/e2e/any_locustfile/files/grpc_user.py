"""gRPC as Locust's documentation has it: an interceptor that fires events.request, with grpcio made cooperative."""

import time

import grpc
import grpc.experimental.gevent
from locust import User, constant, task

grpc.experimental.gevent.init_gevent()


class Measured(grpc.UnaryUnaryClientInterceptor):
    def __init__(self, fire):
        self._fire = fire

    def intercept_unary_unary(self, continuation, details, request):
        begin, error, size = time.perf_counter(), None, 0
        try:
            size = len(continuation(details, request).result())
        except grpc.RpcError as raised:
            error = raised
        self._fire(
            request_type="grpc",
            name=details.method,
            response_time=(time.perf_counter() - begin) * 1e3,
            response_length=size,
            exception=error,
            context={},
        )


class Customer(User):
    wait_time = constant(0.02)

    def __init__(self, environment):
        super().__init__(environment)
        channel = grpc.intercept_channel(grpc.insecure_channel(self.host), Measured(environment.events.request.fire))
        self.items, self.order = channel.unary_unary("/shop.Shop/Items"), channel.unary_unary("/shop.Shop/Order")

    @task(4)
    def look(self):
        self.items(b"all")

    @task
    def buy(self):
        self.order(b"one")
