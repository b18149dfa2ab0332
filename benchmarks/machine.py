"""What figures were measured on, so that they can be compared elsewhere: processor, interpreter, and what else ran."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig

from bizra_load.io.this_machine import cpu_model, usable_cores


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
