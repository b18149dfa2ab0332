"""The reference node on one core and the workers on the others, as long as none of them has to wait for its core.

Left alone, the scheduler draws whoever is woken to the core of its waker. So node and worker come to share one, and a worker
that is due interrupts an operation under way: that is in the node's p99. Bound to a core, though, a process must share it with
whatever else comes there. So they are bound when the machine is calm, and freed for good when it is not (docs/performance.md).
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from bizra_load.io.terminal import tell

INTERVAL_S = 0.25
# shares of an interval that one of them was ready to run and had no core; on a calm machine 0.03 and less
CALM, CROWDED = 0.05, 0.10
_PROC = Path("/proc")


@contextlib.contextmanager
def parted(node: int, generator: int, begun: Path, cores: Sequence[int] = ()) -> Iterator[None]:
    """While the block runs, watch process `node` and the children of process `generator` from when `begun` exists.

    `cores`: those to part (without: all that this process may use; fewer than two are left alone).
    """
    cores = cores or sorted(os.sched_getaffinity(0))
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(node, generator, begun, cores, done), name="parting", daemon=True)
    if len(cores) > 1:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if thread.is_alive():
            thread.join()


def _watch(node: int, generator: int, begun: Path, cores: Sequence[int], done: threading.Event) -> None:
    while not begun.exists():
        if done.wait(INTERVAL_S):
            return
    try:
        workers = [child.pid for child in psutil.Process(generator).children()]
    except psutil.Error:  # it has ended
        return
    places = {node: cores[-1:], **dict.fromkeys(workers, cores[:-1])}
    waited_ns, bound = _waited_ns(places), False
    while not done.wait(INTERVAL_S):
        before, waited_ns = waited_ns, _waited_ns(places)
        if not waited_ns:  # whether anybody waits is not known here: the scheduler knows better
            return
        longest_ns = max(now - before.get(process, now) for process, now in waited_ns.items())
        if bound and longest_ns > CROWDED * INTERVAL_S * 1e9:
            _bind(dict.fromkeys(places, cores))
            tell("Cores: node and workers may use all of them again, since one of them had to wait")
            return
        if not bound and longest_ns < CALM * INTERVAL_S * 1e9:
            _bind(places)
            tell(f"Cores: the node has core {cores[-1]} alone, the workers the others, until one of them must wait for its own")
            bound = True


def _waited_ns(processes: dict[int, Sequence[int]]) -> dict[int, int]:
    """How long each was ready to run without a core so far: its main thread, the second figure of schedstat."""
    waited: dict[int, int] = {}
    for process in processes:
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended, or this kernel counts no waiting
            waited[process] = int((_PROC / str(process) / "schedstat").read_text(encoding="ascii").split()[1])
    return waited


def _bind(places: dict[int, Sequence[int]]) -> None:
    for process, cores in places.items():
        with contextlib.suppress(OSError):  # it has ended
            for task in (_PROC / str(process) / "task").iterdir():
                with contextlib.suppress(OSError):  # so has this thread; its others have not
                    os.sched_setaffinity(int(task.name), cores)
