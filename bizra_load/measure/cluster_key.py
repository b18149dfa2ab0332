"""A secret shared by master and workers that authenticates our messages, because Locust's own wire has no authentication.

BIZRA_LOAD_CLUSTER_KEY (or BIZRA_LOAD_CLUSTER_KEY_FILE) holds it. HMAC-SHA256 (RFC 2104) over the packed fields of a message;
the first field is its kind, so that one message can't be passed off as another. Nothing is encrypted, and Locust's own messages
stay open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import msgpack

from bizra_load.exit_codes import UsageError
from bizra_load.io.files import read_text

VARIABLE = "BIZRA_LOAD_CLUSTER_KEY"
LEAST_BYTES = 16


class ClusterKey:
    """Without a key every message is signed with nothing and believed."""

    def __init__(self, key: bytes = b"") -> None:
        self._key = key

    def __repr__(self) -> str:
        return "ClusterKey(set)" if self._key else "ClusterKey(none)"

    def sign(self, *fields: object) -> bytes:
        """HMAC-SHA-256 of the fields; b"" without a key."""
        return hmac.new(self._key, msgpack.packb(fields), hashlib.sha256).digest() if self._key else b""

    def holds(self, mac: object, *fields: object) -> bool:
        """Whether `mac` was made by sign() with these fields and this key."""
        if not self._key:
            return True
        try:
            return isinstance(mac, bytes) and hmac.compare_digest(mac, self.sign(*fields))
        except (OverflowError, ValueError, TypeError):  # fields that can't be packed: nobody has signed them
            return False


def cluster_key_of_environment() -> ClusterKey:
    """Raises UsageError for a key that is too short to be one, or a file that can't be read; the key itself is never shown."""
    path = os.environ.get(f"{VARIABLE}_FILE", "")
    try:
        key = read_text(Path(path)).strip().encode() if path else os.environ.get(VARIABLE, "").encode()
    except OSError as error:
        raise UsageError(f"{VARIABLE}_FILE: {path}: {error.strerror}") from None
    if key and len(key) < LEAST_BYTES:
        raise UsageError(f"{VARIABLE}: is too short (allowed: {LEAST_BYTES} bytes or more, such as openssl rand -hex 32)")
    return ClusterKey(key)
