"""Several claims at once: Holm's step-down (Holm 1979, Scandinavian Journal of Statistics 6) by confidence levels."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def holm_level(claims: Sequence[Callable[[float], bool]], level: float) -> float:
    """The level at which a claim must hold so that the whole family errs with probability 1 - level at most.

    Each claim is a function of the confidence level: is it made at this level? Starting from 1 - alpha / m, each round of
    claims made leaves a smaller family for the rest; the level returned is the one at which no further claim is made.
    """
    alpha, open_claims = 1 - level, list(claims)
    while open_claims:
        strict = 1 - alpha / len(open_claims)
        kept = [claim for claim in open_claims if not claim(strict)]
        if len(kept) == len(open_claims) or not kept:
            return strict
        open_claims = kept
    return level
