"""What figures were measured on, so that they can be compared elsewhere: processor, interpreter, and what else ran."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
import time
from dataclasses import dataclass

from bizra_load.io.this_machine import cpu_model, usable_cores
from bizra_load.measure.machine_readings import MachineReader

SPOILT = 0.02  # of the time that the hypervisor took: more is no measurement of a generator


def described() -> dict[str, str]:
    """Processor, kernel and interpreter with how it was built, each in words; the load average of the last minute."""
    return {
        "processor": f"{cpu_model() or platform.machine()}, {usable_cores()} cores",
        "kernel": f"{platform.system()} {platform.release()}",
        "interpreter": f"{platform.python_implementation()} {platform.python_version()}, {build()}",
        "load_average": f"{os.getloadavg()[0]:.2f}",
    }


def build() -> str:
    """Of this interpreter: with or without profile-guided and link-time optimization, and by which compiler."""
    given = sysconfig.get_config_var("CONFIG_ARGS") or ""
    optimized = [word for flag, word in (("--enable-optimizations", "PGO"), ("--with-lto", "LTO")) if flag in given]
    library = "shared" if sysconfig.get_config_var("Py_ENABLE_SHARED") else "static"
    compiler = platform.python_compiler()
    return f"{' and '.join(optimized) or 'neither PGO nor LTO'}, {library} library, {compiler}, {sys.executable}"


def line(machine: dict[str, str]) -> str:
    """The same in a sentence below a table."""
    return f"Measured on {machine['processor']}; {machine['kernel']}; {machine['interpreter'].rpartition(', ')[0]}."


@dataclass(frozen=True)
class Disturbance:
    """Shares of a time that the hypervisor took (steal), and in which something waited for a core (pressure); UNKNOWN where the
    kernel does not count it (sla.values.machine).
    """

    steal: float
    pressure: float


class Watch:
    """Reads both from when it is made; read() gives those since."""

    def __init__(self) -> None:
        self._reader = MachineReader("benchmark")
        self._reader.read(int(time.time()))

    def read(self) -> Disturbance:
        """Since this object was made, or read last."""
        second = self._reader.read(int(time.time()))
        return Disturbance(second.steal, second.pressure)
