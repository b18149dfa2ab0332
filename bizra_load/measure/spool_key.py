"""A worker's own key of one run, Ed25519 (RFC 8032): it signs what the worker leaves in a spool file.

The private part never leaves the worker's memory. The public one goes to the master with every report and stands in run.json:
so whoever judges can tell what a worker of this run wrote from what anybody may have put there, and holds no secret for it.
"""

from __future__ import annotations

import nacl.bindings
import nacl.exceptions

PUBLIC_BYTES = 32
_CONTEXT = b"bizra-load/spool\0"


class SpoolKey:
    """A new key. `public`: 32 bytes."""

    def __init__(self) -> None:
        self.public, self._secret = nacl.bindings.crypto_sign_keypair()

    def sign(self, content: bytes) -> str:
        """The signature, hexadecimal."""
        signed: bytes = nacl.bindings.crypto_sign(_CONTEXT + content, self._secret)
        return signed[: nacl.bindings.crypto_sign_BYTES].hex()


def is_signed(content: bytes, signature: object, public: str) -> bool:
    """Whether the holder of the key whose public part is `public` (hexadecimal) has signed this."""
    try:
        signed = bytes.fromhex(str(signature)) + _CONTEXT + content
        nacl.bindings.crypto_sign_open(signed, bytes.fromhex(public))
    except (ValueError, TypeError, nacl.exceptions.CryptoError):
        return False
    return True
