"""One process that was scraped twice, told from two that are alike."""

import pytest

from sla.estimators.duplicates import START_TIME, without_duplicates
from sla.values.snapshot import Snapshot, labels_of

NODE = {"instance": "10.0.0.5:9464", "job": "node"}


def target(labels, counts, every_s=1.0, from_s=0.0, started_s=None, name="n_total"):
    gauges = {} if started_s is None else {START_TIME: started_s}
    return [
        Snapshot(round((from_s + i * every_s) * 1e9), 0, labels_of(labels), {name: float(c)}, gauges)
        for i, c in enumerate(counts)
    ]


def kept(*targets):
    snapshots, duplicates = without_duplicates(sorted((s for t in targets for s in t), key=lambda s: s.at_ns))
    return sorted({s.target for s in snapshots}), [str(d) for d in duplicates]


COUNTS = range(1000, 1600, 20)


@pytest.mark.parametrize("later_s", [0.0, 0.5, -0.7])
@pytest.mark.parametrize("other", [{"prometheus_replica": "b"}, {"job": "other"}])
def test_targets_that_differ_in_who_scraped_them_and_count_the_same_are_one(other, later_s):
    counts = [1000 + 20 * (i + later_s) for i in range(30)]
    left, said = kept(target(NODE, COUNTS), target(NODE | other, counts, from_s=later_s))
    assert left == [labels_of(NODE)] or left == [labels_of(NODE | other)]
    assert len(said) == 1
    assert said[0].startswith("one node was scraped twice (")


def test_of_two_the_one_with_more_scrapes_is_kept():
    left, said = kept(target(NODE, COUNTS[::3], every_s=3), target(NODE | {"job": "other"}, COUNTS))
    assert left == [labels_of(NODE | {"job": "other"})]
    assert said == ['one node was scraped twice (job="other" and job="node" count the same): job="other" is judged']


@pytest.mark.parametrize(
    ("other", "counts"),
    [
        ({"cluster": "beta"}, COUNTS),  # another cluster may count the same by chance, or by a fair balancer
        ({"job": "other"}, range(0, 600, 20)),
        ({"instance": "10.0.0.6:9464"}, COUNTS),
    ],
)
def test_others_are_two(other, counts):
    assert kept(target(NODE, COUNTS), target(NODE | other, counts)) == (sorted([labels_of(NODE), labels_of(NODE | other)]), [])


def test_processes_that_started_at_one_moment_and_count_the_same_are_one_whatever_they_are_called():
    other = {"instance": "node-5.example:9464", "job": "blackbox"}
    twice = (target(NODE, COUNTS, started_s=50.001), target(other, COUNTS, started_s=50.004))
    assert len(kept(*twice)[0]) == 1
    assert len(kept(target(NODE, COUNTS, started_s=50.0), target(other, COUNTS, started_s=50.01))[0]) == 2
    assert len(kept(target(NODE, COUNTS, started_s=50.0), target(other, range(30), started_s=50.0))[0]) == 2


def test_two_replicas_of_a_service_that_started_apart_are_two_though_a_balancer_makes_them_count_the_same():
    other = NODE | {"prometheus_replica": "b"}
    assert len(kept(target(NODE, COUNTS, started_s=50.0), target(other, COUNTS, started_s=51.0))[0]) == 2


def test_a_node_that_restarts_is_recognised_all_the_same():
    counts = [*range(1000, 1300, 20), *range(0, 300, 20)]
    assert len(kept(target(NODE, counts), target(NODE | {"job": "other"}, counts, from_s=0.4))[0]) == 1


def test_what_has_other_counters_or_too_few_scrapes_is_another():
    other = NODE | {"job": "other"}
    assert len(kept(target(NODE, COUNTS), target(other, COUNTS, name="m_total"))[0]) == 2
    assert len(kept(target(NODE, COUNTS[:3]), target(other, COUNTS[:3]))[0]) == 2  # nothing lies between their scrapes
