"""Small values that texts and verdicts are made of."""

import dataclasses

import numpy as np
import pytest

from sla.release.triggers import triggers
from sla.values.agreement import Limit, Objective, OperationMetrics
from sla.values.assessment import Severity
from sla.values.failure import SHOWN, FailureReason, merge_failures, most_frequent
from sla.values.histogram import EMPTY, from_values
from sla.values.kinds import KINDS, Throughput
from sla.values.section import brief
from sla.values.shown_facts import ShownFacts
from sla.values.snapshot import BucketCounts, series_key
from sla.values.window import Window
from sla.values.window_sums import WindowSums
from tests.unit.sla.synthetic import LOCAL


def test_only_a_success_rate_counts_failures():
    """A latency or a throughput of a file that holds no failures is judged; a success rate is not."""
    assert KINDS["success"].counts_failures
    assert not any(KINDS[name].counts_failures for name in ("server_quantile", "client_quantile", "throughput"))


@pytest.mark.parametrize(("count", "shown", "others"), [(3, 3, 0), (20, 20, 0), (21, 20, 1), (50, 20, 30)])
def test_twenty_reasons_are_shown_and_the_others_counted(count, shown, others):
    reasons = [FailureReason("a", "timeout", f"r{i}", 100 - i, i, 1000 + i) for i in range(count)]
    frequent = most_frequent(reasons)
    assert SHOWN == 20
    assert frequent[:shown] == tuple(reasons[:shown])
    if others:
        rest = reasons[shown:]
        [last] = frequent[shown:]
        assert (last.reason, last.count) == (f"({others} other reasons)", sum(r.count for r in rest))
        assert (last.first_ns, last.last_ns) == (rest[0].first_ns, rest[-1].last_ns)


def test_reasons_are_added_up_and_the_most_frequent_comes_first():
    parts = [
        FailureReason("b", "timeout", "r", 3, 50, 60),
        FailureReason("a", "timeout", "r", 2, 10, 20),
        FailureReason("a", "http_5xx", "s", 3, 30, 40),
        FailureReason("a", "timeout", "r", 5, 5, 30),
        FailureReason("a", "timeout", "r", 1, 7, 12),
        FailureReason("a", "http_5xx", "r", 3, 30, 40),
    ]
    assert merge_failures(parts) == (
        FailureReason("a", "timeout", "r", 8, 5, 30),
        FailureReason("a", "http_5xx", "r", 3, 30, 40),
        FailureReason("a", "http_5xx", "s", 3, 30, 40),
        FailureReason("b", "timeout", "r", 3, 50, 60),
    )
    assert merge_failures([parts[0]] * 3) == (FailureReason("b", "timeout", "r", 9, 50, 60),)


def test_a_series_is_named_by_its_own_labels_and_no_bucket_counts_nothing():
    assert (series_key("a", {}), series_key("a", {"x": "1", "b": "2"})) == ("a", 'a{b="2",x="1"}')
    assert BucketCounts((), ()).count == 0
    assert BucketCounts((1.0, float("inf")), (3.0, 7.0)).count == 7


def test_a_value_in_a_message_is_short():
    assert len(brief("x" * 500)) == 100
    assert brief("short") == "'short'"


def test_facts_that_are_known_are_shown_with_their_names():
    facts = ShownFacts(name="a run", seed=7)
    assert facts.titled("name", "seed", "host") == [("Name", "a run"), ("Seed", "7")]


def test_seconds_that_are_let_go_of_leave_nothing_behind():
    def window(second, value_ns):
        h = from_values(np.array([value_ns]))
        return Window(second, "a", ok=1, response=h, service=h, failed={"timeout": 1})

    sums = WindowSums()
    for second in (0, 1, 2):
        sums.add(window(second, 1000))
    assert [w.second for w in sums.windows()] == [0, 1, 2]
    assert [w.second for w in sums.windows("a", 1)] == [1, 2]
    assert sums.windows("b") == ()
    sums.forget_before(2)
    assert [w.second for w in sums.windows()] == [2]
    sums.add(window(0, 5000))
    first = sums.windows()[0]
    assert (first.ok, first.response.total, first.service.total, first.failed) == (1, 1, 1, {"timeout": 1})
    assert first.response != EMPTY


def test_traffic_of_operations_of_which_one_has_no_counter_has_no_trigger():
    def keys(*totals):
        names = [f"o{i}" for i in range(len(totals))]
        metrics = {name: OperationMetrics(total=total) for name, total in zip(names, totals, strict=True)}
        o = Objective("rate", "Rate", Severity.WARNING, Throughput(), tuple(names), Limit(">=", 1.0), None, "")
        agreement = dataclasses.replace(LOCAL.agreement, objectives=(o,), operations=metrics)
        return {t.key for t in triggers(agreement, (), cautious=True)}

    assert "rate_degraded" in keys("a_total", "b_total")
    assert "rate_degraded" not in keys("a_total", "")
