"""Load generation on Locust with a verdict: what a locustfile needs is here, everything else is in the rooms below.

The public names are imported when they are first used: Locust takes a second, and most commands do without it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bizra_load.poi.user import PoIUser
    from bizra_load.runtime.lean.user import LeanHttpUser
    from bizra_load.runtime.plugin import install, register
    from bizra_load.runtime.shapes import StagesShape
    from bizra_load.runtime.users import OpenModelUser

__all__ = ["LeanHttpUser", "OpenModelUser", "PoIUser", "StagesShape", "install", "register"]

_HOMES = {
    "LeanHttpUser": "bizra_load.runtime.lean.user",
    "OpenModelUser": "bizra_load.runtime.users",
    "PoIUser": "bizra_load.poi.user",
    "StagesShape": "bizra_load.runtime.shapes",
    "install": "bizra_load.runtime.plugin",
    "register": "bizra_load.runtime.plugin",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})  # for help() and for completion in a notebook
