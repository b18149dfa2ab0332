"""The common case of a request: compiled where a compiler was there when the package was installed, else in Python.

BIZRA_LOAD_PURE=1 in the environment chooses Python. Both have the same classes and pass the same tests. What was compiled from
older sources is not taken: `make setup` compiles it anew.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bizra_load.engine.channels import TlsChannel
    from bizra_load.engine.core_pure import BaseConnection, BaseReactor, BaseRequest, Channel, appender, rows_appender
    from bizra_load.engine.waking_pure import BaseLags, BasePacer

    KIND: str
else:
    KIND, _pure = "compiled", importlib.import_module("bizra_load.engine.core_pure")
    try:
        if os.environ.get("BIZRA_LOAD_PURE", "") not in ("", "0"):
            raise ImportError
        _core = importlib.import_module("bizra_load.engine.core_compiled")
        if _core.INTERFACE != _pure.INTERFACE:  # built from other sources than these
            raise ImportError
        TlsChannel, BaseLags, BasePacer = _core.TlsChannel, _core.BaseLags, _core.BasePacer
    except (ImportError, AttributeError):
        KIND, _core = "pure Python", _pure
        TlsChannel = importlib.import_module("bizra_load.engine.channels").TlsChannel
        _waking = importlib.import_module("bizra_load.engine.waking_pure")
        BaseLags, BasePacer = _waking.BaseLags, _waking.BasePacer
    BaseConnection, BaseReactor, BaseRequest = _core.BaseConnection, _core.BaseReactor, _core.BaseRequest
    Channel, appender, rows_appender = _core.Channel, _core.appender, _core.rows_appender

__all__ = [
    "KIND",
    "BaseConnection",
    "BaseLags",
    "BasePacer",
    "BaseReactor",
    "BaseRequest",
    "Channel",
    "TlsChannel",
    "appender",
    "rows_appender",
]
