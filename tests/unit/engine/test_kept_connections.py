"""A server may end a kept connection at any time (RFC 9112 section 9.5). What it can't have got is sent again; what it may have
got is a failure, for nobody here knows what became of it.
"""

import contextlib
import socket
import struct
import threading
import time
from contextlib import closing

import gevent
import pytest
import trustme

from bizra_load.engine import client
from bizra_load.engine.client import IDLE_NS, Connection
from bizra_load.engine.errors import TransportError
from tests.unit.engine.hostile_server import hostile_server, read_request, secured

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Server:
    """Answers one request on each connection, then does `afterwards`; `got`: how many requests it read."""

    def __init__(self, afterwards, reply=OK):
        self.got, self._afterwards, self._answer = 0, afterwards, reply
        self.go, self.done = threading.Event(), threading.Event()  # when `afterwards` may begin, and that it has ended

    def __call__(self, connection):
        self._take(connection)
        connection.sendall(self._answer)
        assert self.go.wait(5)
        self._afterwards(self, connection)
        self.done.set()

    def _take(self, connection):
        assert read_request(connection)
        self.got += 1

    def close(self, connection):
        connection.close()

    def close_when_asked(self, connection):
        self._take(connection)
        connection.close()

    def reset_when_asked(self, connection):
        self._take(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def reset(self, connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def end_and_read_on(self, connection):
        """As Apache does: what comes then is read and thrown away."""
        connection.shutdown(socket.SHUT_WR)
        self.done.set()
        while connection.recv(1000):
            pass


def sent(connection, request):
    starts = []
    response = connection.send(request, b"{}", starts.append)
    assert starts == [response.sent_ns]
    return response.body


def ended(server, connection, request):
    """A request and its response, then the end of the connection."""
    server.go.clear()
    server.done.clear()
    assert sent(connection, request) == b"hello"
    server.go.set()
    return server.done.wait(5)


def test_a_request_that_crossed_the_end_of_its_connection_goes_out_again_and_is_got_once():
    server = Server(Server.close)
    with hostile_server(server) as url, closing(Connection(url)) as connection:
        request = connection.prepare("POST", "/x")
        for _ in range(4):
            assert ended(server, connection, request)  # and the hub, which has not run since, has not seen the end
        assert (server.got, connection.reconnects) == (4, 3)


def test_the_same_behind_tls_where_a_blind_mock_of_the_look_before_sending_sees_nothing(tmp_path, monkeypatch):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setattr(client, "closed_by_peer", lambda _: False)
    server = Server(Server.close)
    with (
        hostile_server(secured(authority, "127.0.0.1", server)) as url,
        closing(Connection(url.replace("http", "https"), ca_file=str(tmp_path / "ca.pem"))) as connection,
    ):
        request = connection.prepare("POST", "/x")
        for _ in range(4):
            assert ended(server, connection, request)
        assert (server.got, connection.reconnects) == (4, 3)


@pytest.mark.parametrize("afterwards", [Server.close_when_asked, Server.reset_when_asked])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_the_server_got_is_never_sent_again(afterwards, method):
    server = Server(afterwards)
    with hostile_server(server) as url, closing(Connection(url)) as connection:
        request = connection.prepare(method, "/x")
        assert sent(connection, request) == b"hello"
        server.go.set()
        with pytest.raises(TransportError, match="kept connection"):
            connection.send(request, b"{}", lambda _: None)
        assert server.done.wait(5)
        assert server.got == 2


def test_after_a_while_without_requests_the_end_is_looked_for_although_the_hub_has_not_seen_it():
    server = Server(Server.end_and_read_on)
    with hostile_server(server) as url, closing(Connection(url)) as connection:
        request = connection.prepare("POST", "/x")
        for _ in range(2):
            assert ended(server, connection, request)
            asked_ns = time.perf_counter_ns()
            while time.perf_counter_ns() <= asked_ns + IDLE_NS:
                time.sleep(0.01)
        assert server.got == 2


def test_a_server_that_ends_a_new_connection_unread_has_failed_the_request():
    with hostile_server(lambda connection: None) as url, closing(Connection(url)) as connection:
        with pytest.raises(TransportError) as failed:
            connection.send(connection.prepare("POST", "/x"), b"{}", lambda _: None)
        assert "kept" not in str(failed.value)
        assert connection.reconnects == 0


@pytest.mark.parametrize(
    ("announced", "reconnects"), [("timeout=0", 1), ("max=9, Timeout=0", 1), ("timeout=60, max=9", 0), ("x", 0)]
)
def test_a_connection_is_not_used_up_to_the_end_of_the_time_that_the_server_announces(announced, reconnects):
    def again(server, connection):
        server._take(connection)
        connection.sendall(OK)

    server = Server(again, OK.replace(b"\r\n\r\n", f"\r\nKeep-Alive: {announced}\r\n\r\n".encode()))
    with hostile_server(server) as url, closing(Connection(url)) as connection:
        request = connection.prepare("POST", "/x")
        assert sent(connection, request) == b"hello"
        server.go.set()
        asked_ns = time.perf_counter_ns()
        while time.perf_counter_ns() <= asked_ns + IDLE_NS:
            gevent.sleep(0.01)
        assert sent(connection, request) == b"hello"
        assert connection.reconnects == reconnects


def test_a_connection_that_was_cut_off_before_the_request_is_opened_again():
    """The loop had no turn since: nobody has told the client. It is no failure of the service's: nothing was asked."""
    for _ in range(5):
        server = Server(Server.reset)
        with hostile_server(server) as url, closing(Connection(url)) as connection:
            request = connection.prepare("POST", "/x")
            assert ended(server, connection, request)
            server.go.set()
            assert sent(connection, request) == b"hello"
            assert (server.got, connection.reconnects) == (2, 1)


def test_a_request_that_goes_out_again_is_not_got_by_whoever_ended_reads_on():
    """It lay behind a window that was shut, as the server responded without reading a long body."""
    got, ended_here, asked_again = [], threading.Event(), threading.Event()

    def early(connection):
        connection.recv(500)
        connection.sendall(OK)
        assert ended_here.wait(5)
        connection.shutdown(socket.SHUT_WR)
        assert asked_again.wait(5)
        with contextlib.suppress(ConnectionResetError):
            while data := connection.recv(65_536):
                got.append(data)
        got.append(b"end")

    def once(connection):
        got.append(read_request(connection))
        connection.sendall(OK)
        asked_again.set()
        connection.recv(1)

    with hostile_server(early, once, buffer_bytes=4096) as url, closing(Connection(url, timeout_s=5)) as connection:
        assert connection.send(connection.prepare("POST", "/"), b"x" * 200_000, lambda _: None).status == 200
        threading.Timer(0.05, ended_here.set).start()  # the request has been sent by then; if not, the test sees nothing
        assert connection.send(connection.prepare("GET", "/once"), b"", lambda _: None).status == 200
        while b"end" not in got:
            gevent.sleep(0.01)
    assert b"".join(got).count(b"GET /once") == 1
