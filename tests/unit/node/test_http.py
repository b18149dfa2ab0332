"""HTTP/1.1 as the node speaks it: what is answered, in which order, and how a connection ends."""

import random

import pytest

from bizra_load.node.http_requests import MAX_HEAD_BYTES, MAX_REQUEST_BYTES
from tests.unit.node.serving import Serving, contents, echo, run

HOST = b"Host: h\r\n"
GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


def answer_to(*pieces, close=True):
    async def scenario():
        async with Serving(echo) as serving:
            return await serving.answer_to(*pieces, close=close)

    return run(scenario())


def asked(target, more=b""):
    return b"GET %b HTTP/1.1\r\nHost: h\r\n%b\r\n" % (target, more)


def posted(content, more=b""):
    return b"POST /p HTTP/1.1\r\nHost: h\r\n%bContent-Length: %d\r\n\r\n%b" % (more, len(content), content)


def test_a_connection_is_kept_for_any_number_of_requests_each_answered_alone():
    async def scenario():
        async with Serving(echo) as serving:
            reader, writer = await serving.connect()
            for number in range(3):
                writer.write(posted(b"%d" % number))
                await reader.readuntil(b"POST /p %d" % number)
            writer.close()
            return serving.handled

    assert run(scenario()) == ["/p"] * 3


def test_pipelined_requests_are_answered_in_order_whatever_each_has_to_wait():
    order = random.Random(7)
    targets = [b"/%d/%s" % (i, order.choice([b"now", b"0", b"3", b"20"])) for i in range(60)]
    responses = contents(answer_to(b"".join(map(asked, targets))))
    assert responses == [(200, f"GET {target.decode()} ") for target in targets]


def test_a_request_is_not_begun_before_the_one_in_front_of_it_is_answered():
    async def scenario():
        async with Serving(echo) as serving:
            _, writer = await serving.connect()
            writer.write(asked(b"/first/100000") + asked(b"/second"))
            writer.write(asked(b"/third"))
            writer.write(b"GET /un")
            await writer.drain()
            other = await serving.answer_to(asked(b"/other"))
            writer.close()
            return serving.handled, contents(other)

    handled, other = run(scenario())
    assert handled == ["/first/100000", "/other"]
    assert other == [(200, "GET /other ")]


@pytest.mark.parametrize(
    ("request_", "kept"),
    [
        (GET, True),
        (asked(b"/a", b"Connection: close\r\n"), False),
        (b"GET /a HTTP/1.0\r\n\r\n", False),
        (b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_a_connection_stays_open_as_the_request_wants_it(request_, kept):
    response = answer_to(request_ + GET)
    assert contents(response) == [(200, "GET /a ")] * (2 if kept else 1)
    assert (b"connection: close" in response) is not kept
    assert response.startswith(b"HTTP/1.1 200 OK\r\ndate: ")


def test_http_1_0_is_told_that_its_connection_is_kept():
    assert b"connection: keep-alive\r\n" in answer_to(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")


def test_a_chunked_content_is_put_together_and_what_follows_is_answered():
    chunked = (
        b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
    )
    assert contents(answer_to(chunked + GET)) == [(200, "POST /p abcde"), (200, "GET /a ")]


def test_a_client_that_waits_for_leave_to_send_its_content_gets_it_in_turn():
    async def scenario():
        async with Serving(echo) as serving:
            reader, writer = await serving.connect()
            writer.write(
                asked(b"/first/20") + b"POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            )
            before = await reader.readuntil(b"HTTP/1.1 100 Continue\r\n\r\n")
            writer.write(b"ab")
            writer.write_eof()
            after = await reader.read()
            writer.close()
            return before.removesuffix(b"HTTP/1.1 100 Continue\r\n\r\n"), after

    before, after = run(scenario())
    assert contents(before) == [(200, "GET /first/20 ")]
    assert contents(after) == [(200, "POST /p ab")]


def test_the_answer_to_head_has_the_length_and_no_content():
    response = answer_to(b"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n")
    assert b"content-length: 8\r\n" in response
    assert response.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("cut", range(30))
def test_a_method_that_the_parser_does_not_know_reaches_the_handler_and_is_the_last(cut):
    request = b"BREW /coffee?strong HTTP/1.1\r\n\r\n"
    response = answer_to(request[:cut], request[cut:])
    assert contents(response) == [(200, "BREW /coffee?strong ")]
    assert b"connection: close\r\n" in response


@pytest.mark.parametrize("wish", [b"Upgrade: h2c\r\nConnection: Upgrade\r\n", b"Upgrade: x\r\nConnection: close, Upgrade\r\n"])
def test_a_wish_to_change_the_protocol_is_passed_over_and_the_content_is_read(wish):
    responses = contents(answer_to(posted(b"abc", wish) + GET))
    assert responses[0] == (200, "POST /p abc")
    assert responses[1:] == ([] if b"close" in wish else [(200, "GET /a ")])


MALFORMED = [
    b"\x16\x03\x01\x00garbage",
    b"GET /a\r\n\r\n",
    b"GET /a HTTP/3.0\r\n\r\n",
    b"GET /a HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET /a HTTP/1.1\r\nA : b\r\n\r\n",
    b"GET /a HTTP/1.1\r\nA: b\x00c\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    b"POST /p HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /a HTTP/1.1\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
    b"GET /a HTTP/1.0\r\nHost: h\r\nHost: i\r\n\r\n",
    b"GET /a HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
]


@pytest.mark.parametrize("malformed", MALFORMED)
def test_what_is_no_http_1_1_is_refused_behind_the_answers_before_it_and_ends_the_connection(malformed):
    response = answer_to(asked(b"/slow/20") + malformed + b"\r\n\r\n" + GET, close=False)
    (first, content), (status, reason) = contents(response)
    assert (first, content, status) == (200, "GET /slow/20 ", 400)
    assert reason.startswith('{"error":"not HTTP/1.1: ')
    assert b"connection: close\r\n" in response


@pytest.mark.parametrize(
    "head",
    [
        [asked(b"/a", b"X: " + b"y" * MAX_HEAD_BYTES + b"\r\n")],
        [asked(b"/" + b"y" * MAX_HEAD_BYTES)],
        [asked(b"/a", b"X: y\r\n" * (MAX_HEAD_BYTES // 6 + 1))],
        [b"GET /a HTTP/1.1\r\nHost: h\r\nX: ", *[b"y" * 10_000] * 60],
        [b"GET /", *[b"y" * 10_000] * 60],
    ],
    ids=["long line", "long target", "many lines", "endless line", "endless target"],
)
def test_a_head_over_the_limit_is_refused_whether_it_ends_or_not(head):
    assert [status for status, _ in contents(answer_to(*head, close=False))] == [431]


def test_a_head_under_the_limit_is_taken():
    assert contents(answer_to(asked(b"/a", b"X: " + b"y" * (MAX_HEAD_BYTES - 100) + b"\r\n"))) == [(200, "GET /a ")]


@pytest.mark.parametrize(("length", "content"), [(MAX_REQUEST_BYTES, None), (MAX_REQUEST_BYTES + 1, "too long")])
def test_a_content_over_the_limit_is_handed_on_as_too_long_and_the_connection_goes_on(length, content):
    responses = contents(answer_to(posted(b"x" * length) + GET))
    assert responses == [(200, "POST /p " + (content or "x" * length)), (200, "GET /a ")]


def test_a_content_without_end_is_answered_at_the_limit():
    async def scenario():
        async with Serving(echo) as serving:
            reader, writer = await serving.connect()
            writer.write(b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(MAX_REQUEST_BYTES // 65_536 + 1):
                writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            response = await reader.readuntil(b"too long")
            writer.close()
            return response

    assert contents(run(scenario())) == [(200, "POST /p too long")]


def test_trailers_without_end_are_refused():
    head = b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    response = answer_to(head, *[b"X: y\r\n" * 1000] * 20, close=False)
    assert [status for status, _ in contents(response)] == [431]


def test_http_1_0_needs_no_host_and_a_host_may_be_empty():
    assert contents(answer_to(b"GET /a HTTP/1.0\r\n\r\n")) == [(200, "GET /a ")]
    assert contents(answer_to(b"GET /a HTTP/1.1\r\nHost:\r\n\r\n")) == [(200, "GET /a ")]


@pytest.mark.parametrize(
    "coding", [b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: gzip\r\nTransfer-Encoding: Chunked\r\n"]
)
def test_a_transfer_coding_beside_chunked_is_not_implemented_and_ends_the_connection(coding):
    response = answer_to(b"POST /p HTTP/1.1\r\n" + HOST + coding + b"\r\n0\r\n\r\n" + GET, close=False)
    assert [status for status, _ in contents(response)] == [501]
    assert b"chunked" in response


def test_http_1_0_has_no_leave_to_go_on():
    head = b"POST /p HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert contents(answer_to(head + b"ab")) == [(200, "POST /p ab")]


def test_nobody_is_asked_for_a_content_that_is_too_long():
    head = b"POST /p HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    response = answer_to(head % (MAX_REQUEST_BYTES + 1), close=False)
    assert [status for status, _ in contents(response)] == [413]
    assert b"connection: close\r\n" in response
    assert answer_to(head % MAX_REQUEST_BYTES).startswith(b"HTTP/1.1 100 Continue\r\n")


def test_very_many_chunks_are_refused_for_what_frames_them_not_for_the_head():
    head = b"POST /p HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    ((status, reason),) = contents(answer_to(head, *[b"1\r\nx\r\n" * 10_000] * 40, close=False))
    assert status == 413
    assert "chunk sizes" in reason
    assert "head" not in reason
