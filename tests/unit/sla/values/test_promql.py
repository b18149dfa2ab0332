"""Expressions that are right whatever series are there."""

from sla.values.promql import REPLICAS, added, by, once, successful


def test_several_vectors_are_told_apart_without_nan_before_they_are_added_and_one_needs_no_label():
    assert added(["a"]) == "sum (a >= 0)"
    assert added(["a"], by("job", "instance")) == "sum by (job, instance) (a >= 0)"
    assert added(["a", "b"]) == (
        'sum (label_replace(a >= 0, "summand", "0", "", "") or label_replace(b >= 0, "summand", "1", "", ""))'
    )


def test_without_a_counter_of_failures_all_attempts_succeeded():
    assert successful("failed", "attempts") == "1 - (failed or 0 * attempts) / attempts"


def test_who_scraped_is_left_out_and_with_it_the_job_unless_it_is_to_stay():
    replicas = "prometheus, prometheus_replica, receive_replica, replica, __replica__"
    assert once("a") == f"max without (job, {replicas}, endpoint, service) (a)"
    assert once("a", REPLICAS) == f"max without ({replicas}) (a)"
    assert once("a", ("replica",)) == "max without (replica) (a)"
