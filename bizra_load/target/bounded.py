"""HTTP readings of metrics that end in time and fit the memory, whatever the other side sends."""

from __future__ import annotations

import time
from typing import Any

import requests

_PIECE = 65_536


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
            for piece in answer.iter_content(_PIECE):
                size += len(piece)
                if size > self._max_bytes:
                    raise TooLargeError(f"more than {self._max_bytes:,} bytes")
                if time.monotonic() > end:
                    raise requests.ReadTimeout(f"not complete within {self._within_s:g} s")
                pieces.append(piece)
        except BaseException:
            answer.close()
            raise
        answer._content = b"".join(pieces)  # what requests itself keeps of an answer that was read whole
        return answer


class TooLargeError(requests.RequestException):
    """The answer does not fit."""
