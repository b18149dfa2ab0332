"""Encoding a report never holds the loop for long."""

import numpy as np

from bizra_load.measure.report import ReportMaker
from sla.values.histogram import from_values
from sla.values.window import Window


def encoding_steps(count, buckets):
    """A report of `count` windows whose histograms have so many buckets each."""
    filled = from_values(np.arange(buckets) * 600 + 530_000)
    assert filled.indices.size == buckets
    maker = ReportMaker()
    steps = sum(1 for _ in maker.steps([Window(s, "a", response=filled, service=filled) for s in range(count)], []))
    assert maker.data
    return steps


def test_more_buckets_are_turned_into_bytes_in_more_steps():
    """Every histogram has a step for its compression; here 16,000 buckets are turned into bytes as well."""
    assert encoding_steps(40, 200) >= encoding_steps(40, 1) + 16
