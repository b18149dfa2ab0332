"""The load of a rehearsal keeps to bounds, whatever responds to it."""

import threading

import pytest

from bizra_load.poi.light_load import MOST_BYTES, LightLoad
from tests.unit.engine.hostile_server import hostile_server, read_request

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
THREADS, REQUESTS = 3, 9


@pytest.mark.parametrize(("size", "kept"), [(MOST_BYTES, True), (MOST_BYTES + 1, False)])
def test_a_response_over_its_bound_is_not_read_to_its_end_and_costs_the_connection(size, kept):
    opened, requests, enough = [], [], threading.Event()

    def serve(connection):
        opened.append(connection)
        while True:
            requests.append(read_request(connection))
            connection.sendall(HEAD % size + b" " * (size - 2) + b"{}")
            if len(requests) >= REQUESTS:
                enough.set()

    with hostile_server(serve) as url, LightLoad(url):
        assert enough.wait(20)
    assert (len(opened) == THREADS) is kept
