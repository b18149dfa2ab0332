"""Requests at even distances, whatever the answers do: an open load from one thread over plain sockets."""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

CONNECTIONS = 16


def send(url: str, requests: Sequence[bytes], rate_per_s: float, seconds: float) -> list[int]:
    """Nanoseconds from sending each to its answer; how late we ourselves were with it is left out. `requests` are whole, and
    sent in turn; each answer must come in one piece, as small ones do on loopback. Raises SystemExit on one other than 200.
    """
    place = urlsplit(url)
    connections = [socket.create_connection((str(place.hostname), place.port or 80)) for _ in range(CONNECTIONS)]
    poll = select.epoll()
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(connection, select.EPOLLIN)
    by_file = {connection.fileno(): connection for connection in connections}
    try:
        return list(_exchange(poll, by_file, deque(connections), requests, rate_per_s, round(rate_per_s * seconds)))
    finally:
        poll.close()
        for connection in connections:
            connection.close()


def _exchange(
    poll: select.epoll,
    by_file: dict[int, socket.socket],
    idle: deque[socket.socket],
    requests: Sequence[bytes],
    rate_per_s: float,
    count: int,
) -> Iterator[int]:
    begin = time.perf_counter_ns()
    due = deque(begin + int(i * 1e9 / rate_per_s) for i in range(count))
    sent: dict[int, int] = {}
    number = 0
    while due or sent:
        while due and idle and due[0] <= time.perf_counter_ns():
            connection = idle.popleft()
            due.popleft()
            sent[connection.fileno()] = time.perf_counter_ns()
            connection.sendall(requests[number % len(requests)])
            number += 1
        wait_s = max(due[0] - time.perf_counter_ns(), 0) / 1e9 if due and idle else 1.0
        for file, _ in poll.poll(wait_s):
            connection = by_file[file]
            if b" 200 OK" not in connection.recv(65_536)[:20]:
                raise SystemExit("the node gave an answer other than 200")
            yield time.perf_counter_ns() - sent.pop(file)
            idle.append(connection)
