"""A response counts as in time by when it was read, and a spike is over when it is over."""

import threading
import time

import pytest

from bizra_load.engine import client, reactor
from bizra_load.engine.client import Connection
from bizra_load.engine.errors import ResponseTimeout
from bizra_load.engine.stages import curve_from_stages
from tests.unit.engine.hostile_server import hostile_server, read_request, silent

HEAD, BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"hello"
TIMEOUT_S = 5.0


@pytest.mark.parametrize("pieces", [(HEAD + BODY,), (HEAD, BODY)], ids=["whole", "in two pieces"])
@pytest.mark.parametrize("late", [False, True])
def test_a_response_that_is_read_after_the_deadline_is_a_timeout(monkeypatch, pieces, late):
    """A process that was held up finds response and deadline at once. Here its clock goes on while the server responds."""
    skipped_ns, ready = [0], threading.Event()
    begins, read = threading.Event(), threading.Event()  # the response begins; its first piece has been read

    def clock():
        now_ns = time.perf_counter_ns() + skipped_ns[0]
        if begins.is_set():
            read.set()
        return now_ns

    for module in (client, reactor):
        monkeypatch.setattr(module, "_clock", clock)

    def serve(connection):
        read_request(connection)
        for piece in pieces[:-1]:
            begins.set()
            connection.sendall(piece)
            read.wait(TIMEOUT_S)
        skipped_ns[0] = int((2.0 if late else 0.5) * TIMEOUT_S * 1e9)
        connection.sendall(pieces[-1])
        ready.wait(TIMEOUT_S)

    with hostile_server(serve) as url:
        connection = Connection(url, timeout_s=TIMEOUT_S)
        try:
            if late:
                with pytest.raises(ResponseTimeout):
                    connection.send(connection.prepare("POST", "/x"), b"{}", lambda sent_ns: None)
            else:
                assert connection.send(connection.prepare("POST", "/x"), b"{}", lambda sent_ns: None).body == BODY
        finally:
            connection.close()
            ready.set()


def test_a_response_that_never_comes_is_waited_for_until_the_deadline_and_no_longer():
    with hostile_server(silent) as url:
        connection = Connection(url, timeout_s=0.2)
        began_s = time.perf_counter()
        try:
            with pytest.raises(ResponseTimeout):
                connection.send(connection.prepare("POST", "/x"), b"{}", lambda sent_ns: None)
        finally:
            connection.close()
        assert time.perf_counter() - began_s >= 0.2


@pytest.mark.parametrize(
    ("after", "rates"),
    [
        ({"soak": {"for": "10s"}}, [100, 500, 100, 100]),
        ({"ramp": {"to": 300, "over": "10s"}}, [100, 500, 200, 300]),
        ({"spike": {"to": 50, "for": "10s"}}, [100, 500, 50, 50]),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else "",
)
def test_after_a_spike_the_rate_is_what_it_was_before(after, rates):
    stages = [{"step": {"to": 100, "for": "10s"}}, {"spike": {"to": 500, "for": "10s"}}, after]
    curve = curve_from_stages({"stages": stages})
    assert [round(curve.rate_at(t)) for t in (5, 15, 25, 29.99)] == rates
    last = curve_from_stages({"stages": [*stages, {"soak": {"for": "10s"}}]})
    assert last.rate_at(35) == (300 if "ramp" in after else 100)
