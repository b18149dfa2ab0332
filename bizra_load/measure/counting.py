"""A second's latencies into histograms, in small steps: each is a few calls, whatever the rate."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from sla.values import grouped_counts
from sla.values.grouped_counts import GroupedCounts
from sla.values.histogram import COUNTS_LENGTH, HIGHEST_NS, IntArray, bucket_index

CHUNK = 1024  # rows that are counted in one step, in less than 0.1 ms
DENSE_GROUPS, DENSE_ROWS = 64, 128  # so few groups, of so many rows each, have arrays with room for each bucket: 14 MB at most
Counted = Generator[None, None, GroupedCounts | None]


def count_rows(some: Sequence[Sequence[IntArray]], groups: int) -> Counted:
    """A group and two values (ns) of each row, some rows at a time, all of shape (n,). The first value of group g is counted
    under 2 g, the second under 2 g + 1, in steps of CHUNK rows. None without any row. Raises ValueError under 0 ns.
    """
    rows = sum(group.size for group, *_ in some)
    many = rows > CHUNK and rows >= DENSE_ROWS * groups and 2 * groups <= DENSE_GROUPS
    return _into_an_array(some, 2 * groups) if many else _by_sorting(some, 2 * groups)


def _into_an_array(some: Sequence[Sequence[IntArray]], groups: int) -> Counted:
    dense, over_range = np.empty(groups * COUNTS_LENGTH, np.int64), np.zeros(groups, np.int64)
    for at in range(0, dense.size, COUNTS_LENGTH):
        dense[at : at + COUNTS_LENGTH] = 0
        yield
    for group, *columns in some:
        for at in range(0, group.size, CHUNK):
            g = 2 * group[at : at + CHUNK]
            for number, values_ns in enumerate(columns):
                count_into(dense, over_range, g + number, values_ns[at : at + CHUNK])
                yield
    keys = []
    for at in range(0, dense.size, COUNTS_LENGTH):
        keys.append(np.flatnonzero(dense[at : at + COUNTS_LENGTH]) + at)
        yield
    occupied = np.concatenate(keys)
    return GroupedCounts(occupied, dense[occupied], over_range)


def count_into(dense: IntArray, over_range: IntArray, group: IntArray, values_ns: IntArray) -> None:
    """Count each value (ns) of shape (n,) in the bucket of its group: `dense`, shape (groups * COUNTS_LENGTH,). One above
    HIGHEST_NS counts in `over_range`, shape (groups,). Raises ValueError under 0 ns.
    """
    if int(values_ns.min()) < 0:
        raise ValueError("a latency can't be negative")
    over = values_ns > HIGHEST_NS
    if bool(over.any()):
        np.add.at(over_range, group[over], 1)
        values_ns, group = values_ns[~over], group[~over]
    np.add.at(dense, group * COUNTS_LENGTH + bucket_index(values_ns), 1)


def _by_sorting(some: Sequence[Sequence[IntArray]], groups: int) -> Counted:
    total: GroupedCounts | None = None
    for group, first_ns, second_ns in some:
        for at in range(0, group.size, CHUNK):
            g = 2 * group[at : at + CHUNK]
            values_ns = np.concatenate((first_ns[at : at + CHUNK], second_ns[at : at + CHUNK]))
            yield
            part = yield from grouped_counts.count_steps(values_ns, np.concatenate((g, g + 1)), groups)
            yield
            total = part if total is None else total + part
            yield
    return total
