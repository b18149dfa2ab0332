"""Whatever a client sends, in whatever pieces: the same requests or the same refusal, never another exception."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bizra_load.node.http_requests import Refused, Requests


def read(data, cuts=()):
    """What came out of the stream: requests, None for each leave to go on, and the status of a refusal."""
    out = []
    requests = Requests(out.append, lambda: out.append(None))
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    try:
        for a, b in itertools.pairwise(edges):
            requests.feed(data[a:b])
    except Refused as refused:
        out.append(refused.status)
    requests.close()
    return out


tokens = st.sampled_from(["GET", "POST", "HEAD", "PUT", "CONNECT"])
targets = st.sampled_from(["/a", "/api/v1/poi/generate?x=1", "*", "http://h/b"])
wishes = st.sampled_from(
    ["", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n", "Upgrade: x\r\nConnection: upgrade\r\n"]
)


HEAD = b"POST / HTTP/1.1\r\nHost: h\r\n"
REFUSED = [
    b"GET / HTTP/1.1\r\n\r\n",
    HEAD + b"Host: i\r\n\r\n",
    HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n",
    HEAD + b"Upgrade: x\r\nConnection: upgrade\r\nTransfer-Encoding: br, chunked\r\n\r\n0\r\n\r\n",
]


@st.composite
def valid(draw):
    head = f"{draw(tokens)} {draw(targets)} HTTP/1.1\r\nHost: h\r\n{draw(wishes)}".encode()
    content = draw(st.binary(max_size=60))
    if head.startswith((b"CONNECT", b"GET")):
        return head + b"\r\n"
    if draw(st.booleans()):
        return head + b"Content-Length: %d\r\n\r\n%b" % (len(content), content)
    chunk = b"%x\r\n%b\r\n" % (len(content), content) if content else b""
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n"


@given(st.lists(valid(), min_size=1, max_size=4), st.lists(st.integers(0, 2000), max_size=8))
def test_requests_split_anywhere_are_the_same_requests(sent, cuts):
    whole = read(b"".join(sent))
    assert len([one for one in whole if one is not None]) == len(sent)
    assert read(b"".join(sent), cuts) == whole


@given(valid())
def test_a_request_that_comes_byte_by_byte_is_the_same_request(sent):
    assert read(sent, range(len(sent))) == read(sent)


@given(
    st.lists(
        valid() | st.binary(max_size=20) | st.sampled_from([b"\r\n", b"BREW / HTTP/1.1\r\n", b"5\r\n", *REFUSED]), max_size=6
    ),
    st.lists(st.integers(0, 2000), max_size=6),
)
def test_anything_else_is_refused_with_a_status_and_ends_the_stream(parts, cuts):
    out = read(b"".join(parts), cuts)
    assert all(isinstance(one, tuple | None) or one in (400, 413, 431, 501) for one in out)
    assert not any(isinstance(one, int) for one in out[:-1])


@given(st.sampled_from(REFUSED), st.lists(st.integers(0, 200), max_size=8))
def test_what_is_refused_is_refused_in_the_same_way_however_it_is_split(sent, cuts):
    assert read(sent, cuts) == read(sent)
    assert read(sent)[0] in (400, 413, 501)
