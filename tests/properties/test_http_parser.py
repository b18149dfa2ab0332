"""Whatever arrives, in whatever pieces: the same answer or an EngineError, never a hang, never another exception."""

import contextlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

from bizra_load.engine.errors import EngineError
from bizra_load.engine.http_parser import Reader, read_response


def stream(data, cuts):
    edges = sorted({0, len(data), *(c % (len(data) + 1) for c in cuts)})
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    return Reader(lambda: pieces.pop(0) if pieces else b"")


def chunked(body, sizes):
    out, at = b"", 0
    for size in sizes:
        piece = body[at : at + size]
        at += size
        if piece:
            out += b"%x\r\n%s\r\n" % (len(piece), piece)
    rest = body[at:]
    if rest:
        out += b"%x\r\n%s\r\n" % (len(rest), rest)
    return out + b"0\r\n\r\n"


@given(
    st.binary(max_size=300), st.lists(st.integers(0, 2000), max_size=8), st.lists(st.integers(1, 40), max_size=8), st.booleans()
)
def test_any_split_of_a_valid_answer_gives_the_same_body(body, cuts, sizes, use_chunks):
    if use_chunks:
        data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, sizes)
    else:
        data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    head, content = read_response(stream(data, cuts), "POST", {})
    assert (head.status, content) == (200, body)


fragments = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 C\r\n\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n",
        b"\n",
        b"X: y\r\n",
        b"hello",
    ]
)


@given(st.lists(fragments | st.binary(max_size=20), max_size=12).map(b"".join), st.lists(st.integers(0, 500), max_size=6))
def test_any_bytes_end_in_a_response_or_an_engine_error(data, cuts):
    with contextlib.suppress(EngineError):
        head, body = read_response(stream(data, cuts), "POST", {})
        assert 200 <= head.status <= 999
        assert len(body) <= len(data)
