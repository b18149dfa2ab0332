"""The lean client against a server that does everything a server should not."""

import socket
import threading
import time
from contextlib import closing

import gevent
import pytest

from bizra_load.engine.client import Connection
from bizra_load.engine.errors import ProtocolError, ResponseTimeout, TransportError
from tests.unit.engine.hostile_server import hostile_server, read_request, respond, silent

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def exchange(url, method="POST", timeout_s=5.0, times=1):
    connection = Connection(url, timeout_s=timeout_s)
    request = connection.prepare(method, "/x")
    started = []
    try:
        responses = [connection.send(request, b"{}", started.append) for _ in range(times)]
    finally:
        connection.close()
    return responses, connection, started


def body_of(url, method="POST"):
    return exchange(url, method)[0][0].body


def test_a_plain_answer_is_read_and_timed():
    with hostile_server(respond(OK)) as url:
        [response], _, started = exchange(url)
    assert (response.status, response.body) == (200, b"hello")
    assert started == [response.sent_ns]
    assert response.sent_ns < response.done_ns < time.perf_counter_ns()


def test_an_answer_split_at_any_byte_is_the_same_answer():
    for at in range(1, len(OK)):
        with hostile_server(respond(OK[:at], OK[at:])) as url:
            assert body_of(url) == b"hello"


def test_chunked_answers_with_extensions_and_trailers_are_joined():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n"
    for at in range(1, len(chunked), 7):
        with hostile_server(respond(chunked[:at], chunked[at:])) as url:
            assert body_of(url) == b"hello"


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_body_end_with_their_head(status):
    with hostile_server(respond(b"HTTP/1.1 %d X\r\nContent-Length: 99\r\n\r\n" % status)) as url:
        responses, connection, _ = exchange(url, times=2)
    assert [a.status for a in responses] == [status, status]
    assert connection.reconnects == 0


def test_a_head_answer_has_no_body_whatever_its_length_says():
    with hostile_server(respond(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")) as url:
        assert body_of(url, "HEAD") == b""


def test_interim_answers_are_passed_over():
    with hostile_server(respond(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK)) as url:
        assert body_of(url) == b"hello"


def test_connection_close_is_obeyed_and_the_reconnect_is_counted():
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
    with hostile_server(respond(closing, close=True)) as url:
        responses, connection, _ = exchange(url, times=3)
    assert [a.body for a in responses] == [b"hello"] * 3
    assert connection.reconnects == 2


def test_a_body_without_length_ends_with_the_connection():
    with hostile_server(respond(b"HTTP/1.0 200 OK\r\n\r\n", b"hel", b"lo", close=True)) as url:
        assert body_of(url) == b"hello"


def test_a_server_that_closed_the_idle_connection_costs_a_reconnect_and_no_failure():
    closed = threading.Event()

    def once(connection):
        read_request(connection)
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with hostile_server(once) as url, closing(Connection(url)) as connection:
        request = connection.prepare("POST", "/x")
        for _ in range(3):
            closed.clear()
            assert connection.send(request, b"{}", lambda _: None).body == b"hello"
            assert closed.wait(5)
            end = time.monotonic() + 5
            while connection._fd not in connection._reactor.hints and time.monotonic() < end:
                gevent.sleep(0.001)  # until the hub has seen the close
        assert connection.reconnects == 2


BROKEN = {
    "closes at once": (b"", TransportError),
    "closes in the middle of the head": (OK[:20], TransportError),
    "closes in the middle of the body": (OK[:-2], TransportError),
    "garbage": (b"\x00\xff\x17 nonsense\r\n\r\n", ProtocolError),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ProtocolError),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", ProtocolError),
    "length and chunked": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", ProtocolError),
    "negative length": (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", ProtocolError),
    "huge length": (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\nhello", ProtocolError),
    "wrong chunk size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n", ProtocolError),
    "chunk longer than said": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n", ProtocolError),
    "lines without CR": (b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", ProtocolError),
    "folded header": (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nhello", ProtocolError),
    "endless head": (b"HTTP/1.1 200 OK\r\n" + b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 4000, ProtocolError),
    "interim flood": (b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + OK, ProtocolError),
    "switching protocols": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ProtocolError),
    "two responses at once": (OK + OK, ProtocolError),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_parsed_is_a_clear_failure(name):
    data, kind = BROKEN[name]
    with hostile_server(respond(data, close=True)) as url, pytest.raises(kind):
        exchange(url)


def test_a_reset_is_a_transport_failure():
    with hostile_server(respond(OK[:10], reset=True)) as url, pytest.raises(TransportError):
        exchange(url)


def test_the_answer_to_a_failed_request_is_never_taken_for_the_next_one():
    with (
        hostile_server(respond(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"), respond(OK)) as url,
        closing(Connection(url)) as connection,
    ):
        request = connection.prepare("POST", "/x")
        with pytest.raises(ProtocolError):
            connection.send(request, b"{}", lambda _: None)
        assert connection.send(request, b"{}", lambda _: None).body == b"hello"


def test_no_answer_is_a_timeout():
    with hostile_server(silent) as url, pytest.raises(ResponseTimeout):
        exchange(url, timeout_s=0.2)


def test_a_slow_drip_cannot_outlast_the_timeout():
    def drip(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X: y\r\n")
            threading.Event().wait(0.01)

    begin = time.monotonic()
    with hostile_server(drip) as url, pytest.raises(ResponseTimeout):
        exchange(url, timeout_s=0.3)
    assert time.monotonic() - begin < 5


def test_a_refused_connection_is_a_transport_failure():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransportError, match="connecting failed"):
        exchange(f"http://127.0.0.1:{port}")


def test_a_request_larger_than_the_send_buffer_arrives_whole():
    received = []

    def swallow(connection):
        received.append(read_request(connection))
        connection.sendall(OK)

    with hostile_server(swallow) as url, closing(Connection(url)) as connection:
        body = b"x" * 8_000_000
        assert connection.send(connection.prepare("POST", "/x"), body, lambda _: None).body == b"hello"
    assert received[0].endswith(body)


def test_a_killed_user_leaves_nothing_that_could_wake_another():
    with hostile_server(silent, respond(OK)) as url:
        victim_connection = Connection(url)
        victim = gevent.spawn(victim_connection.send, victim_connection.prepare("POST", "/x"), b"{}", lambda _: None)
        while not victim_connection.last_started:
            gevent.sleep(0.001)
        victim.kill()
        assert victim_connection._reactor._waiting == {}
        assert body_of(url) == b"hello"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/x\r\nEvil: 1", {}),
        ("/x", {"A": "b\r\nEvil: 1"}),
        ("/x", {"A\nB": "c"}),
        ("/x", {"A": "b\x00"}),
        ("/a b", {}),
        ("/x", {"Content-Length": "3"}),
    ],
)
def test_header_injection_is_impossible(path, headers):
    with pytest.raises(ValueError, match=r"control|spaces|itself"):
        Connection("http://127.0.0.1:1").prepare("POST", path, headers)
