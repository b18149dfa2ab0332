"""Memory and CPU that the node uses for nothing, so that alerts on them can be rehearsed."""

from __future__ import annotations

import hashlib
import threading
import time

_CHUNK = b"\x01" * (4 * 1024 * 1024)  # hashed in some milliseconds, without the interpreter lock: responses go on


class Burden:
    """Both are 0 at first; each call replaces what was asked for before."""

    def __init__(self) -> None:
        self._ballast = b""
        self._share = 0.0
        self._burning: threading.Thread | None = None

    def hold(self, size: int) -> None:
        """Keep `size` bytes resident."""
        self._ballast = b""  # freed first: both at once could be too much
        self._ballast = b"\x01" * size

    def burn(self, share: float) -> None:
        """Keep one core busy for this share of the time."""
        self._share = share
        if share and (self._burning is None or not self._burning.is_alive()):
            self._burning = threading.Thread(target=self._run, daemon=True)
            self._burning.start()

    def _run(self) -> None:
        while (share := self._share) > 0:
            begin = time.perf_counter()
            hashlib.sha256(_CHUNK).digest()
            time.sleep((time.perf_counter() - begin) * (1 - share) / share)
