"""Values of counters that can't have been counted within the window."""

import math
from dataclasses import replace

import pytest

from sla.estimators.duplicates import START_TIME
from sla.estimators.plausible import implausible
from sla.values.snapshot import BucketCounts, Snapshot, labels_of

NODE = labels_of({"instance": "n:1"})
NAME = "n_total"


def scraped(*rows, every_s=5):
    """Rows of counts by key."""
    return [Snapshot(i * every_s * 10**9, 0, NODE, {k: float(v) for k, v in row.items()}) for i, row in enumerate(rows)]


def steady(count, begin=50_000_000, step=300):
    return [{NAME: begin + step * i} for i in range(count)]


def restarted(at, count=60, begin=50_000_000):
    return [{NAME: begin + 300 * i} if i < at else {NAME: 300 * (i - at) + 120} for i in range(count)]


def test_what_only_grows_and_what_restarts_can_be_counted():
    assert implausible(scraped(*steady(60)), [NAME]) == ""
    assert implausible(scraped(*restarted(30)), [NAME]) == ""
    assert implausible(scraped(*restarted(59)), [NAME]) == ""
    assert implausible(scraped({}, {}, *restarted(30, begin=0)), [NAME]) == ""  # and begins with its first event
    assert implausible([], [NAME]) == ""
    assert implausible(scraped(*steady(60)), ["nowhere"]) == ""


def test_a_node_that_restarts_now_and_then_can_be_counted():
    rows = [{NAME: 300 * (i % 12)} for i in range(60)]
    assert implausible(scraped(*rows), [NAME]) == ""


@pytest.mark.parametrize("apart", [1_000, 50_000])
def test_two_processes_that_share_an_address_can_not(apart):
    rows = [{NAME: 1_000_000 + 100 * i + (apart if i % 2 else 0)} for i in range(60)]
    why = implausible(scraped(*rows), [NAME])
    assert 'n_total of instance="n:1" went back and regained its value at once' in why
    assert "load balancer" in why


@pytest.mark.parametrize("times", [1, 2])
def test_once_may_be_chance(times):
    rows = [{NAME: 1_000_000 + 100 * i} for i in range(60)]
    for i in range(times):
        rows[10 + 10 * i][NAME] -= 100_000
    why = implausible(scraped(*rows), [NAME])
    assert ("regained" in why) == (times == 2)


def test_a_label_set_that_begins_with_a_history_can_not():
    follower, leader = (f'{NAME}{{role="{role}"}}' for role in ("follower", "leader"))
    rows = [{follower: 50_000_000 + 300 * i} if i < 20 else {leader: 50_000_000 + 300 * i} for i in range(60)]
    assert "began at 50,006,000" in implausible(scraped(*rows), [NAME])
    new = [{follower: 300 * i} | ({leader: 300 * (i - 19)} if i >= 20 else {}) for i in range(60)]
    assert implausible(scraped(*new), [NAME]) == ""


@pytest.mark.parametrize(("value", "reported"), [(3_100, False), (3_101, True)])
def test_what_begins_may_have_counted_ten_times_as_fast_as_anything_else(value, reported):
    rows = [{NAME: 300 * i} | ({'n_total{code="429"}': value} if i >= 20 else {}) for i in range(60)]
    assert bool(implausible(scraped(*rows), [NAME])) == reported


def test_a_counter_that_went_back_but_not_to_zero_can_not():
    rows = [{NAME: 1_000_000 + 300 * i - (20_000 if i > 30 else 0)} for i in range(60)]
    assert "went back to that" in implausible(scraped(*rows), [NAME])


def test_histograms_are_looked_at_too():
    def at(i):
        n = 1000.0 * i if i < 20 else 5e7 + i
        key = 'h{role="a"}' if i < 20 else 'h{role="b"}'
        return Snapshot(i * 10**9, 0, NODE, histograms={key: BucketCounts((1.0, math.inf), (n, n))})

    assert "h of" in implausible([at(i) for i in range(40)], ["h"])


FAILED = "fail_total"


def with_failures(length, until, count=60, begin=50_000_000):
    """Rows with a counter of failures from the scrape `length` to before `until`."""
    return [row | ({FAILED: 7} if length <= i < until else {}) for i, row in enumerate(steady(count, begin))]


def test_a_counter_that_is_there_no_more_while_its_process_goes_on_can_not():
    """Renamed, or dropped on the way: half of all operations may have failed since."""
    why = implausible(scraped(*with_failures(0, 20)), [NAME, FAILED])
    assert why == 'fail_total of instance="n:1" ended while others count on: what it would have counted since is not known'
    assert implausible(scraped(*with_failures(20, 60)), [NAME, FAILED]) == ""  # a counter that begins with its first event
    assert implausible(scraped(*with_failures(0, 58)), [NAME, FAILED]) == ""  # the last scrapes may still come


def test_a_counter_that_a_restart_took_away_can_until_it_is_there_again():
    rows = [row | ({FAILED: 7} if i < 30 else {}) for i, row in enumerate(restarted(30))]
    assert implausible(scraped(*rows), [NAME, FAILED]) == ""
    by_start = [replace(s, gauges={START_TIME: 1.0 if i < 30 else 2.0}) for i, s in enumerate(scraped(*with_failures(0, 30)))]
    assert implausible(by_start, [NAME, FAILED]) == ""
    gone = scraped(*({NAME: 5_000_000 + i, FAILED: 7} for i in range(20)), *({} for _ in range(20)))
    assert implausible(gone, [NAME, FAILED]) == ""  # with all others: the node itself
