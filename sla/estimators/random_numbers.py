"""Random numbers of a seed: the same seed gives the same figures."""

from __future__ import annotations

import numpy as np


def generator(seed: int) -> np.random.Generator:
    """A generator for any whole number as its seed: numpy itself raises ValueError for a negative one."""
    return np.random.default_rng(seed % 2**64)
