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
            while connection._channel.fd not in connection._reactor.hints and time.monotonic() < end:
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
        assert victim_connection._reactor.waiting == {}
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


def responses_to(*requests_and_bodies):
    """A script that responds to one request after the other, each whole in one piece."""

    def script(connection):
        for data in requests_and_bodies:
            read_request(connection)
            connection.sendall(data)
        silent(connection)

    return script


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SERIES = {
    "the same head, other bodies": [HEAD % 5 + b"hello", HEAD % 5 + b"world"],
    "another length": [HEAD % 5 + b"hello", HEAD % 6 + b"worlds", HEAD % 5 + b"again"],
    "an empty body": [HEAD % 0, HEAD % 0, HEAD % 5 + b"hello"],
    "one chunk": [CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", CHUNKED + b"5\r\nworld\r\n0\r\n\r\n"],
    "a chunk of another size": [CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", CHUNKED + b"6\r\nworlds\r\n0\r\n\r\n"],
    "two chunks as long as one": [CHUNKED + b"a\r\n0123456789\r\n0\r\n\r\n", CHUNKED + b"2\r\n01\r\n3\r\n234\r\n0\r\n\r\n"],
    "a chunk that looks like an end": [CHUNKED + b"7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", CHUNKED + b"7\r\nnothing\r\n0\r\n\r\n"],
    "an empty one": [CHUNKED + b"0\r\n\r\n", CHUNKED + b"0\r\n\r\n"],
    "trailers": [CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n", CHUNKED + b"5\r\nworld\r\n0\r\nX: z\r\n\r\n"],
    "an interim one before": [b"HTTP/1.1 100 Continue\r\n\r\n" + OK, OK, b"HTTP/1.1 103 X\r\n\r\n" + OK],
}


@pytest.mark.parametrize("name", SERIES)
def test_what_is_known_of_one_response_is_not_taken_for_the_next_one(name):
    """Each series twice on one connection, and each response on a connection of its own: the same bodies."""
    series = SERIES[name] * 2
    with hostile_server(responses_to(*series)) as url:
        together = [response.body for response in exchange(url, times=len(series))[0]]
    alone = []
    for data in series:
        with hostile_server(responses_to(data)) as url:
            alone.append(body_of(url))
    assert together == alone


BEHIND_A_KNOWN_ONE = {
    "more bytes than its length": (OK, OK + b"x"),
    "fewer, and the end": (OK, OK[:-1]),
    "a longer chunk than its size": (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", CHUNKED + b"5\r\nhello!\r\n0\r\n\r\n"),
    "another end as long": (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", CHUNKED + b"5\r\nhello\r\n1\r\n\r\n"),
}


@pytest.mark.parametrize("name", BEHIND_A_KNOWN_ONE)
def test_a_wrong_response_behind_a_known_one_is_a_failure(name):
    def script(connection):
        for data in BEHIND_A_KNOWN_ONE[name]:
            read_request(connection)
            connection.sendall(data)

    with hostile_server(script) as url, closing(Connection(url)) as connection:
        request = connection.prepare("POST", "/x")
        assert connection.send(request, b"{}", lambda _: None).body == b"hello"
        with pytest.raises((ProtocolError, TransportError)):
            connection.send(request, b"{}", lambda _: None)


def test_a_large_body_is_the_one_that_was_sent():
    body = bytes(range(256)) * 4096
    with hostile_server(respond(HEAD % len(body) + body)) as url:
        assert [response.body for response in exchange(url, times=2)[0]] == [body, body]


@pytest.mark.parametrize(
    ("method", "length"), [("GET", b""), ("DELETE", b""), ("POST", b"Content-Length: 0\r\n"), ("PUT", b"Content-Length: 0\r\n")]
)
def test_a_request_without_a_body_has_a_length_where_its_content_means_something(method, length):
    received = []

    def script(connection):
        received.append(read_request(connection))
        connection.sendall(OK)

    with hostile_server(script) as url, closing(Connection(url)) as connection:
        assert connection.send(connection.prepare(method, "/x"), b"", lambda _: None).body == b"hello"
    assert received[0].endswith(b"User-Agent: bizra-load\r\n" + length + b"\r\n")
