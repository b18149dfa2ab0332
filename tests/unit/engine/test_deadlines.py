"""A response counts as in time by when it was read, and a spike is over when it is over."""

import threading
import time

import gevent
import pytest

from bizra_load.engine.client import Connection
from bizra_load.engine.errors import ResponseTimeout
from bizra_load.engine.stages import curve_from_stages
from tests.unit.engine.hostile_server import hostile_server, read_request, silent

HEAD, BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"hello"
WITHIN_S = 30.0


@pytest.mark.parametrize("pieces", [(HEAD + BODY,), (HEAD, BODY)], ids=["whole", "in two pieces"])
@pytest.mark.parametrize("late", [False, True])
def test_a_response_that_is_read_after_the_deadline_is_a_timeout(pieces, late):
    """A process that was held up finds response and deadline at once: a greenlet holds it until the response has come."""
    asked, held, sent, over = (threading.Event() for _ in range(4))
    timeout_s = 0.5 if late else WITHIN_S

    def serve(connection):
        read_request(connection)
        for piece in pieces[:-1]:
            connection.sendall(piece)
        asked.set()
        held.wait(WITHIN_S)
        connection.sendall(pieces[-1])
        sent.set()
        over.wait(WITHIN_S)

    def hold():
        while not asked.is_set() or connection._channel.read_ns < connection.last_sent_ns * (len(pieces) > 1):
            gevent.sleep(0.001)
        held.set()
        assert sent.wait(WITHIN_S)
        while late and time.perf_counter_ns() <= connection.last_sent_ns + timeout_s * 1.1e9:
            time.sleep(0.001)

    with hostile_server(serve) as url:
        connection = Connection(url, timeout_s=timeout_s)
        holder = gevent.spawn(hold)
        try:
            if late:
                with pytest.raises(ResponseTimeout):
                    connection.send(connection.prepare("POST", "/x"), b"{}", lambda sent_ns: None)
            else:
                assert connection.send(connection.prepare("POST", "/x"), b"{}", lambda sent_ns: None).body == BODY
        finally:
            holder.get()
            connection.close()
            over.set()


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
