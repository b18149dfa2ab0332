"""The reduced set of `make calibrate`: the same trials with fixed seeds and fewer runs, held to the same bands within what so
few runs can tell (three standard errors of a share at the band's edge).
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.calibration.calibrate import cells, line
from tests.calibration.trials import TRIALS

RUNS = 60
FEWER = {"21": 20, "20": 20, "17": 30, "12": 30}  # of rows whose runs take more than a second of CPU each
LONGEST = ("20", "21", "17", "12", "11", "9")  # begun first
BEHIND_OTHERS = 19  # as nice as it can be: beside loads whose generator and target must get the machine when they want it


@pytest.fixture(scope="session")
def pool():
    # beside other pytest processes one is enough: other trials run at the same time
    processes = 1 if "PYTEST_XDIST_WORKER" in os.environ else os.cpu_count()
    # not forked: a fork would hold the lock of the machine (tests/conftest.py) to the end, which its parent has while it tests
    anew = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, anew, initializer=os.nice, initargs=(BEHIND_OTHERS,)) as pool:
        yield pool


@pytest.mark.parametrize("trial", sorted(TRIALS, key=lambda t: t.row not in LONGEST), ids=lambda t: f"{t.row} {t.title}")
def test_every_cell_is_inside_its_band(trial, pool):
    outside = [line(cell) for cell in cells(trial, FEWER.get(trial.row, RUNS), 7, pool) if not cell.possible()]
    assert not outside, "\n".join(outside)


def test_a_cell_outside_its_band_is_found():
    """The negative control held to the band of the real estimator: the set can fail."""
    control = next(t for t in TRIALS if t.row == "4")
    measured_cells = cells(control, 20, 7)
    held = [type(c)(**{**c.__dict__, "band": (0.92, 0.985)}) for c in measured_cells]
    assert not any(c.possible() for c in held)
