"""Two healthy nodes behind one balancer count alike: told from one that was scraped twice by more than their counts, or not at
all.
"""

import math

import numpy as np
import pytest

from sla.estimators.duplicates import START_TIME, without_duplicates
from sla.values.snapshot import BucketCounts, Snapshot, labels_of

NODE = {"instance": "10.0.0.5:9464", "job": "node"}
EDGES = (0.0005, 0.001, math.inf)


def scraped(labels, slow=0.0, started_s=None, later_s=0.0, seen_later_s=0.0):
    """60 a second for five minutes, in turn with the other: `slow` of them over 1 ms."""
    times = np.arange(0, 300, 5) + later_s
    gauges = {} if started_s is None else {START_TIME: started_s}
    scrapes = []
    for t in times.tolist():
        n = 1000 + 60 * t
        quick = n - slow * 60 * t
        h = BucketCounts(EDGES, (0.5 * quick, quick, n))
        at_ns = round(1e9 * (t + seen_later_s))
        scrapes.append(Snapshot(at_ns, 0, labels_of(labels), {"n_total": n}, dict(gauges), {"h": h}))
    return scrapes


def verdict(*targets):
    result = without_duplicates(sorted((s for t in targets for s in t), key=lambda s: s.at_ns))
    if result.undecided:
        return str(result.undecided[0])
    return "one" if result.duplicates else "two"


OTHER = NODE | {"instance": "10.0.0.6:9464"}


def test_two_that_began_in_one_second_and_differ_in_a_bucket_are_two():
    assert verdict(scraped(NODE, 0.0, 50.0), scraped(OTHER, 0.3, 50.0)) == "two"
    assert verdict(scraped(NODE, 0.0, 50.37), scraped(OTHER, 0.3, 50.37)) == "two"


def test_two_that_began_in_one_second_as_far_as_is_known_and_are_alike_stay_undecided():
    """Some clients show whole seconds, and two pods are often started together."""
    assert "they count the same, and no start time tells them apart" in verdict(
        scraped(NODE, 0.1, 50.0), scraped(OTHER, 0.1, 50.0)
    )
    assert verdict(scraped(NODE, 0.1, 50.0), scraped(OTHER, 0.1, 51.0)) == "two"
    assert verdict(scraped(NODE, 0.1, 50.37), scraped(OTHER, 0.1, 50.37)) == "one"


@pytest.mark.parametrize(
    "further",
    [
        {"pod": "node-0", "container": "node", "namespace": "bizra"},
        {"tenant_id": "b"},
        {"cluster": "alpha"},
        {"instance": "prometheus:9090", "exported_instance": NODE["instance"], "job": "federate"},
    ],
)
@pytest.mark.parametrize("later_s", [0.0, 2.0])
def test_one_address_whose_start_is_not_known_on_both_sides_stays_undecided(further, later_s):
    for starts in ((None, None), (50.0, None), (None, 50.0)):
        a, b = scraped(NODE, 0.1, starts[0]), scraped(NODE | further, 0.1, starts[1], later_s)
        assert "no start time tells them apart" in verdict(a, b)
    assert verdict(scraped(NODE), scraped(NODE | further, 0.3, later_s=later_s)) == "two"


def test_other_addresses_and_other_clusters_without_a_start_are_two():
    assert verdict(scraped(NODE), scraped(OTHER)) == "two"
    assert verdict(scraped(NODE | {"cluster": "a"}), scraped(NODE | {"cluster": "b"})) == "two"


@pytest.mark.parametrize("apart_s", [-40.0, 8.0, 40.0])
def test_replicas_of_one_process_are_one_however_far_apart_their_clocks_are(apart_s):
    replica = scraped(NODE | {"prometheus_replica": "b"}, 0.1, 50.0, seen_later_s=apart_s)
    assert verdict(scraped(NODE, 0.1, 50.0), replica) == "one"


@pytest.mark.parametrize("label", ["endpoint", "service"])
def test_labels_of_a_program_by_the_name_of_a_monitors_part_what_is_not_alike(label):
    assert verdict(scraped(NODE | {label: "/v1"}), scraped(NODE | {label: "/v2"}, 0.5)) == "two"
