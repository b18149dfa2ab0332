"""A light, steady load for rehearsals of monitoring: it measures nothing, it only keeps a node's series moving.

Finality checks go their own way: when they hang, generation and verification go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import requests

from bizra_load.node.chain import block_hash

PAUSE_S = 0.01
TIMEOUT_S = 1.0
_NOTHING_TO_VERIFY = {"body": {}, "signature": "00" * 64, "public_key": "00" * 32}

Post = Callable[[str, dict[str, Any]], requests.Response | None]


class LightLoad:
    """Context manager: some hundred operations a second on a node of this machine until the block ends."""

    def __init__(self, url: str, base_path: str = "/api/v1") -> None:
        self._base = url + base_path
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
        session = requests.Session()
        session.trust_env = False

        def post(path: str, content: dict[str, Any]) -> requests.Response | None:
            try:
                return session.post(self._base + path, json=content, timeout=TIMEOUT_S)
            except requests.RequestException:
                return None  # what a fault breaks is for the alerts to find

        while not self._stop.wait(PAUSE_S):
            turn(post)


def _pair(post: Post) -> None:
    made = post("/poi/generate", {"evidence": "rehearsal"})
    # a failed one leaves nothing to verify: a wrong signature is an attempt as well
    post("/poi/verify", made.json() if made is not None and made.ok else _NOTHING_TO_VERIFY)


def _check(post: Post) -> None:
    post("/finality", {"block_hash": block_hash(1)})
