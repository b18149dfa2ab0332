"""The reference chain: blocks 0 to FINALIZED - 1 are final."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

FINALIZED = 1000


@lru_cache(maxsize=FINALIZED)
def block_hash(number: int) -> str:
    """Hash of block `number`, "0x" and 64 hex digits."""
    return "0x" + sha256(b"bizra-block-%d" % number).hexdigest()


def finalized_hashes() -> frozenset[str]:
    return frozenset(block_hash(number) for number in range(FINALIZED))
