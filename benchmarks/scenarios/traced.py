"""mixed.py whose workers leave in LAG_TRACE_FOLDER when they end: each arrival's due time (Unix ns), lag (ns), how long (ns)
it waited, due, for a step of housekeeping to end, and how much of that the step can have used the CPU.
"""

import os
import time
from pathlib import Path

import numpy as np
from locust import events

from bizra_load.engine.lags import LagRows, Lags
from bizra_load.engine.quiet import QuietMoments
from locustfiles.mixed import Mixed, Shape

__all__ = ["Mixed", "Shape"]
kept: list[LagRows] = []
steps: list[tuple[int, int, int]] = []
take, ended = Lags.take, QuietMoments._ended


def take_and_keep(self: Lags, before_ns: int | None = None) -> LagRows:
    rows = take(self, before_ns)
    kept.append(rows)
    return rows


def ended_and_keep(self: QuietMoments, began_ns: int, took_ns: int) -> None:
    steps.append((began_ns, time.perf_counter_ns(), took_ns))
    ended(self, began_ns, took_ns)


Lags.take = take_and_keep  # type: ignore[method-assign]
QuietMoments._ended = ended_and_keep  # type: ignore[method-assign]


@events.quitting.add_listener
def leave(**_: object) -> None:
    woken, lag = (np.concatenate([getattr(r, key) for r in kept]) if kept else np.zeros(0) for key in ("woken_ns", "lag_ns"))
    if woken.size:
        due_ns = woken - lag
        began_ns, ended_ns, took_ns = np.array(steps).T
        under_way = np.maximum(np.searchsorted(began_ns, due_ns, side="right") - 1, 0)
        waited_ns = np.where(due_ns >= began_ns[under_way], np.maximum(ended_ns[under_way] - due_ns, 0), 0)
        to_unix_ns = time.time_ns() - time.perf_counter_ns()
        held_ns = np.minimum(waited_ns, took_ns[under_way])
        rows = np.stack((due_ns + to_unix_ns, lag, waited_ns, held_ns))
        np.save(Path(os.environ["LAG_TRACE_FOLDER"]) / f"lags-{os.getpid()}.npy", rows)
