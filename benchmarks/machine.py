"""What figures were measured on, so that they can be compared elsewhere: processor, interpreter, and what else ran."""

from __future__ import annotations

import os
import platform
import sysconfig
from pathlib import Path

from bizra_load.io.this_machine import cpu_model, usable_cores

_FLAGS = (("--enable-optimizations", "PGO"), ("--with-lto", "LTO"))


def described() -> dict[str, str]:
    """Processor, kernel and interpreter with how it was built, each in words; the load average of the last minute."""
    return {
        "processor": f"{cpu_model() or platform.machine()}, {usable_cores()} cores",
        "kernel": f"{platform.system()} {platform.release()}",
        "interpreter": f"{_name()}, {build()}",
        "load_average": f"{os.getloadavg()[0]:.2f}",
    }


def build() -> str:
    """How this interpreter was built: optimizations that its configuration names (a distribution may add others to single
    files, which nothing at run time shows), how its library is linked, and by which compiler.
    """
    optimized = " and ".join(_optimizations()) or "neither PGO nor LTO in its configuration"
    return f"{optimized}, {_linked()} library, {platform.python_compiler()}"


def kind() -> str:
    """A folder's name for figures of this kind of interpreter: version, optimizations, and how its library is linked."""
    return "-".join((_name().replace(" ", "-"), *_optimizations(), _linked())).lower()


def line(machine: dict[str, str]) -> str:
    """The same in a sentence below a table; figures kept before all of it was recorded lack some."""
    return f"Measured on {'; '.join(machine[key] for key in ('processor', 'kernel', 'interpreter') if key in machine)}."


def _name() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def _optimizations() -> list[str]:
    given = sysconfig.get_config_var("CONFIG_ARGS") or ""
    return [word for flag, word in _FLAGS if flag in given]


def _linked() -> str:
    """What runs, not what was configured: Debian configures a shared library, and links its interpreter without it."""
    return "shared" if "/libpython" in Path("/proc/self/maps").read_text(encoding="utf-8") else "static"
