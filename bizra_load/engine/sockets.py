"""Opening connections, and what TLS needs beside."""

from __future__ import annotations

import _socket
import functools
import itertools
import os
import socket
import ssl
import time

import gevent.socket
import gevent.ssl

from bizra_load.engine.exhaustion import keep_some_descriptors

_turns = itertools.count(os.getpid())  # workers begin apart


def closed_by_tls_peer(sock: _socket.socket) -> bool:
    """Whether something arrived while nothing was asked: the end, or bytes that belong to no request. TLS has messages of its
    own that no request asked for (tickets, RFC 8446 section 4.6): they are taken in here, and mean nothing.
    """
    sock.settimeout(0)
    try:
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    return True


def connected(host: str, port: int, within_s: float) -> gevent.socket.socket:
    """A connection to one of the host's addresses. Each connection of this process begins with another one of those that the
    resolver prefers (the first one's family): behind a name with several, all of them are measured. Raises OSError.
    """
    end_ns = time.perf_counter_ns() + int(within_s * 1e9)
    found = gevent.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    preferred = [row for row in found if row[0] == found[0][0]]
    turn = next(_turns) % len(preferred)
    others = [row for row in found if row[0] != found[0][0]]
    failed: OSError | None = None
    for family, kind, protocol, _, address in (*preferred[turn:], *preferred[:turn], *others):
        left_s = (end_ns - time.perf_counter_ns()) / 1e9
        if left_s <= 0:
            break
        sock = gevent.socket.socket(family, kind, protocol)
        try:
            keep_some_descriptors(sock.fileno())
            sock.settimeout(left_s)
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            failed = failed or error
        except BaseException:
            sock.close()
            raise
    raise failed or TimeoutError


@functools.lru_cache(maxsize=16)
def tls_context(ca_file: str | None, insecure: bool) -> ssl.SSLContext:
    """One for all connections of this process: with a system's authorities it takes 50 ms and a megabyte. Certificates and host
    names are verified unless `insecure`. Raises OSError for an unreadable `ca_file`.
    """
    context: ssl.SSLContext = gevent.ssl.create_default_context(cafile=ca_file)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
