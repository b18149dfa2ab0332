"""The lean client behind TLS, and behind a name with several addresses."""

import contextlib
import socket
import threading
from contextlib import closing

import pytest
import trustme

from bizra_load.engine.client import Connection
from bizra_load.engine.errors import EngineError, TransportError
from bizra_load.engine.sockets import connected, tls_context
from tests.unit.engine.hostile_server import hostile_server, read_request, respond, secured

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def test_https_is_verified_against_the_given_authority(authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with hostile_server(secured(authority, "127.0.0.1", respond(OK))) as url:
        connection = Connection(url.replace("http", "https"), ca_file=str(tmp_path / "ca.pem"))
        request = connection.prepare("POST", "/x")
        assert [connection.send(request, b"{}", lambda _: None).body for _ in range(3)] == [b"hello"] * 3
        assert connection.reconnects == 0
        connection.close()


@pytest.mark.parametrize("afterwards", ["an unsolicited 408", "the end in good order", "the end without a word"])
def test_what_comes_on_an_idle_https_connection_costs_a_reconnect_and_shifts_no_response(authority, tmp_path, afterwards):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    done = threading.Event()
    numbers = iter(range(1, 100))

    def script(secure):
        read_request(secure)
        secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%2d" % next(numbers))
        if afterwards == "an unsolicited 408":
            secure.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        elif afterwards == "the end in good order":
            secure.settimeout(0.2)
            with contextlib.suppress(OSError):  # its close_notify goes out at once; ours comes when we close
                secure.unwrap()
        secure.shutdown(socket.SHUT_WR)
        done.set()
        with contextlib.suppress(OSError):
            secure.recv(1)

    with (
        hostile_server(secured(authority, "127.0.0.1", script)) as url,
        closing(Connection(url.replace("http", "https"), ca_file=str(tmp_path / "ca.pem"))) as connection,
    ):
        request = connection.prepare("POST", "/x")
        for number in range(1, 5):
            done.clear()
            assert connection.send(request, b"{}", lambda _: None).body == b"%2d" % number
            assert done.wait(5)
        assert connection.reconnects == 3


@pytest.mark.parametrize("in_good_order", [True, False])
@pytest.mark.parametrize(
    ("response", "has_an_end"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", False),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", True),
    ],
)
def test_a_response_that_only_the_connections_end_ends_is_whole_where_tls_says_so(
    authority, tmp_path, response, has_an_end, in_good_order
):
    """Anybody on the way can cut a connection; only the server can end it by TLS' close_notify."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def script(secure):
        read_request(secure)
        secure.sendall(response)
        if in_good_order:
            secure.settimeout(0.2)
            with contextlib.suppress(OSError):
                secure.unwrap()
        secure.shutdown(socket.SHUT_WR)

    with (
        hostile_server(secured(authority, "127.0.0.1", script)) as url,
        closing(Connection(url.replace("http", "https"), ca_file=str(tmp_path / "ca.pem"))) as connection,
    ):
        request = connection.prepare("POST", "/x")
        for _ in range(2):
            if has_an_end or in_good_order:
                assert connection.send(request, b"{}", lambda _: None).body == b"hello"
            else:
                with pytest.raises(TransportError, match="without TLS' close_notify"):
                    connection.send(request, b"{}", lambda _: None)


def test_all_https_connections_of_a_process_share_their_context(authority, tmp_path):
    path = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(path)
    assert tls_context(path, False) is tls_context(path, False)
    assert tls_context(path, False) is not tls_context(path, True)
    with pytest.raises(OSError, match="No such file"):
        tls_context(str(tmp_path / "none.pem"), False)


def test_connections_spread_over_the_addresses_of_a_name_which_a_mock_resolver_gives(monkeypatch):
    here = set()
    listeners = [socket.create_server(("127.0.0.2", 0))]
    port = listeners[0].getsockname()[1]
    listeners.append(socket.create_server(("127.0.0.3", port)))
    addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]  # nobody listens at the last one
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
    monkeypatch.setattr("gevent.socket.getaddrinfo", lambda *_, **__: rows)
    for _ in range(6):
        with closing(connected("several.example", port, 5.0)) as connection:
            here.add(connection.getpeername()[0])
    for listener in listeners:
        listener.close()
    assert here == {"127.0.0.2", "127.0.0.3"}
    with pytest.raises(ConnectionRefusedError):
        connected("several.example", port, 5.0)


def test_an_unknown_authority_or_a_wrong_name_is_refused(authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with hostile_server(secured(authority, "127.0.0.1", respond(OK))) as url:
        connection = Connection(url.replace("http", "https"))
        with pytest.raises(TransportError, match="TLS"):
            connection.send(connection.prepare("POST", "/x"), b"{}", lambda _: None)
    with hostile_server(secured(authority, "other.example", respond(OK))) as url:
        connection = Connection(url.replace("http", "https"), ca_file=str(tmp_path / "ca.pem"))
        with pytest.raises(EngineError, match="TLS"):
            connection.send(connection.prepare("POST", "/x"), b"{}", lambda _: None)


def test_large_bodies_go_both_ways_behind_tls(authority, tmp_path):
    """Both larger than any buffer: the server reads slowly, and responds with more than a record."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    sent, received = bytes(range(256)) * 16_384, []

    def script(secure):
        for _ in range(2):
            received.append(read_request(secure).partition(b"\r\n\r\n")[2])
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(sent) + sent)

    with (
        hostile_server(secured(authority, "127.0.0.1", script)) as url,
        closing(Connection(url.replace("http", "https"), timeout_s=30.0, ca_file=str(tmp_path / "ca.pem"))) as connection,
    ):
        request = connection.prepare("POST", "/x")
        for _ in range(2):
            assert connection.send(request, sent, lambda _: None).body == sent
        assert connection.reconnects == 0
    assert received == [sent, sent]


def test_a_response_that_tls_cuts_into_records_is_whole(authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with hostile_server(secured(authority, "127.0.0.1", respond(OK[:10], OK[10:20], OK[20:-1], OK[-1:]))) as url:
        connection = Connection(url.replace("http", "https"), ca_file=str(tmp_path / "ca.pem"))
        request = connection.prepare("POST", "/x")
        assert [connection.send(request, b"{}", lambda _: None).body for _ in range(3)] == [b"hello"] * 3
        connection.close()


def test_a_connection_resumes_the_session_of_the_one_before(authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    resumed = []

    def script(secure):
        resumed.append(secure.session_reused)
        read_request(secure)
        secure.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")

    with (
        hostile_server(secured(authority, "127.0.0.1", script)) as url,
        closing(Connection(url.replace("http", "https"), ca_file=str(tmp_path / "ca.pem"))) as connection,
    ):
        request = connection.prepare("POST", "/x")
        for _ in range(3):
            assert connection.send(request, b"{}", lambda _: None).body == b"hello"
    assert resumed == [False, True, True]
