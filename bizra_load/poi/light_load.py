"""A light, steady load for rehearsals of monitoring: it measures nothing, it only keeps a node's series moving.

Finality checks go their own way: when they hang, generation and verification go on. It must not disturb what is rehearsed: its
440 operations/s cost 0.08 of a core through http.client (380 through requests cost 0.24).
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from bizra_load.poi.chain import block_hash

PAUSE_S = 0.01
MOST_BYTES = 1_000_000  # of a response
TIMEOUT_S = 1.0
_NOTHING_TO_VERIFY = {"body": {}, "signature": "00" * 64, "public_key": "00" * 32}
_HEADERS = {"Content-Type": "application/json"}

Post = Callable[[str, dict[str, Any]], Any]


class LightLoad:
    """Context manager: some hundred operations a second on a node of this machine until the block ends."""

    def __init__(self, url: str, base_path: str = "/api/v1") -> None:
        self._address = urlsplit(url).netloc
        self._base_path = base_path
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=(turn,), daemon=True) for turn in (_pair, _pair, _check)]

    def __enter__(self) -> LightLoad:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=3 * TIMEOUT_S)

    def _repeat(self, turn: Callable[[Post], None]) -> None:
        connection = HTTPConnection(self._address, timeout=TIMEOUT_S)

        def post(path: str, content: dict[str, Any]) -> Any:
            """The response's content; None for none or a failed one: the alerts have to find what a fault breaks."""
            try:
                connection.request("POST", self._base_path + path, json.dumps(content).encode(), _HEADERS)
                response = connection.getresponse()
                data = response.read(MOST_BYTES)
                if not response.isclosed():
                    raise HTTPException(f"a response of more than {MOST_BYTES:,} bytes")
                return json.loads(data) if response.status == 200 else None
            except (OSError, HTTPException, ValueError):
                connection.close()  # the next request opens it again
                return None

        with contextlib.closing(connection):
            while not self._stop.wait(PAUSE_S):
                turn(post)


def _pair(post: Post) -> None:
    made = post("/poi/generate", {"evidence": "rehearsal"})
    # a failed one leaves nothing to verify: a wrong signature is an attempt as well
    post("/poi/verify", made or _NOTHING_TO_VERIFY)


def _check(post: Post) -> None:
    post("/finality", {"block_hash": block_hash(1)})
