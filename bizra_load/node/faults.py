"""Faults that can be switched on, from the command line and while the node runs.

generate.latency=600us   verify.latency=lognormal(200us,0.5)   finality.latency=exponential(1ms) | uniform(1ms,3ms)
error_rate=3%            generate.error_rate=1%                wrong_signature_rate=0.1%
stall=2s                 metrics.down=true                     metrics.latency=5s
memory=100MiB            cpu=80% (of one core)                 metrics.empty=true (a page without the node's own series)

0, in the unit of a fault, and false switch it off.
"""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bizra_load.node.burden import Burden

OPERATIONS = ("generate", "verify", "finality")
ALLOWED = (
    *(f"{operation}.latency" for operation in OPERATIONS),
    "error_rate",
    *(f"{operation}.error_rate" for operation in OPERATIONS),
    "wrong_signature_rate",
    "stall",
    "metrics.down",
    "metrics.empty",
    "metrics.latency",
    "memory",
    "cpu",
)
MAX_SECONDS = 3600.0
MAX_MEMORY = 2**30
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
# as sla.values.number has it, which the node does not load: numpy would come with it
_DECIMAL = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_NUMBER = rf"{_DECIMAL}(?:[eE][+-]?[0-9]+)?"
_DURATION = re.compile(rf"({_DECIMAL})(ns|us|ms|s|m)")
_RATE = re.compile(rf"({_NUMBER})\s*(%?)")
_OFF = re.compile(r"[0.]+\s*(?:ns|us|ms|s|m|%|[KMG]iB)?|false", re.IGNORECASE)
_DISTRIBUTION = re.compile(r"(lognormal|exponential|uniform)\(([^()]*)\)")


class FaultError(ValueError):
    """One line: which fault, what is wrong, what is allowed."""


def seconds(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    if match is None or float(match[1]) * _SECONDS[match[2]] > MAX_SECONDS:
        raise FaultError(f"not a duration: {text!r} (allowed: 600us, 1.5ms, 2s, up to 60m)")
    return float(match[1]) * _SECONDS[match[2]]


def rate(text: str) -> float:
    match = _RATE.fullmatch(text.strip())
    value = float(match[1]) / (100 if match[2] else 1) if match else math.nan
    if not value <= 1:
        raise FaultError(f"not a rate: {text!r} (allowed: 0 % to 100 %, or 0 to 1)")
    return value


def size(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,18})\s*(KiB|MiB|GiB)", text.strip())
    size_bytes = int(match[1]) * {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[match[2]] if match else MAX_MEMORY + 1
    if size_bytes > MAX_MEMORY:
        raise FaultError(f"not a size: {text!r} (allowed: 100MiB, up to 1GiB)")
    return size_bytes


def _latency(text: str, rng: random.Random) -> Callable[[], float]:
    """A sampler of extra seconds."""
    match = _DISTRIBUTION.fullmatch(text.strip().replace(" ", ""))
    if match is None:
        fixed = seconds(text)
        return lambda: fixed
    arguments = match[2].split(",")
    if match[1] == "exponential" and len(arguments) == 1:
        mean = seconds(arguments[0])
        return lambda: min(rng.expovariate(1 / mean), MAX_SECONDS) if mean else 0.0
    if match[1] == "uniform" and len(arguments) == 2:
        low, high = seconds(arguments[0]), seconds(arguments[1])
        return lambda: rng.uniform(low, high)
    if match[1] == "lognormal" and len(arguments) == 2:
        median = seconds(arguments[0])
        sigma = float(arguments[1]) if re.fullmatch(_NUMBER, arguments[1]) else math.nan
        if median > 0 and sigma <= 5:
            return lambda: min(rng.lognormvariate(math.log(median), sigma), MAX_SECONDS)
    raise FaultError(f"{text!r}: allowed are lognormal(median,sigma), exponential(mean), uniform(low,high)")


@dataclass
class Faults:
    """The faults in force. `set()` checks everything first: either all of it takes effect or nothing."""

    rng: random.Random
    texts: dict[str, str] = field(default_factory=dict)
    latency: dict[str, Callable[[], float]] = field(default_factory=dict)
    error_rate: dict[str, float] = field(default_factory=dict)
    wrong_signature_rate: float = 0.0
    stalled_until: float = 0.0  # time.monotonic()
    metrics_down: bool = False
    metrics_empty: bool = False
    metrics_latency_s: float = 0.0
    burden: Burden = field(default_factory=Burden, compare=False)

    def set(self, faults: Mapping[str, object]) -> None:
        """Raises FaultError for an unknown name or a wrong value."""
        # The rate for all operations comes first, so that one operation's own rate can stand beside it.
        ordered = sorted(((name, str(value)) for name, value in faults.items()), key=lambda pair: pair[0] != "error_rate")
        for change in [self._change(name, text) for name, text in ordered]:
            change()
        if "error_rate" in faults:
            self.texts = {name: text for name, text in self.texts.items() if not name.endswith(".error_rate")}
        for name, text in ordered:
            # no errors of one operation are a fault of their own, beside errors of all
            if name == "stall" or (_OFF.fullmatch(text.strip()) and not name.endswith(".error_rate")):
                self.texts.pop(name, None)
            else:
                self.texts[name] = text

    def in_force(self) -> dict[str, str]:
        """Each fault in force with its value as it was set, and what is left of a stall."""
        left_s = self.stalled_until - time.monotonic()
        return {**self.texts, "stall": f"{left_s:.3f}s"} if left_s > 0 else dict(self.texts)

    def clear(self) -> None:
        """All faults off, a running stall too."""
        self.burden.hold(0)
        self.burden.burn(0.0)
        self.__init__(self.rng)  # type: ignore[misc]  # back to the defaults above, wherever they are added

    def _change(self, name: str, text: str) -> Callable[[], None]:
        try:
            operation, _, kind = name.rpartition(".")
            if name not in ALLOWED:
                raise FaultError(f"unknown fault (allowed: {', '.join(ALLOWED)})")
            if name == "stall":
                length = seconds(text)
                return lambda: setattr(self, "stalled_until", time.monotonic() + length)
            if name in ("metrics.down", "metrics.empty"):
                if text.lower() not in ("true", "false"):
                    raise FaultError(f"{text!r} (allowed: true, false)")
                return lambda: setattr(self, name.replace(".", "_"), text.lower() == "true")
            if name == "memory":
                held = size(text)
                return lambda: self.burden.hold(held)
            if name == "cpu":
                busy = rate(text)
                return lambda: self.burden.burn(busy)
            if name == "metrics.latency":
                length = seconds(text)
                return lambda: setattr(self, "metrics_latency_s", length)
            if name == "wrong_signature_rate":
                share = rate(text)
                return lambda: setattr(self, "wrong_signature_rate", share)
            if kind == "latency":
                sampler = _latency(text, self.rng)
                return lambda: self._delay(operation, None if _OFF.fullmatch(text.strip()) else sampler)
            share = rate(text)
            return lambda: self.error_rate.update(dict.fromkeys([operation] if operation else OPERATIONS, share))
        except FaultError as error:
            raise FaultError(f"{name}: {error}") from None

    def _delay(self, operation: str, sampler: Callable[[], float] | None) -> None:
        """None: not at all; even to sleep for no time takes some."""
        self.latency.pop(operation, None)
        if sampler is not None:
            self.latency[operation] = sampler


def parse_assignments(assignments: list[str]) -> dict[str, str]:
    """{"error_rate": "3%"} of ["error_rate=3%"]. Raises FaultError."""
    pairs: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise FaultError(f"{assignment!r} is not NAME=VALUE (names: {', '.join(ALLOWED)})")
        pairs[name.strip()] = value.strip()
    return pairs
