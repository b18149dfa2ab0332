"""HTTP requests whose responses end in time and fit the memory, whatever the other side sends."""

from __future__ import annotations

import io
import socket
import ssl
import time
from http.client import HTTPResponse
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from bizra_load.io.trust import THIS_MACHINES, Trust

MAX_REDIRECTS = 3
# what taking apart content of another form raises
MALFORMED = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError)
_PIECE_BYTES = 16_384  # what a compressed piece unpacks to, up to a thousand times as much, must fit too


# what is said of certificates and networks, in the middle of what requests and urllib3 wrap around it
_PLAIN = ("certificate verify failed", "Connection refused", "Name or service not known", "hostname mismatch")


def reason_of(error: BaseException, characters: int = 200) -> str:
    """One line of why a request failed."""
    text = str(error)
    plain = next((mark for mark in _PLAIN if mark.lower() in text.lower()), " ".join(text.split())[:characters])
    return f"TLS: {plain} (--ca-file names further authorities)" if isinstance(error, requests.exceptions.SSLError) else plain


class TooLargeError(requests.RequestException):
    """The response is larger than what is allowed."""


class BoundedSession(requests.Session):
    """Reads every response whole, also those that redirect: up to `max_bytes` (after decompression), and all of a request
    within `within_s`; else it raises requests.RequestException (TooLargeError, ReadTimeout, ConnectionError).

    No proxy and no credentials of the environment: a proxy between us and the node would be measured too. As in every
    requests.Session, a redirect to another host does not carry the Authorization header.
    """

    def __init__(self, max_bytes: int, within_s: float, url: str = "", trust: Trust = THIS_MACHINES) -> None:
        """`trust`: whom to trust for https; `url`: what will be asked, so that those whom this machine trusts (such as a
        company's own, and SSL_CERT_FILE's) are read for https alone.
        """
        super().__init__()
        self.trust_env = False
        self.verify = trust.verify
        if trust.insecure:  # who asked for it need not be told at every request; results say it
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self.max_redirects = MAX_REDIRECTS
        self._max_bytes = max_bytes
        self._within_s = within_s
        self.trust(ssl.create_default_context() if trust.verify is True and url.startswith("https:") else None)

    def trust(self, context: ssl.SSLContext | None) -> None:
        """Verify certificates with this context's authorities too, beside those that requests brings."""
        self._adapter = _BoundedAdapter(self._max_bytes, self._within_s, context)
        self.mount("http://", self._adapter)
        self.mount("https://", self._adapter)

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """As requests.Session.request(), within the bounds; `timeout` is `within_s` unless it is given."""
        self._adapter.end_s = time.monotonic() + self._within_s
        return super().request(*arguments, **{"timeout": self._within_s, **options})


class _Timed(io.RawIOBase):
    """What http.client reads a response from, in the place of a socket: each reading waits for what is left of the time, not
    for all of it again.
    """

    def __init__(self, sock: socket.socket, adapter: _BoundedAdapter) -> None:
        self._sock, self._raw, self._adapter = sock, sock.makefile("rb", buffering=0), adapter

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._adapter.end_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedAdapter(HTTPAdapter):
    """Below the handling of redirects, which would read their bodies without any bound."""

    def __init__(self, max_bytes: int, within_s: float, context: ssl.SSLContext | None) -> None:
        self._context = context  # before the pool of connections is made
        super().__init__()
        self.end_s = 0.0  # of the monotonic clock: when the request and all its redirects must be done
        self._max_bytes = max_bytes
        self._within_s = within_s

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **options, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = {
            "http": self._pool(HTTPConnectionPool),
            "https": self._pool(HTTPSConnectionPool),
        }

    def _pool(self, kind: Any) -> Any:
        """A kind of pool whose connections end reading, heads too, at `end_s`."""
        adapter = self

        class TimedConnection(kind.ConnectionCls):  # type: ignore[misc]  # one of two classes
            def __init__(self, *arguments: Any, **options: Any) -> None:
                super().__init__(*arguments, **options)
                self.response_class = lambda sock, *rest, **more: HTTPResponse(_Timed(sock, adapter), *rest, **more)  # type: ignore[arg-type]

        return type(kind.__name__, (kind,), {"ConnectionCls": TimedConnection})

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        try:
            response = super().send(request, *arguments, **{**options, "stream": True})
        except (urllib3.exceptions.LocationValueError, UnicodeError) as error:  # a redirect to a host that can be no name
            raise requests.ConnectionError(str(error)) from None
        try:
            response._content = self._read(response.raw)  # what requests itself keeps of a response that was read whole
        except urllib3.exceptions.HTTPError as error:
            response.close()
            raise requests.ConnectionError(str(error)) from None
        except BaseException:
            response.close()
            raise
        return response

    def _read(self, raw: urllib3.HTTPResponse) -> bytes:
        pieces: list[bytes] = []
        size = 0
        # what has arrived, not a full piece: a slow drip must not keep us
        while piece := raw.read1(_PIECE_BYTES, decode_content=True):
            size += len(piece)
            if size > self._max_bytes:
                raise TooLargeError(f"more than {self._max_bytes:,} bytes")
            if time.monotonic() > self.end_s:
                raise requests.ReadTimeout(f"not complete within {self._within_s:g} s")
            pieces.append(piece)
        return b"".join(pieces)
