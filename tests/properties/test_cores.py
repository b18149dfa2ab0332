"""The compiled core and the pure one make the same of whatever a server does: two processes, one script for both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.core_driver import LONG, whole

BODIES = st.sampled_from(["", "x", '{"a":1}', "y" * 100, LONG])
HEADS = st.sampled_from(
    [
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: {}\r\nDate: now\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 503 Busy\r\nContent-Length: {}\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: {}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1000\r\nContent-Length: {}\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",  # until the end of the connection
    ]
)
CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@st.composite
def responses(draw):
    """Pieces of a valid response, of one that was damaged, or of nonsense."""
    kind = draw(st.sampled_from(["valid", "valid", "valid", "chunked", "damaged", "nonsense"]))
    body = draw(BODIES)
    text = draw(HEADS).format(len(whole(body))) + body
    if kind == "chunked":
        text = CHUNKED + (f"{len(whole(body)):x}\r\n{body}\r\n" if body else "") + "0\r\n\r\n"
    if kind == "damaged":
        at = draw(st.integers(0, min(len(text), 200) - 1))
        text = (
            text[:at] + draw(st.sampled_from(["", "\n", "\x00", "9", "\r\n\r\n", "é"])) + text[at + draw(st.integers(0, 2)) :]
        )
    if kind == "nonsense":
        text = draw(st.text(st.characters(max_codepoint=255), max_size=50))
    cut = draw(st.integers(0, len(text)))
    return [piece for piece in (text[:cut], text[cut:]) if piece]


SCRIPTS = st.fixed_dictionaries(
    {
        "connections": st.lists(st.lists(responses(), max_size=5), min_size=1, max_size=4),
        "requests": st.lists(st.tuples(st.sampled_from(["POST", "GET", "HEAD"]), BODIES), min_size=1, max_size=6),
    }
)


@pytest.fixture(scope="module")
def cores():
    """What each core makes of a script: one function for each, in processes of their own."""

    def asked(process):
        def ask(script):
            process.stdin.write(json.dumps(script) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        return ask

    with ExitStack() as stack:
        functions = {}
        for pure in ("0", "1"):
            environment = {**os.environ, "BIZRA_LOAD_PURE": pure, "PYTHONHASHSEED": "0"}
            command = [sys.executable, "-m", "tests.properties.core_driver"]
            process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.callback(process.wait)
            stack.callback(process.stdin.close)
            stack.callback(process.stdout.close)
            functions[process.stdout.readline().strip()] = asked(process)
        assert set(functions) == {"compiled", "pure Python"}, (
            "apt-get install -y gcc libc6-dev python3-dev; rm -r .venv; make setup"
        )
        yield functions


@pytest.mark.slow
@pytest.mark.processes
@given(SCRIPTS)
def test_both_cores_make_the_same_of_a_hostile_server(cores, script):
    compiled, pure = (ask(script) for ask in cores.values())
    assert compiled == pure
