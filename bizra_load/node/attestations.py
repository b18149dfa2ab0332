"""Generate, verify and finality, without HTTP: requests are checked here and refused with a reason (BadRequest)."""

from __future__ import annotations

import re
import time
from typing import Any

import nacl.bindings
import nacl.exceptions
import orjson

from bizra_load.poi.chain import finalized_hashes

MAX_EVIDENCE_BYTES = 64 * 1024  # of UTF-8
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_HEX = re.compile(r"[0-9a-fA-F]+")


class BadRequest(Exception):
    """Refused with status 400 and this reason; the operation was not attempted and counts nowhere."""


def canonical(body: dict[str, Any]) -> bytes:
    """Canonical JSON: sorted keys, no white space, UTF-8. These bytes are signed."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def json_object(data: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the request is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise BadRequest("the request must be a JSON object")
    return content


class Attestor:
    """Holds the signing key; `seed` is 32 bytes. Signatures are deterministic (RFC 8032)."""

    def __init__(self, seed: bytes) -> None:
        public, self._secret = nacl.bindings.crypto_sign_seed_keypair(seed)
        self.public_key = public.hex()
        self._finalized = finalized_hashes()

    @staticmethod
    def evidence_of(request: dict[str, Any]) -> str:
        evidence = request.get("evidence")
        if not isinstance(evidence, str) or not evidence:
            raise BadRequest("evidence: must be a non-empty string")
        # A character takes at most four bytes: the short ones need no encoding to be counted.
        if len(evidence) > MAX_EVIDENCE_BYTES // 4 and len(evidence.encode()) > MAX_EVIDENCE_BYTES:
            raise BadRequest(f"evidence: more than {MAX_EVIDENCE_BYTES} bytes")
        return evidence

    def generate(self, evidence: str) -> dict[str, Any]:
        timestamp = int(time.time())
        body = {"evidence": evidence, "timestamp": timestamp}
        signature = nacl.bindings.crypto_sign(canonical(body), self._secret)[:64]
        return {"body": body, "signature": signature.hex(), "public_key": self.public_key, "timestamp": timestamp}

    @staticmethod
    def signed_parts(request: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
        """(signature, message, public key) of a verify request."""
        body = request.get("body")
        if not isinstance(body, dict):
            raise BadRequest("body: must be a JSON object")
        signature, public_key = _hex(request, "signature", 64), _hex(request, "public_key", 32)
        try:
            return signature, canonical(body), public_key
        except TypeError:  # orjson reads 1024 levels and writes 254
            raise BadRequest("body: nested too deeply") from None

    @staticmethod
    def verify(signature: bytes, message: bytes, public_key: bytes) -> bool:
        try:
            nacl.bindings.crypto_sign_open(signature + message, public_key)
        except nacl.exceptions.CryptoError:
            return False
        return True

    @staticmethod
    def hash_of(request: dict[str, Any]) -> str:
        block = request.get("block_hash")
        if not isinstance(block, str) or _HASH.fullmatch(block) is None:
            raise BadRequest("block_hash: must be 0x and 64 hex digits")
        return block.lower()

    def is_final(self, block: str) -> bool:
        return block in self._finalized


def _hex(request: dict[str, Any], key: str, length: int) -> bytes:
    value = request.get(key)
    # bytes.fromhex alone would skip white space and return too few bytes
    if isinstance(value, str) and len(value) == 2 * length and _HEX.fullmatch(value):
        return bytes.fromhex(value)
    raise BadRequest(f"{key}: must be {2 * length} hex digits")
