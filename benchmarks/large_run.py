"""How long does an hour of many workers take to judge, and in how much memory? Part of make bench-statistics.

python -m benchmarks.large_run [--workers 2,200]

Such a run takes an hour and more machines than there are here: its folder is made up. The rows are those that workers write,
two operations and one row of health each second, with histograms of as many samples. Only VARIANTS different seconds of a
worker are drawn, or making the folder would take longer than judging it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import psutil

from benchmarks import results
from bizra_load.archive import merged
from bizra_load.archive.names import HEALTH, WINDOWS
from bizra_load.archive.row_files import read_sums
from bizra_load.archive.run_record import AgreementName, RunRecord
from bizra_load.archive.store import RunWriter
from bizra_load.judging.agreements import keep_agreement, read_agreement
from bizra_load.measure.health import LAG_BITS
from bizra_load.measure.rows import Row, health_row, stored, window_row
from sla.values.histogram import Histogram, from_values
from sla.values.machine import MachineSecond
from sla.values.measurements import PlannedSegment, RunFacts
from sla.values.window import Health, Window

START = 1_800_000_000
OPERATIONS = ("generate", "verify")
SECONDS, RATE = 3600, 200
_SECOND = b"1234567890"
VARIANTS = 200  # more than the seconds that are added up at once


def judged(workers: int) -> dict[str, float]:
    """Make the folder of so many workers, judge it with `bizra-load assess`, and say what that took: memory of all its
    processes together.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "large"
        folder.mkdir()
        writer, record, facts = make(folder, workers, SECONDS, RATE)
        writer.record(record, facts)
        figures = {f"{name} (MB)": (folder / name).stat().st_size / 1e6 for name in (WINDOWS, HEALTH)}
        figures |= _assess(folder, "its rows alone, as where the master was lost")
        writer.seal(record, facts, read_sums(folder, frozenset(), set()))  # a master has them, and need not read
        kept = [name for name in merged.NAMES if (folder / name).exists()]  # beside the rows of a large run alone
        figures |= {f"{name} (MB)": (folder / name).stat().st_size / 1e6 for name in kept}
        figures |= _assess(folder, "the sealed run")
    return {f"an hour of {workers} workers, {len(OPERATIONS)} operations at {RATE}/s each: {k}": v for k, v in figures.items()}


def _assess(folder: Path, what: str) -> dict[str, float]:
    begin, peak = time.perf_counter(), 0
    command = [sys.executable, "-m", "bizra_load.cli.main", "assess", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, _rss_bytes(process.pid))
            time.sleep(0.1)
        took_s = time.perf_counter() - begin
    (folder / "assessment.json").unlink()  # it was judged
    return {f"{what}, judged in (s)": took_s, f"{what}, most memory of all processes (MB)": peak / 1e6}


def _rss_bytes(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        return sum(int(p.memory_info().rss) for p in (process, *process.children(recursive=True)))
    except psutil.Error:  # it has just ended
        return 0


def make(folder: Path, workers: int, seconds: int, rate: int) -> tuple[RunWriter, RunRecord, RunFacts]:
    """Its rows, and what is still to be written. `rate`: operations of each kind a second and worker."""
    rng = np.random.default_rng(1)
    writer = RunWriter(folder)
    agreement = read_agreement("local")
    keep_agreement(folder, agreement)
    names = tuple(f"worker-{n:03}_0123456789abcdef0123456789abcdef" for n in range(workers))
    per_s = float(rate * len(OPERATIONS) * workers)
    plan = (PlannedSegment(seconds, per_s, per_s),)
    facts = RunFacts(START * 10**9, (START + seconds) * 10**9, (START + seconds) * 10**9, plan=plan, workers=names)
    record = RunRecord(
        "large", datetime.fromtimestamp(START, UTC).isoformat(), agreement=AgreementName("local", agreement.sha256)
    )
    windows = [[_template(window_row(_window(rng, o, rate))) for o in OPERATIONS] for _ in range(VARIANTS)]
    healths = [_template(health_row(_health(rng, rate * len(OPERATIONS)))) for _ in range(VARIANTS)]
    for name, variants in ((WINDOWS, windows), (HEALTH, [[h] for h in healths])):
        with (folder / name).open("ab") as file:
            for lines in _rows(variants, names, seconds, rng, name == HEALTH):
                file.write(lines)
    writer.close()
    return writer, record, facts


def _rows(
    variants: list[list[bytes]], names: tuple[str, ...], seconds: int, rng: np.random.Generator, final: bool
) -> Iterator[bytes]:
    for second in range(seconds):
        chosen = rng.integers(0, VARIANTS, len(names)).tolist()
        order = rng.permutation(len(names)).tolist()
        lines = []
        for n in order:
            origin = b',"worker":"%b","sequence":%d' % (names[n].encode(), second)
            if final:
                origin += b',"final":%b' % (b"true" if second == seconds - 1 else b"false")
            for template in variants[chosen[n]]:
                line = template.replace(_SECOND, b"%d" % (START + second)).replace(b'"W"', b'"%b"' % names[n].encode())
                lines.append(line + origin + b"}\n")
        yield b"".join(lines)


def _template(row: Row) -> bytes:
    """A row without its end; its second (1234567890) and its worker (W) are yet to be put in."""
    return orjson.dumps({key: value for key, value in stored(row).items() if key != "worker"})[:-1]


def _latencies(
    rng: np.random.Generator, median_ns: float, spread: float, count: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    level = rng.normal(0, 0.05)
    return rng.lognormal(np.log(median_ns) + level, spread, count).astype(np.int64)


def _window(rng: np.random.Generator, operation: str, rate: int) -> Window:
    service = _latencies(rng, 250e3, 0.5, rate)
    response = service + _latencies(rng, 40e3, 0.7, rate)
    sums = {"in_flight_ns": int(service.sum()), "service_sum_ns": int(service.sum()), "response_sum_ns": int(response.sum())}
    h = {"response": from_values(response), "service": from_values(service)}
    return Window(int(_SECOND), operation, planned=rate, started=rate, ok=rate, **sums, **h)


def _health(rng: np.random.Generator, rate: int) -> Health:
    lag = _latencies(rng, 40e3, 0.7, rate)
    turns = np.where(rng.random(rate) < 0.3, _latencies(rng, 20e3, 0.5, rate), 0)
    machine = MachineSecond(int(_SECOND), "W", 2, 0.2, 0.003, 0.001, 0.05, 0.0)
    own: Histogram = from_values(lag // 2)
    figures = {"rss_bytes": 110_000_000, "gc_pause_ns": 120_000, "slots": 100, "housekeeping_ns": 90_000}
    clocks = {"label_offset_ns": 1_000, "wall_offset_ns": 2_000, "clock_error_ns": 400_000}
    share, exact = 0.3 + float(rng.normal(0, 0.03)), {"lag": from_values(lag), "own_lag": own, "hub": from_values(turns)}
    lags = {name: h.rounded_up(LAG_BITS) for name, h in exact.items()}
    return Health(int(_SECOND), "W", cpu_share=share, machine=machine, **lags, **figures, **clocks)  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", default="2,200")
    figures: dict[str, float] = {}
    for workers in parser.parse_args().workers.split(","):
        figures |= judged(int(workers))
    rows = [(name, f"{value:,.1f}") for name, value in figures.items()]
    results.keep("large_run", figures, results.table(("Figure", "Value"), rows))


if __name__ == "__main__":
    main()
