"""What this machine ran out of is its own failure, with the limit that was reached; in a process that really runs out."""

import errno
import socket
import subprocess
import sys

import pytest

from bizra_load.engine.exhaustion import described, is_own
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
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), False, "Connection refused (ECONNREFUSED)"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), False, "Connection reset by peer (ECONNRESET)"),
        (TimeoutError("timed out"), False, "timed out"),
    ],
)
def test_it_is_known_by_its_number_and_told_with_the_limit(error, own, text):
    assert is_own(error) is own
    assert text in described(error)
