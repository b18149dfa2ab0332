"""Values of several groups into one array, as each group's histogram has them."""

import numpy as np
import pytest

from bizra_load.measure.counting import CHUNK, DENSE_GROUPS, count_into, count_rows
from sla.values.histogram import COUNTS_LENGTH, HIGHEST_NS, bucket_index, from_values

EDGES = sorted({0, 1, 1023, 1024, 2047, 2048, 2049, 4095, 4096, HIGHEST_NS - 1, HIGHEST_NS} | {2**n - 1 for n in range(36)})


def arrays(groups):
    return np.zeros(groups * COUNTS_LENGTH, np.int64), np.zeros(groups, np.int64)


def test_each_value_is_counted_in_its_bucket_of_its_group():
    dense, over_range = arrays(3)
    values = np.array(EDGES * 3 + EDGES, np.int64)
    group = np.repeat([0, 1, 2, 1], len(EDGES))
    count_into(dense, over_range, group, values)
    expected, _ = arrays(3)
    for g, bucket in zip(group.tolist(), bucket_index(values).tolist(), strict=True):
        expected[g * COUNTS_LENGTH + bucket] += 1
    assert np.array_equal(dense, expected)
    assert over_range.tolist() == [0, 0, 0]


def test_what_has_no_bucket_is_counted_as_over_range():
    dense, over_range = arrays(2)
    count_into(dense, over_range, np.array([1, 1, 0]), np.array([HIGHEST_NS + 1, 2**62, 5]))
    assert over_range.tolist() == [0, 2]
    assert dense.sum() == 1


def test_what_is_there_is_added_to():
    dense, over_range = arrays(1)
    for _ in range(3):
        count_into(dense, over_range, np.zeros(2, np.int64), np.array([7, 7]))
    assert dense[bucket_index(np.array([7]))[0]] == 6


@pytest.mark.parametrize("rows", [2, 3 * CHUNK])
def test_a_negative_latency_is_refused(rows):
    values = np.full(rows, 5)
    values[-1] = -1
    with pytest.raises(ValueError, match="negative"):
        list(count_rows([(np.zeros(rows, np.int64), values, values)], 1))


@pytest.mark.parametrize(
    ("groups", "rows"), [(1, 3 * CHUNK + 7), (3, 3 * CHUNK), (3, 5), (30, 2 * CHUNK), (DENSE_GROUPS, 9 * CHUNK)]
)
def test_many_values_are_counted_as_those_of_each_group_are(groups, rows):
    """Over several chunks: in an array where groups are few and have many, by sorting otherwise."""
    random = np.random.default_rng(groups)
    group = random.integers(0, groups, rows)
    first, second = (random.integers(0, HIGHEST_NS + 10**9, group.size) for _ in range(2))
    steps = count_rows([(group, first, second)], groups)
    try:
        while True:
            next(steps)
    except StopIteration as end:
        counted = end.value.histograms()
    expected = []
    for g in range(groups):
        for values in (first[group == g], second[group == g]):
            inside = values[values <= HIGHEST_NS]
            expected.append(from_values(inside, values.size - inside.size))
    assert counted == expected
