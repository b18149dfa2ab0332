"""What a request may come to besides a success or an EngineError, of both cores."""

from __future__ import annotations

import types
from typing import NamedTuple

import numpy as np

TRUTH_VALUES = (bool, np.bool_)
# what `async def`, or a function with `yield`, gives back: the check has not run
NOT_RUN = (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType)
SUSPECT = frozenset({*TRUTH_VALUES, *NOT_RUN})  # kinds that may be no success; none of them has a subclass


class Unsettled(Exception):
    """A whole response that is perhaps no success: by its status, by what its check raised, or by what kind that gave."""

    def __init__(self, content: bytes, result: object = None, error: BaseException | None = None) -> None:
        super().__init__()
        self.content, self.result, self.error = content, result, error


class Unsent(NamedTuple):
    """What came of sending a request that was held back: so many bytes of it are sent, or an error."""

    sent: int
    error: Exception | None
