"""`make calibrate`: every trial many times, and a table of what came out beside the band that it is held to.

python -m tests.calibration.calibrate [--runs 1000] [--rows 3a,5] [--seed 1]
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from tests.calibration.trial import Trial
from tests.calibration.trials import TRIALS


@dataclass(frozen=True)
class Cell:
    """One outcome over all runs: its share or mean, its Monte Carlo standard error, the band, and in how many runs it arose."""

    row: str
    title: str
    outcome: str
    value: float
    error: float
    band: tuple[float, float]
    count: int
    share: bool  # of runs, else a mean

    @property
    def inside(self) -> bool:
        return self.count > 0 and self.band[0] <= self.value <= self.band[1]

    def possible(self) -> bool:
        """Chance alone would give this (three standard errors of a share at the band's edge; an edge of 0 or 1 allows none)."""
        low, high = self.band
        return self.count > 0 and low - self._slack(low) <= self.value <= high + self._slack(high)

    def _slack(self, edge: float) -> float:
        return 3 * (math.sqrt(edge * (1 - edge) / self.count) if self.share else self.error)


def cells(trial: Trial, runs: int, seed: int, pool: ProcessPoolExecutor | None = None) -> list[Cell]:
    """All outcomes of a trial over `runs` seeded runs."""
    seeds = np.random.SeedSequence([seed, *trial.title.encode()]).spawn(runs)
    index = TRIALS.index(trial)
    jobs = ((index, s) for s in seeds)
    outcomes = list(pool.map(_run, jobs, chunksize=10)) if pool else [_run(j) for j in jobs]
    rows = []
    for name, band in trial.bands.items():
        known = [o[name] for o in outcomes if o[name] is not None]
        share, values = all(isinstance(v, bool | np.bool_) for v in known), np.array(known, dtype=float)
        error = float(values.std() / math.sqrt(values.size)) if values.size else math.inf
        value = float(values.mean()) if values.size else math.nan
        rows.append(Cell(trial.row, trial.title, name, value, error, band, values.size, share))
    return rows


def _run(job):
    index, seed = job
    return TRIALS[index].run(np.random.default_rng(seed))


def line(cell: Cell) -> str:
    mark = "in " if cell.inside else "OUT"
    band = f"{cell.band[0]:.4g} to {cell.band[1]:.4g}"
    return f"{mark}  {cell.row:>3}  {cell.outcome:42} {cell.value:8.4f} +- {cell.error:.4f}   {band:16} n={cell.count}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--rows", default="")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    chosen = [t for t in TRIALS if not args.rows or t.row in args.rows.split(",")]
    outside = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for trial in chosen:
            begin = time.monotonic()
            measured_cells = cells(trial, args.runs, args.seed, pool)
            print(f"{trial.title} ({args.runs} runs, {time.monotonic() - begin:.0f} s)", flush=True)
            for cell in measured_cells:
                print("  " + line(cell), flush=True)
            outside += sum(not c.inside for c in measured_cells)
    print(f"{outside} cells outside their band" if outside else "every cell inside its band")
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
