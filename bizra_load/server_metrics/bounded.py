"""HTTP readings of metrics that end in time and fit the memory, whatever the other side sends."""

from __future__ import annotations

import time
from typing import Any

import requests
import urllib3

_PIECE = 16_384  # what a compressed one unpacks to, up to a thousand times as much, must fit too


class BoundedSession(requests.Session):
    """Every answer is read whole, up to `max_bytes` (after decompression) and `within_s`; else requests.RequestException.

    No proxy: one between us and the node would be measured too.
    """

    def __init__(self, max_bytes: int, within_s: float) -> None:
        super().__init__()
        self.trust_env = False
        self.max_redirects = 3
        self._max_bytes = max_bytes
        self._within_s = within_s

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        end = time.monotonic() + self._within_s
        answer = super().send(request, **{**options, "stream": True})
        pieces: list[bytes] = []
        size = 0
        try:
            # what has arrived, not a full piece: a slow drip must not keep us
            while piece := answer.raw.read1(_PIECE, decode_content=True):
                size += len(piece)
                if size > self._max_bytes:
                    raise TooLargeError(f"more than {self._max_bytes:,} bytes")
                if time.monotonic() > end:
                    raise requests.ReadTimeout(f"not complete within {self._within_s:g} s")
                pieces.append(piece)
        except urllib3.exceptions.HTTPError as error:
            answer.close()
            raise requests.ConnectionError(str(error)) from None
        except BaseException:
            answer.close()
            raise
        answer._content = b"".join(pieces)  # what requests itself keeps of an answer that was read whole
        return answer


class TooLargeError(requests.RequestException):
    """The answer does not fit."""
