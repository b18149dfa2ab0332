"""Slow, half-closed, vanished and greedy clients: none hangs, leaks or makes the node keep more than it should."""

import asyncio
import contextlib
import gc
import socket
import weakref

import pytest

from bizra_load.node import http
from bizra_load.node.responses import NodeResponse
from tests.unit.node.serving import Serving, contents, echo, run, until


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(http, "WITHIN_S", 0.05)
    monkeypatch.setattr(http, "LINGER_S", 0.05)


def asked(target):
    return b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % target


def test_a_half_closed_client_gets_all_its_answers_and_then_the_end():
    async def scenario():
        async with Serving(echo) as serving:
            response = await serving.answer_to(asked(b"/a") + asked(b"/b/30") + asked(b"/c"), close=True)
            await until(lambda: not serving.open_ones)
            return response

    assert contents(run(scenario())) == [(200, "GET /a "), (200, "GET /b/30 "), (200, "GET /c ")]


@pytest.mark.parametrize("part", [b"", b"GET /a HT", b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"])
def test_a_client_that_closes_within_a_request_gets_no_answer_and_leaves_nothing(part):
    async def scenario():
        async with Serving(echo) as serving:
            response = await serving.answer_to(part)
            await until(lambda: not serving.open_ones)
            return response, serving.handled

    assert run(scenario()) == (b"", [])


def test_what_a_vanished_client_asked_for_is_carried_out_and_what_it_queued_is_not():
    async def scenario():
        carried_out, gone = [], asyncio.Event()

        async def late(target):
            await gone.wait()
            carried_out.append(target)
            return NodeResponse(200, b"")

        async with Serving(lambda method, target, content: late(target)) as serving:
            _, writer = await serving.connect()
            writer.write(asked(b"/a") + asked(b"/b"))
            await until(lambda: serving.handled)
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            gone.set()
            await until(lambda: carried_out and not serving.open_ones)
            return carried_out, serving.handled

    carried_out, handled = run(scenario())
    assert carried_out[0] == b"/a"
    assert handled == [target.decode() for target in carried_out]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "part", [b"G", b"GET /a HTTP/1.1\r\nA", b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc", b"BREW /"]
)
def test_a_request_that_does_not_come_whole_in_time_is_refused(part):
    async def scenario():
        async with Serving(echo) as serving:
            response = await serving.answer_to(part, close=False)
            return response, serving.handled

    response, handled = run(scenario())
    assert ([status for status, _ in contents(response)], handled) == ([408], [])


@pytest.mark.usefixtures("impatient")
def test_an_idle_connection_and_one_that_waits_for_us_are_kept_however_long_it_takes():
    async def scenario():
        async with Serving(echo) as serving:
            reader, writer = await serving.connect()
            for _ in range(4):  # others come later, begin a request, and their time is over
                assert contents(await serving.answer_to(b"G", close=False))[0][0] == 408
            writer.write(asked(b"/a") + asked(b"/b/200") + asked(b"/c") + b"GET /d ")
            got = await reader.readuntil(b"GET /c ")
            writer.close()
            return got

    assert contents(run(scenario())) == [(200, "GET /a "), (200, "GET /b/200 "), (200, "GET /c ")]


async def send_for_ever(writer):
    while True:
        writer.write(b"more")
        await writer.drain()
        await asyncio.sleep(0.005)


@pytest.mark.usefixtures("impatient")
def test_a_refused_client_that_goes_on_sending_is_cut_off():
    async def scenario():
        async with Serving(echo) as serving:
            reader, writer = await serving.connect()
            writer.write(b"garbage \x00\r\n\r\n")
            assert b" 400 " in await reader.read()
            with pytest.raises(ConnectionError):
                await send_for_ever(writer)
            await until(lambda: not serving.open_ones)

    run(scenario())


LARGE = NodeResponse(200, b"x" * 100_000)


def deaf_client(port_of, count):
    """A connection with small buffers that asks `count` times and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port_of))
    client.sendall(asked(b"/a") * count)
    return client


def test_a_client_that_does_not_read_is_not_worked_for_and_gets_everything_when_it_does():
    async def scenario():
        async with Serving(lambda *_: LARGE) as serving:
            client = deaf_client(serving.port, 150)
            await until(lambda: serving.handled)
            handled = -1
            while handled != len(serving.handled):
                handled = len(serving.handled)
                for _ in range(3):  # whatever could still be done for this one is done while others are served
                    await serving.answer_to(b"garbage\r\n\r\n")
            client.setblocking(False)
            client.shutdown(socket.SHUT_WR)
            loop, got = asyncio.get_running_loop(), bytearray()
            while part := await loop.sock_recv(client, 1_000_000):
                got += part
            client.close()
            return handled, contents(bytes(got))

    handled, responses = run(scenario())
    assert handled < 100
    assert responses == [(200, LARGE.content.decode())] * 150


ENDS = ["stays", "half-closes", "GET /b", "GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "no HTTP\r\n\r\n"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("end", "count"), [(end, count) for end in ENDS for count in (1, 150)][1:])
def test_a_client_that_never_reads_is_cut_off(end, count):
    """However it ends: with one answer most of which the kernel takes (were it to stay, it would be idle), or with many."""

    async def scenario():
        async with Serving(lambda *_: LARGE) as serving:
            client = deaf_client(serving.port, count)
            if end == "half-closes":
                client.shutdown(socket.SHUT_WR)
            elif end != "stays":
                client.sendall(end.encode())
            await until(lambda: serving.handled)
            await until(lambda: not serving.open_ones)
            client.close()

    run(scenario())


def test_a_handler_that_breaks_costs_its_request_only():
    def broken(method, target, content):
        if target == b"/a":
            raise RuntimeError("broken")
        return fails_later() if target == b"/b" else NodeResponse(200, b"")

    async def fails_later():
        raise RuntimeError("broken")

    async def scenario():
        result = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: result.append(str(context["exception"])))
        async with Serving(broken) as serving:
            return await serving.answer_to(asked(b"/a") + asked(b"/b") + asked(b"/c")), result

    response, result = run(scenario())
    assert [status for status, _ in contents(response)] == [500, 500, 200]
    assert result == ["broken", "broken"]


def test_ending_gives_the_answers_that_are_due_and_closes_idle_connections_at_once():
    async def scenario():
        async with Serving(echo) as serving:
            idle, idle_writer = await serving.connect()
            reader, writer = await serving.connect()
            writer.write(asked(b"/a/50") + asked(b"/b"))
            await until(lambda: serving.handled and len(serving.open_ones) == 2)
            for connection in list(serving.open_ones):
                connection.end()
            assert await idle.read() == b""
            responses = await reader.read()
            idle_writer.close(), writer.close()
            return responses

    assert contents(run(scenario())) == [(200, "GET /a/50 "), (200, "GET /b ")]


@pytest.mark.parametrize(
    "last", [asked(b"/b/1"), b"garbage\r\n\r\n", b"GET /unfinished", b"CONNECT a:1 HTTP/1.1\r\nHost: h\r\n\r\n"]
)
def test_a_closed_connection_is_freed_without_the_collector(last):
    async def scenario():
        async with Serving(echo) as serving:
            _, writer = await serving.connect()
            writer.write(asked(b"/a") + last)
            await until(lambda: serving.handled)
            gone = [weakref.ref(connection) for connection in serving.open_ones]
            writer.transport.abort()
            await until(lambda: not serving.open_ones)
            await until(lambda: not any(reference() for reference in gone))
            return len(gone)

    gc.disable()
    try:
        assert run(scenario()) == 1
    finally:
        gc.enable()
