"""A target of known constant latency: every request is answered DELAY_S after it arrived, by one epoll loop with a timer.

python -m benchmarks.delay_server PORT. Requests are taken as whole (one read, one request): it serves benchmarks, nobody else.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections import deque

from bizra_load.engine.timerfd import TimerFd
from bizra_load.node.attestations import Attestor

DELAY_S = 0.002


def main() -> None:
    body = json.dumps(Attestor(bytes(32)).generate("the same for everybody")).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    server = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024)
    timer, epoll = TimerFd(), select.epoll()
    epoll.register(server.fileno(), select.EPOLLIN)
    epoll.register(timer.fd, select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    due: deque[tuple[int, socket.socket]] = deque()  # constant latency: first come, first due
    armed = 0
    while True:
        for fd, _ in epoll.poll():
            if fd == server.fileno():
                client, _ = server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients[client.fileno()] = client
                epoll.register(client.fileno(), select.EPOLLIN)
            elif fd == timer.fd:
                timer.clear()
                armed = 0
            elif clients[fd].recv(65_536):
                due.append((time.perf_counter_ns() + int(DELAY_S * 1e9), clients[fd]))
            else:
                epoll.unregister(fd)
                clients.pop(fd).close()
        while due and due[0][0] <= time.perf_counter_ns():
            client = due.popleft()[1]
            if client.fileno() >= 0:
                client.send(answer)
        if due and armed != due[0][0]:
            armed = due[0][0]
            timer.arm(armed)


if __name__ == "__main__":
    main()
