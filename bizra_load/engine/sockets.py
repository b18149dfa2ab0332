"""Opening connections, and what TLS needs beside."""

from __future__ import annotations

import _socket
import contextlib
import fcntl
import functools
import itertools
import os
import socket
import ssl
import struct
import termios
import time

import gevent.socket
import gevent.ssl

from bizra_load.engine.core import Channel, TlsChannel
from bizra_load.engine.core_pure import READ_BYTES
from bizra_load.engine.errors import ResponseTimeout
from bizra_load.engine.exhaustion import is_own, keep_some_descriptors, trouble, whose

_turns = itertools.count(os.getpid())  # workers begin apart


def closed_by_peer(channel: Channel) -> bool:
    """Whether something arrived while nothing was asked: the end, or bytes that belong to no request. TLS has messages of its
    own that no request asked for (tickets, RFC 8446 section 4.6): they are taken in here, and mean nothing.
    """
    try:
        channel.recv(READ_BYTES)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def unacknowledged(channel: Channel) -> int:
    """How many of the bytes sent the peer's machine has not acknowledged (SIOCOUTQ, tcp(7)). Behind the end of the stream they
    are those that it had not got when it closed: the packet that tells the end also tells what had arrived by then.
    """
    pending: tuple[int] = struct.unpack("i", fcntl.ioctl(channel.fd, termios.TIOCOUTQ, bytes(4)))
    return pending[0]


def abandon(channel: Channel) -> None:
    """Closed from now on, nothing of what has not left yet is sent any more: the peer gets a reset (SO_LINGER, socket(7))."""
    with contextlib.suppress(OSError):
        channel.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def connected(host: str, port: int, within_s: float) -> gevent.socket.socket:
    """A connection to one of the host's addresses. Each connection of this process begins with another one of those that the
    resolver prefers (the first one's family): behind a name with several, all of them are measured. Raises OSError.
    """
    end_ns = time.perf_counter_ns() + int(within_s * 1e9)
    addresses = gevent.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    preferred = [row for row in addresses if row[0] == addresses[0][0]]
    turn = next(_turns) % len(preferred)
    others = [row for row in addresses if row[0] != addresses[0][0]]
    failed: OSError | None = None
    for family, kind, protocol, _, address in (*preferred[turn:], *preferred[:turn], *others):
        left_s = (end_ns - time.perf_counter_ns()) / 1e9
        if left_s <= 0:
            break
        try:
            sock = gevent.socket.socket(family, kind, protocol)
        except OSError as error:  # a family that this machine has not, or no descriptor
            failed = failed or error
            continue
        try:
            keep_some_descriptors(sock.fileno())
            sock.settimeout(left_s)
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            found_out = whose(error, family, address)
            if failed is None or (is_own(failed) and not is_own(found_out)):  # what the target says counts before what we lack
                failed = found_out
        except BaseException:
            sock.close()
            raise
    raise failed or TimeoutError


def opened(host: str, port: int, deadline_ns: int, context: ssl.SSLContext | None, session: ssl.SSLSession | None) -> Channel:
    """A connection that is ready for requests, behind TLS with a `context`; `session` is that of the one before. Raises
    ResponseTimeout and TransportError.
    """
    try:
        sock: socket.socket = connected(host, port, max((deadline_ns - time.perf_counter_ns()) / 1e9, 0.001))
    except TimeoutError:
        raise ResponseTimeout("no connection in time") from None
    except OSError as error:
        raise trouble("connecting", error) from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if context is None:
        return Channel(_without_gevent(sock))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        tls = context.wrap_bio(incoming, outgoing, server_hostname=host, session=session)
        _shake_hands(sock, tls, incoming, outgoing, deadline_ns)
        return TlsChannel(_without_gevent(sock), tls, incoming, outgoing)
    except TimeoutError:
        sock.close()
        raise ResponseTimeout("no TLS handshake in time") from None
    except OSError as error:
        sock.close()
        raise trouble("TLS", error) from None
    except BaseException:
        sock.close()
        raise


def _shake_hands(
    sock: socket.socket, tls: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, deadline_ns: int
) -> None:
    """Raises TimeoutError and other OSErrors."""
    while True:
        sock.settimeout(max((deadline_ns - time.perf_counter_ns()) / 1e9, 0.001))
        try:
            tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        finally:
            if outgoing.pending:  # a refusal says why
                sock.sendall(outgoing.read())
        if done:
            return
        if data := sock.recv(READ_BYTES):
            incoming.write(data)
        else:
            incoming.write_eof()


def _without_gevent(sock: socket.socket) -> _socket.socket:
    """The C socket itself: neither gevent's wait nor (where the process is patched) its wrapper is wanted from here on."""
    return _socket.socket(sock.family, sock.type, sock.proto, fileno=sock.detach())


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
