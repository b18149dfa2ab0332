"""On PYTHONPATH, makes a reference node leave what each operation took (seconds, by histogram) in NODE_TIMES when it ends.

Its histograms alone are too coarse to compare by: 50 us between the edges around a signature. Works for older nodes too.
"""

import array
import atexit
import json
import os
import sys
from typing import Any

if "node" in sys.orig_argv and "NODE_TIMES" in os.environ:
    import bizra_load.node.metrics as metrics

    times: dict[str, "array.array[float]"] = {}
    histogram = getattr(metrics, "ServerHistogram", None) or metrics.Histogram  # its name in older nodes
    observe, exit_at_once = histogram.observe, os._exit

    def observe_and_keep(self: Any, seconds: float, *rest: object) -> None:
        times.setdefault(self._name, array.array("d")).append(seconds)
        observe(self, seconds, *rest)  # prometheus_client's, in older nodes, takes an exemplar

    def leave() -> None:
        with open(os.environ["NODE_TIMES"], "w", encoding="ascii") as file:
            json.dump({name: list(values) for name, values in times.items()}, file)

    def leave_and_exit(code: int) -> None:
        leave()
        exit_at_once(code)

    histogram.observe = observe_and_keep
    atexit.register(leave)
    os._exit = leave_and_exit  # type: ignore[assignment]  # how older nodes end
