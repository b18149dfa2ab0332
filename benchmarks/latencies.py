"""How late an open model was, and how long responses took, from what each generator leaves behind."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Throughput
from bizra_load.archive.latest import run_folders
from bizra_load.archive.store import read_run
from sla.values import histogram
from sla.values.histogram import Histogram

H2LOAD_LOG = "h2load.log"
LOG = "log"  # what a generator printed
_IN_US = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}  # wrk's units of time


@dataclass(frozen=True)
class Latency:
    """Of responses as the generator itself measures them, and how late its schedule was; -1 where it does not report that."""

    response_p50_us: float
    response_p99_us: float
    lag_p50_us: float = -1.0
    lag_p99_us: float = -1.0


def of_run(name: str, folder: Path, measured: Throughput) -> Latency | None:
    """Of our newest run in `folder`/`name`, over the whole seconds of the measurement: from the intended start."""
    measurements = read_run(run_folders(folder / name)[-1])[0]
    seconds = whole_seconds(measured)
    response = histogram.merge(w.response for w in measurements.windows if w.second in seconds)
    lag = histogram.merge(h.lag for h in measurements.health if h.second in seconds)
    return Latency(*_p50_p99_us(response), *_p50_p99_us(lag)) if response.total and lag.total else None


def whole_seconds(measured: Throughput) -> range:
    """Those that lie in the measurement from their beginning to their end."""
    return range(int(-(-measured.began_s // 1)), int(measured.began_s + measured.took_s))


def of_h2load_log(folder: Path, measured: Throughput) -> Latency | None:
    """From sending to the end of the response, of requests begun in the measurement (h2load(1), --log-file)."""
    timings_us = []
    for line in (folder / H2LOAD_LOG).read_text().splitlines():
        fields = line.split("\t")
        if len(fields) >= 3 and 0 <= int(fields[0]) / 1e6 - measured.began_s < measured.took_s:  # the last may be cut off
            timings_us.append(float(fields[2]))
    if len(timings_us) < 2:
        return None
    percents = statistics.quantiles(timings_us, n=100)
    return Latency(percents[49], percents[98])


def of_wrk2_output(folder: Path, measured: Throughput) -> Latency | None:
    """From the intended start, over its whole run, as it prints them (--latency)."""
    printed = re.findall(r"^\s*(50|99)\.000%\s+([\d.]+)(us|ms|s|m)\s*$", (folder / LOG).read_text(), re.MULTILINE)
    by_percent = {percent: float(value) * _IN_US[unit] for percent, value, unit in printed}
    return Latency(by_percent["50"], by_percent["99"]) if len(by_percent) == 2 else None


def _p50_p99_us(values: Histogram) -> tuple[float, float]:
    return values.quantile_ns(0.5) / 1e3, values.quantile_ns(0.99) / 1e3
