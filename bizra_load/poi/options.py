"""Options of PoIUser: on the command line, in the environment or in the web form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bizra_load.engine.request_head import request_head
from bizra_load.settings import inputs
from bizra_load.settings.arguments import Option
from bizra_load.settings.settings import Settings

MAX_HASHES_BYTES = 64 * 1024 * 1024


def base_path(value: str) -> str:
    path = value.rstrip("/")
    if path and not path.startswith("/"):
        raise ValueError(f"{value[:100]!r} (allowed: empty, or a path that starts with /)")
    request_head("POST", path + "/", {})
    return path


def block_hashes(path: str) -> tuple[str, ...]:
    """The lines of a file; "" is no file."""
    lines = inputs.lines_of(path, MAX_HASHES_BYTES)
    for number, line in enumerate(lines, start=1):
        if not re.fullmatch(r"0x[0-9a-fA-F]{64}", line):
            raise ValueError(f"{path}: line {number} is not a block hash (allowed: 0x and 64 hex digits)")
    if path and not lines:
        raise ValueError(f"{path}: holds no block hash")
    return lines


# fmt: off
OPTIONS = (
    Option("--verify-share", "VERIFY_SHARE", "1%",
           "Share of signatures that the client verifies itself, from 0 to 100 per cent", inputs.share),
    Option("--finality-share", "FINALITY_SHARE", "20%", "Share of finality checks among the operations of mixed.py",
           inputs.share),
    Option("--base-path", "BASE_PATH", "/api/v1", "Path before /poi/generate, /poi/verify and /finality", base_path),
    Option("--block-hashes", "BLOCK_HASHES", "",
           "File of finalized block hashes, one a line (default: the reference node's)", block_hashes,
           path="yes"),
)
# fmt: on


@dataclass(frozen=True)
class PoIOptions:
    """The values of OPTIONS; shares as ratios."""

    verify_share: float
    finality_share: float
    base_path: str
    block_hashes: tuple[str, ...]


def poi_options(settings: Settings) -> PoIOptions:
    return PoIOptions(**{option.name: settings.of_products[option.name] for option in OPTIONS})
