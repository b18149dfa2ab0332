"""What `bizra-load baseline node` shows, byte for byte (UPDATE_GOLDEN=1 writes it anew)."""

import os
from pathlib import Path

import pytest

from bizra_load.node.baseline import KEYS
from reports.results.baseline import one_line_of, render
from sla.estimators.node_baseline import NodeBaseline, OperationBaseline
from sla.estimators.sample import Outliers, Sample
from sla.values.estimate import Estimate

HERE = Path(__file__).parent


def estimate(point, low, high, n=2900):
    return Estimate(point, low, high, 0.95, n, n / 2)


def operation(name, p50, p99, mean, hot, outliers):
    sample = Sample(2900, *(estimate(*figures) for figures in (p50, p99, p99, p99, mean)), outliers)
    return OperationBaseline(name, sample, estimate(*hot, 60), *KEYS[name])


MACHINE = {"cpu": "a processor", "cores": 2, "python": "3.11.7", "load_1m": 0.7, "steal": 0.012, "interrupted": 4}
FOUND = NodeBaseline(
    (
        operation(
            "generate", (23_405, 23_095, 23_765), (59_819, 56_564, 61_722), (25_264, 24_786, 25_798), (20_630, 19_870, 21_510),
            Outliers(0, 0, 134, 171),
        ),
        operation(
            "verify", (55_700, 55_500, 55_900), (94_900, 91_100, float("inf")), (58_100, 57_600, 58_600),
            (53_200, 53_100, 53_400), Outliers(1, 2, 0, 0),
        ),
        operation("finality", (390, 380, 410), (3_120, 1_820, 4_100), (658, 617, 703), (103, 101, 106), Outliers(0, 0, 0, 0)),
    ),
    40.0, 3.02, 0.39, 0, "2026-11-26T01:15:11Z", MACHINE,
)  # fmt: skip


@pytest.mark.parametrize(("width", "name"), [(160, "baseline.txt"), (80, "baseline-narrow.txt")])
def test_a_baseline_looks_as_it_did(width, name):
    shown = render(FOUND, width) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        (HERE / name).write_text(shown, encoding="utf-8")
    assert shown == (HERE / name).read_text(encoding="utf-8")


def test_a_run_says_it_in_one_line():
    message = one_line_of(FOUND)
    assert message.startswith("generate p99 59.8 us [56.6 us to 61.7 us], verify p99 94.9 us [91.1 us to unbounded], ")
    assert "\n" not in message
