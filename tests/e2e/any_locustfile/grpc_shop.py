"""A gRPC service of the tests' own: Items responds, Order is out of stock."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc


@contextmanager
def serving_grpc() -> Iterator[str]:
    """Its address, as "127.0.0.1:50051"."""

    def items(request: bytes, context: Any) -> bytes:
        return b"items"

    def order(request: bytes, context: Any) -> bytes:
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "out of stock")
        return b""

    methods = {"Items": grpc.unary_unary_rpc_method_handler(items), "Order": grpc.unary_unary_rpc_method_handler(order)}
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Shop", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
