"""Requests of users who got their responses together go out together, right behind the last of them."""

import socket
import struct
import threading
import time

import gevent
import pytest

from bizra_load.engine.client import Connection
from bizra_load.engine.reactor import get_reactor

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
MS = 1_000_000
LONG = b"z" * 8_000_000  # more than any send buffer takes


class Users:
    """So many, each with a connection whose first request waits for its response. `log` has what happened, in order."""

    def __init__(self, server, number, between=None, body=b"{}", started=None):
        port = server.getsockname()[1]
        self.connections = [Connection(f"http://127.0.0.1:{port}") for _ in range(number)]
        self.log, self.between, self.body, self.theirs = [], between or (lambda user: None), body, []
        self.greenlets, self.started = [], started or {}
        for user in range(number):  # one after the other: the server takes them in this order
            self.greenlets.append(gevent.spawn(self._run, user))
            self.theirs.append(accepted(server))

    def _run(self, user):
        connection = self.connections[user]
        request = connection.prepare("POST", "/")
        connection.exchange(request, b"{}", lambda sent_ns: None)
        self.log.append(f"handled {user}")
        self.between(user)
        sent = self.started.get(user, lambda sent_ns: self.log.append(f"sent {user}"))
        connection.exchange(request, self.body, sent)
        self.log.append(f"done {user}")

    def respond_together(self):
        """To the last request of each, all of which have arrived."""
        for their in self.theirs:
            data = b""
            while not data.endswith(b"{}"):
                try:
                    data += their.recv(65536, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    gevent.sleep(0.001)
        for their in self.theirs:
            their.send(RESPONSE)

    def until(self, condition):
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, self.log
            gevent.sleep(0.001)


def busy_if_second(user):
    until_ns = time.perf_counter_ns() + 20 * MS
    while user == 1 and time.perf_counter_ns() < until_ns:
        pass


def accepted(server):
    end = time.monotonic() + 20
    while True:
        gevent.sleep(0.001)
        try:
            their = server.accept()[0]
        except BlockingIOError:
            assert time.monotonic() < end, "nobody has connected"
            continue
        their.setblocking(True)
        return their


@pytest.fixture(autouse=True)
def _a_slow_machine_does_not_end_the_hold(monkeypatch):
    monkeypatch.setattr(get_reactor(), "hold_ns", 10_000 * MS)


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture
def users(server):
    """Makes them; in the end all their connections are closed."""
    made = []

    def make(*args, **kwargs):
        made.append(Users(server, *args, **kwargs))
        return made[-1]

    yield make
    for some in made:
        gevent.killall(some.greenlets)
        for connection in some.connections:
            connection.close()
        for their in some.theirs:
            their.close()


def test_requests_of_responses_that_came_together_go_out_together(users):
    them = users(3)
    them.respond_together()
    them.until(lambda: len(them.log) == 6)
    assert them.log == [*(f"handled {n}" for n in range(3)), *(f"sent {n}" for n in range(3))]
    them.respond_together()
    gevent.joinall(them.greenlets, timeout=20, raise_error=True)
    assert them.log[6:] == [f"done {n}" for n in range(3)]


def test_the_time_of_a_held_request_is_that_of_its_sending(users):
    handled_ns = []
    them = users(2, between=lambda user: handled_ns.append(time.perf_counter_ns()))
    them.respond_together()
    them.until(lambda: "sent 1" in them.log)
    assert them.connections[0].last_sent_ns > handled_ns[1]
    assert them.connections[0].last_started


def test_none_is_held_for_long_while_others_are_worked_on(users, monkeypatch):
    monkeypatch.setattr(get_reactor(), "hold_ns", MS)

    them = users(3, between=busy_if_second)
    them.respond_together()
    them.until(lambda: "sent 2" in them.log)
    assert them.log.index("sent 0") < them.log.index("handled 2")
    assert them.log.index("sent 1") < them.log.index("handled 2")


def test_none_is_held_for_long_while_others_are_worked_on_who_send_nothing(users, monkeypatch):
    monkeypatch.setattr(get_reactor(), "hold_ns", MS)

    def busy_and_gone(user):
        busy_if_second(user)
        if user == 1:
            raise gevent.GreenletExit

    them = users(3, between=busy_and_gone)
    them.respond_together()
    them.until(lambda: "sent 2" in them.log)
    assert them.log.index("sent 0") < them.log.index("handled 2")


def test_how_long_a_request_was_held_is_known(users):
    begun_ns = {}

    def note(user):
        begun_ns[user] = time.perf_counter_ns()

    them = users(2, between=note)
    them.respond_together()
    them.until(lambda: "sent 1" in them.log)
    first = them.connections[0]
    assert begun_ns[0] <= first.last_sent_ns - first.last_held_ns <= begun_ns[1] <= first.last_sent_ns
    them.respond_together()
    gevent.joinall(them.greenlets, timeout=20, raise_error=True)


def test_what_is_closed_while_it_is_held_is_not_sent(users):
    them = users(2, between=lambda user: them.connections[0].close() if user == 1 else None)
    them.respond_together()
    them.until(lambda: "sent 1" in them.log)
    assert them.log == ["handled 0", "handled 1", "sent 1"]
    assert not them.connections[0].last_started
    assert them.theirs[0].recv(100) == b""


def test_a_connection_that_is_cut_off_while_its_request_is_held_is_opened_again(server, users):
    def cut_off(user):
        if user == 1:
            them.theirs[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            them.theirs[0].close()

    them = users(2, between=cut_off)
    them.respond_together()
    them.until(lambda: "sent 1" in them.log)
    them.theirs[0] = accepted(server)
    them.respond_together()
    gevent.joinall(them.greenlets, timeout=20, raise_error=True)
    assert sorted(them.log[4:]) == ["done 0", "done 1"]
    assert them.connections[0].reconnects == 1


def test_what_one_held_request_raises_is_its_own(users):
    def refuse(sent_ns):
        raise LookupError("nowhere to write the time")

    them = users(2, started={0: refuse})
    them.respond_together()
    them.until(lambda: "sent 1" in them.log and them.greenlets[0].ready())
    assert isinstance(them.greenlets[0].exception, LookupError)
    assert them.theirs[0].recv(100) == b""


def test_a_held_request_that_the_send_buffer_does_not_take_is_sent_whole(users):
    them = users(2, body=LONG)
    them.respond_together()
    got = []

    def read_all(their):
        size = 0
        while size < len(LONG):
            size += len(their.recv(1 << 20))
        got.append(size)
        their.send(RESPONSE)

    threads = [threading.Thread(target=read_all, args=[their]) for their in them.theirs]
    for thread in threads:
        thread.start()
    gevent.joinall(them.greenlets, timeout=20, raise_error=True)
    for thread in threads:
        thread.join()
    assert len(got) == 2
    assert sorted(them.log[4:]) == ["done 0", "done 1"]
