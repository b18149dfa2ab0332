"""What a process and the machine under it went through since the last reading, as Linux accounts for it (proc(5), cgroups(7)).

A file that is not there (another system, a kernel without pressure accounting, a container that hides it) gives UNKNOWN.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from sla.values.machine import UNKNOWN, MachineSecond

_USER_HZ_S = 1.0 / os.sysconf("SC_CLK_TCK")
_CGROUPS = Path("/sys/fs/cgroup")
DIGITS = 6  # of seconds and shares: the kernel's own accounts are no finer than a microsecond or so


class MachineReader:
    """Readings of one process. `pid` None: this one, by its calling thread alone, which is the one that must be on time.
    `proc` is for tests.
    """

    def __init__(self, process: str, pid: int | None = None, proc: Path = Path("/proc")) -> None:
        self._process = process
        self._pid = pid
        self._home = proc / ("self" if pid is None else str(pid))
        self._proc = proc
        self._files: dict[Path, int] = {}
        self._cpu_stat = _cpu_stat_file(self._home)
        self._cores = os.cpu_count() or 0
        self._before: dict[str, float] = {}
        self._now: dict[str, float] = {}
        self.read(0)

    def read(self, second: int) -> MachineSecond:
        """Since the last call (or the start), as of `second`; a figure that any of the two readings lacks is UNKNOWN."""
        for _ in self.steps():
            pass
        return self.taken(second)

    def steps(self) -> Iterator[None]:
        """read() in small steps: run this to its end, then call taken()."""
        self._now = {"clock_s": time.monotonic()}
        for part in (self._cpu, self._waited, self._stat, self._pressure, self._throttled):
            with contextlib.suppress(OSError, ValueError, IndexError):
                self._now |= part()
            yield

    def taken(self, second: int) -> MachineSecond:
        """The figures of the last steps(), as of `second`; read() explains them."""
        before, self._before = self._before, self._now
        spent = {key: value - before[key] for key, value in self._now.items() if key in before}
        return MachineSecond(
            second=second,
            process=self._process,
            cores=self._cores,
            cpu_s=_known(spent.get("cpu_s")),
            waited_s=_known(spent.get("waited_s")),
            steal=_share(spent.get("steal"), spent.get("total")),
            pressure=_share(spent.get("pressure_s"), spent.get("clock_s")),
            throttled_s=_known(spent.get("throttled_s")),
        )

    def close(self) -> None:
        for file in self._files.values():
            os.close(file)
        self._files.clear()

    def _text(self, path: Path, length: int = 4096) -> str:
        """The beginning of a file that is kept open: opening it again would cost ten times as much as reading it."""
        if path not in self._files:
            self._files[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        return os.pread(self._files[path], length, 0).decode()

    def _cpu(self) -> dict[str, float]:
        if self._pid is None:
            return {"cpu_s": time.process_time()}
        fields = self._text(self._home / "stat").rpartition(")")[2].split()
        return {"cpu_s": (int(fields[11]) + int(fields[12])) * _USER_HZ_S}

    def _waited(self) -> dict[str, float]:
        """The second figure of schedstat: ns spent ready to run, waiting for a core."""
        if self._pid is None:
            return {"waited_s": int(self._text(self._home / "schedstat").split()[1]) / 1e9}
        texts = [(task / "schedstat").read_text() for task in (self._home / "task").iterdir()]
        return {"waited_s": sum(int(text.split()[1]) for text in texts) / 1e9}

    def _stat(self) -> dict[str, float]:
        line = self._text(self._proc / "stat", 200).split("\n", 1)[0]
        ticks = [int(word) for word in line.split()[1:9]]  # user nice system idle iowait irq softirq steal
        return {"steal": ticks[7], "total": sum(ticks)}

    def _pressure(self) -> dict[str, float]:
        text = self._text(self._proc / "pressure" / "cpu")
        return {"pressure_s": int(text.split("\n", 1)[0].rpartition("total=")[2]) / 1e6}

    def _throttled(self) -> dict[str, float]:
        if self._cpu_stat is None:
            return {}
        text = self._text(self._cpu_stat)
        if match := re.search(r"^throttled_usec (\d+)", text, re.MULTILINE):
            return {"throttled_s": int(match[1]) / 1e6}
        match = re.search(r"^throttled_time (\d+)", text, re.MULTILINE)  # cgroups v1: ns
        return {"throttled_s": int(match[1]) / 1e9} if match else {}


def _known(value: float | None) -> float:
    return UNKNOWN if value is None or value < 0 else round(value, DIGITS)


def _share(part: float | None, whole: float | None) -> float:
    if part is None or whole is None or part < 0 or whole <= 0:
        return UNKNOWN
    return round(min(part / whole, 1.0), DIGITS)


def _cpu_stat_file(home: Path) -> Path | None:
    """cpu.stat of the control group that limits this process; a container sees its own group as the root. Where the controller
    is one of version 1, the line of version 2 that stands beside it (a hybrid) says nothing of it: that group is the root.
    """
    first: list[Path] = []
    second: list[Path] = []
    with contextlib.suppress(OSError):
        for line in (home / "cgroup").read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            if "cpu" in controllers.split(","):
                first = [_CGROUPS / "cpu" / group.strip("/"), _CGROUPS / "cpu"]
            elif controllers == "":
                second = [_CGROUPS / group.strip("/")]
    return next((folder / "cpu.stat" for folder in (*first, *second, _CGROUPS) if (folder / "cpu.stat").is_file()), None)
