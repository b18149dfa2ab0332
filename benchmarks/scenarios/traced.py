"""mixed.py whose workers leave each arrival's due time (Unix ns) and lag (ns) in LAG_TRACE_FOLDER when they end."""

import os
import time
from pathlib import Path

import numpy as np
from locust import events

from bizra_load.engine.lags import LagRows, Lags
from locustfiles.mixed import Mixed, Shape

__all__ = ["Mixed", "Shape"]
kept: list[LagRows] = []
take = Lags.take


def take_and_keep(self: Lags, before_ns: int | None = None) -> LagRows:
    rows = take(self, before_ns)
    kept.append(rows)
    return rows


Lags.take = take_and_keep  # type: ignore[method-assign]


@events.quitting.add_listener
def leave(**_: object) -> None:
    woken, lag = (np.concatenate([getattr(r, key) for r in kept]) if kept else np.zeros(0) for key in ("woken_ns", "lag_ns"))
    if woken.size:
        due_ns = woken - lag + (time.time_ns() - time.perf_counter_ns())
        np.save(Path(os.environ["LAG_TRACE_FOLDER"]) / f"lags-{os.getpid()}.npy", np.stack((due_ns, lag)))
