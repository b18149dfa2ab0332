"""What this machine ran out of is its own failure, with the limit that was reached; in a process that really runs out."""

import errno
import socket
import ssl
import subprocess
import sys

import pytest

from bizra_load.engine import sockets
from bizra_load.engine.exhaustion import described, is_own, whose
from tests.unit.engine.hostile_server import hostile_server, respond

DESCRIPTORS = """
import resource, sys
from bizra_load.engine.client import Connection
from bizra_load.engine.errors import GeneratorError
connection = Connection("http://127.0.0.1:" + sys.argv[1])
request = connection.prepare("GET", "/")
held = []
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
try:
    while True:
        held.append(open("/dev/null"))
except OSError:
    pass
try:
    connection.send(request, b"", lambda _: None)
except GeneratorError as error:
    print(error)
held.clear()
print(connection.send(request, b"", lambda _: None).status)
"""


def test_a_process_without_descriptors_says_so_and_goes_on_when_there_are_some_again():
    with hostile_server(respond(b"HTTP/1.1 204 No Content\r\n\r\n")) as url:
        command = [sys.executable, "-c", DESCRIPTORS, url.rpartition(":")[2]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    first, status = done.stdout.splitlines()
    assert first == "connecting failed: Too many open files (EMFILE); ulimit -n is 64"
    assert status == "204"


@pytest.mark.parametrize(
    ("error", "own", "text"),
    [
        (OSError(errno.EMFILE, "Too many open files"), True, "Too many open files (EMFILE); ulimit -n is "),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), True, "ip_local_port_range has "),
        (OSError(errno.ENOBUFS, "No buffer space available"), True, "No buffer space available (ENOBUFS)"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), True, "the name could not be resolved: Name or"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), True, "Network is unreachable (ENETUNREACH)"),
        (OSError(errno.ENETDOWN, "Network is down"), True, "Network is down (ENETDOWN)"),
        (OSError(errno.EPERM, "Operation not permitted"), True, "(EPERM); a firewall of this machine forbids it"),
        (OSError(errno.EACCES, "Permission denied"), False, "Permission denied (EACCES)"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), False, "No route to host (EHOSTUNREACH)"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), False, "Connection refused (ECONNREFUSED)"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), False, "Connection reset by peer (ECONNRESET)"),
        (TimeoutError("timed out"), False, "timed out"),
        *((ssl.SSLError(number, "of OpenSSL"), False, "of OpenSSL") for number in (errno.EPERM, errno.ENOMEM, errno.EMFILE)),
    ],
)
def test_it_is_known_by_its_number_and_told_with_the_limit(error, own, text):
    assert is_own(error) is own
    assert text in described(error)


def test_the_numbers_of_tls_are_not_those_of_the_system():
    assert described(ssl.SSLError(errno.EPERM, "of OpenSSL")) == "of OpenSSL"


ROUTES = """
import subprocess
from bizra_load.engine.client import Connection
from bizra_load.engine.errors import EngineError
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["ip", "route", "add", "unreachable", "198.51.100.0/24"], check=True)
subprocess.run(["ip", "route", "add", "prohibit", "203.0.113.0/24"], check=True)
for host in ("192.0.2.1", "198.51.100.1", "203.0.113.1", "[2001:db8::1]", "127.0.0.1"):
    connection = Connection(f"http://{host}:9")
    try:
        connection.send(connection.prepare("GET", "/"), b"", lambda _: None)
    except EngineError as error:
        print(type(error).__name__, error)
"""


def test_a_machine_without_a_route_does_not_blame_the_target():
    """In a network of its own, which has none but to itself."""
    command = ["unshare", "--map-root-user", "--net", sys.executable, "-c", ROUTES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == [
        "GeneratorError connecting failed: Network is unreachable (ENETUNREACH); this machine has no route there",
        "GeneratorError connecting failed: No route to host (EHOSTUNREACH); this machine has no route there",
        "GeneratorError connecting failed: Permission denied (EACCES); a route of this machine forbids it",
        "GeneratorError connecting failed: Network is unreachable (ENETUNREACH); this machine has no route there",
        "TransportError connecting failed: Connection refused (ECONNREFUSED)",
    ]


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES])
def test_an_address_that_a_router_calls_unreachable_is_not_the_generators_fault(number):
    """This machine has a route there: it was not its own want."""
    error = whose(OSError(number, "unreachable"), socket.AF_INET, ("127.0.0.1", 9))
    assert not is_own(error)
    assert described(error) == f"unreachable ({errno.errorcode[number]})"
    other = OSError(errno.ECONNREFUSED, "refused")
    assert whose(other, socket.AF_INET, ("127.0.0.1", 9)) is other


def test_what_one_address_of_the_target_says_counts_before_a_route_that_is_missing_to_another(monkeypatch):
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (1, 2)]
    errors = iter([OSError(errno.ENETUNREACH, "none"), ConnectionRefusedError(errno.ECONNREFUSED, "refused")])
    monkeypatch.setattr(sockets.gevent.socket, "getaddrinfo", lambda *_, **__: rows)
    monkeypatch.setattr(sockets, "whose", lambda *_: next(errors))
    with pytest.raises(ConnectionRefusedError):
        sockets.connected("name", 80, 5.0)
