"""HTTP requests whose responses end in time and fit the memory, whatever the other side sends."""

from __future__ import annotations

import ssl
import time
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

MAX_REDIRECTS = 3
# what taking apart content of another form raises
MALFORMED = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError)
_PIECE_BYTES = 16_384  # what a compressed piece unpacks to, up to a thousand times as much, must fit too


class TooLargeError(requests.RequestException):
    """The response is larger than what is allowed."""


class BoundedSession(requests.Session):
    """Reads every response whole, also those that redirect: up to `max_bytes` (after decompression), and all of a request
    within `within_s`; else it raises requests.RequestException (TooLargeError, ReadTimeout, ConnectionError).

    The time is checked between pieces of the body: whoever drips its header lines can take `within_s` for each piece of them.
    No proxy and no credentials of the environment: a proxy between us and the node would be measured too. As in every
    requests.Session, a redirect to another host does not carry the Authorization header.
    """

    def __init__(self, max_bytes: int, within_s: float) -> None:
        super().__init__()
        self.trust_env = False
        self.max_redirects = MAX_REDIRECTS
        self._max_bytes = max_bytes
        self._within_s = within_s
        self.trust(None)

    def trust(self, context: ssl.SSLContext | None) -> None:
        """Verify certificates with this context's authorities too, beside those that requests brings."""
        self._adapter = _BoundedAdapter(self._max_bytes, self._within_s, context)
        self.mount("http://", self._adapter)
        self.mount("https://", self._adapter)

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """As requests.Session.request(), within the bounds; `timeout` is `within_s` unless it is given."""
        self._adapter.end_s = time.monotonic() + self._within_s
        return super().request(*arguments, **{"timeout": self._within_s, **options})


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

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        response = super().send(request, *arguments, **{**options, "stream": True})
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
