"""Checks of the run on ten seconds counted by hand: from which number on they fail, and what they say."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.checks.run_checks import run_checks
from sla.values.agreement import OperationMetrics
from sla.values.assessment import Status, Steady
from sla.values.histogram import EMPTY, from_values
from sla.values.kinds import ServerLatency
from sla.values.measurements import FailedCheck, Loss, Measurements, RunFacts
from sla.values.snapshot import BucketCounts, Snapshot
from sla.values.window import Health, Window
from tests.unit.sla.synthetic import LOCAL

S = 10**9
STEADY = Steady(10, 20, 0.0, 0.0, "")
AGREEMENT = dataclasses.replace(LOCAL.agreement, operations={"a": OperationMetrics("h", "done", "failed")}, objectives=())
OF_SERVER = tuple(o for o in LOCAL.agreement.objectives if isinstance(o.kind, ServerLatency))


def window(second, count=10, took_ns=50_000, **fields):
    h = from_values(np.full(count, took_ns))
    return Window(second, "a", **{"started": count, "ok": count, "response": h, "service": h, **fields})


def run(windows=None, snapshots=(), health=(), **facts):
    windows = tuple(window(s) for s in range(10, 20)) if windows is None else tuple(windows)
    return Measurements(windows, tuple(health), tuple(snapshots), RunFacts(10 * S, 20 * S, **facts))


def checks(measured, steady=STEADY, agreement=AGREEMENT):
    return {c.key: c for c in run_checks(measured, agreement, steady)}


def shown(check):
    return check.status, check.figure, check.limit, check.unit


NOTHING = [Window(12, "a", started=3)]
FAILING = [Window(12, "a", started=3, failed={"timeout": 3})]


@pytest.mark.parametrize(
    ("measured", "steady", "key", "expected"),
    [
        (run(), STEADY, "data", (Status.PASS, 100, 1, "operations")),
        (run(NOTHING), STEADY, "data", (Status.FAIL, 0, 1, "operations")),
        (run(), None, "data", (Status.WARN, 0, 5, "s")),  # nothing was promised of it
        (run(FAILING), STEADY, "successes", (Status.FAIL, 0, 1, "operations")),
        (run(), STEADY, "reports", (Status.PASS, 0, 0, "reports")),
        (run(missing_messages=1), STEADY, "reports", (Status.FAIL, 1, 0, "reports")),
        (run(closed=False), STEADY, "closed", (Status.FAIL, 1, 0, "masters lost")),
        (run(unsigned_messages=1), STEADY, "unsigned", (Status.WARN, 1, 0, "messages")),
    ],
)
def test_a_check_shows_its_figure_beside_what_is_allowed(measured, steady, key, expected):
    assert shown(checks(measured, steady)[key]) == expected


def test_where_all_is_well_there_are_no_checks_of_what_is_rare():
    rare = {"successes", "closed", "unsigned", "bad_samples", "failed_checks", "server_data", "counters_a", "dominance_a"}
    assert rare.isdisjoint(checks(run()))
    assert "successes" not in checks(run([*FAILING, window(13, 1)]))


@pytest.mark.parametrize(
    ("windows", "exceptions", "status", "text"),
    [
        (None, 2, Status.FAIL, "2 exceptions that no failed request explains: beside 100 requests"),
        (None, 1, Status.WARN, "1 exception that no failed request explains: beside 100 requests"),
        (
            [window(12, failed={"http_5xx": 8})],
            10,
            Status.FAIL,
            "at least 2 exceptions that no failed request explains: beside 18",
        ),
        ([window(12, failed={"http_5xx": 8})], 8, None, ""),
        (None, 0, None, ""),
        ([window(12), Window(12, "task a", ok=90, failed={"exception": 10})], 0, Status.FAIL, "10 exceptions"),
        ([window(12), Window(12, "task a", ok=90, failed={"exception": 10})], 0, Status.FAIL, "10.0 % of its tasks"),
        ([window(12), Window(12, "task a", ok=999, failed={"exception": 1})], 0, Status.WARN, "1 exception"),
        ([window(12), Window(12, "task a", ok=90, failed={"http_5xx": 10})], 10, None, ""),
    ],
)
def test_exceptions_of_the_locustfiles_code_are_counted_but_for_those_of_failed_requests(windows, exceptions, status, text):
    check = checks(run(windows, exceptions=exceptions)).get("exceptions")
    assert (check and check.status) == status
    assert text in (check.reason if check else "")


@pytest.mark.parametrize(("unexplained", "status"), [(30, Status.FAIL), (1, Status.WARN), (0, None)])
def test_where_exceptions_are_told_apart_failures_of_other_tasks_explain_none(unexplained, status):
    measured = run([window(12, count=150, failed={"not_valid": 50})], exceptions=40, unexplained_exceptions=unexplained)
    check = checks(measured).get("exceptions")
    assert (check and check.status) == status
    if check:
        assert f"code raised {unexplained} exception{'s' * (unexplained > 1)} that no failed request explains" in check.reason


def test_where_nothing_was_done_in_the_judged_part_there_is_no_data():
    nothing = run([window(5, count=0, failed={"http_4xx": 20}), Window(14, "a")])
    assert checks(nothing)["data"].status is Status.WARN  # there are no objectives
    check = checks(nothing, agreement=dataclasses.replace(AGREEMENT, objectives=OF_SERVER))["data"]
    assert check.status is Status.FAIL
    assert check.reason == "nothing was done in the judged part, and 20 operations outside it: 20 failed, 20 with http_4xx"
    assert "on_start()" in check.advice
    assert checks(run([window(5), Window(14, "a", started=1)]))["data"].status is Status.PASS


def test_all_that_is_missing_of_the_reports_is_added_and_said():
    broken = [Health(12, "w1", report_errors=2), Health(13, "w1")]
    check = checks(run(health=broken, missing_messages=3, lost_rows=1200))["reports"]
    assert (check.status, check.figure) == (Status.FAIL, 1205)
    assert check.reason == (
        "3 reports missing, 2 could not be made (the worker's output says why), 1,200 rows of windows are not in the run's "
        "file any more (it was changed)"
    )
    assert checks(run())["reports"].reason == "0 reports missing"


@pytest.mark.parametrize(
    ("of_file", "of_users", "status", "share"),
    [(1, 0, Status.WARN, 0.01), (0, 1, Status.WARN, 0.01), (1, 1, Status.FAIL, 0.02), (300, 100, Status.FAIL, 1.0)],
)
def test_one_in_a_hundred_samples_may_be_a_bad_one(of_file, of_users, status, share):
    check = checks(run(health=[Health(12, "w1", bad_samples=of_users)], bad_samples=of_file))["bad_samples"]
    assert shown(check) == (status, share, 0.01, "ratio")
    assert check.reason.startswith(f"bad samples: {of_file + of_users} ({100 * share:.2f} %), ")


@pytest.mark.parametrize(("spools", "named"), [(("w1.spool", "w2.spool"), "w1.spool, w2.spool"), ((), "none were found")])
def test_a_run_without_its_master_says_which_spools_it_was_put_together_from(spools, named):
    assert checks(run(closed=False, spools=spools))["closed"].reason.endswith(f" the spools of the workers ({named})")


def test_failed_checks_of_a_script_are_added_and_named():
    failed = (FailedCheck("status is 200", 1200), FailedCheck("body", 3))
    check = checks(run(failed_checks=failed))["failed_checks"]
    assert shown(check) == (Status.FAIL, 1203, 0, "checks")
    assert "failed 1,203 times" in check.reason
    assert "status is 200" in check.reason


def scrape(second, done=0.0, buckets=(0.0, 0.0), failed=0.0):
    """`buckets`: (up to 100 us, longer) of the histogram."""
    cumulative = BucketCounts((1e-4, float("inf")), tuple(np.cumsum(buckets).tolist()))
    return Snapshot(int(second * S), 0, (), {"done": float(done), "failed": float(failed)}, {}, {"h": cumulative})


IDLE = (9, 30)  # before and after the load


def against(done, buckets, at=IDLE, windows=None, **facts):
    return checks(run(windows, [scrape(at[0]), scrape(at[1], done, buckets)], **facts))


def test_the_servers_metrics_are_wanted_by_objectives_on_them():
    wanted = dataclasses.replace(AGREEMENT, objectives=OF_SERVER)
    assert shown(checks(run(), agreement=wanted)["server_data"]) == (Status.FAIL, 0, 1, "scrapes")
    scrapes = [scrape(s) for s in (9, 30)]
    assert shown(checks(run(snapshots=scrapes))["server_data"]) == (Status.PASS, 2, 1, "scrapes")
    assert shown(checks(run(snapshots=scrapes), steady=None, agreement=wanted)["server_data"]) == (Status.PASS, 2, 1, "scrapes")


@pytest.mark.parametrize(("seconds", "share"), [((10, 20), 1.0), ((9.9, 12, 17, 20.1), 0.5), ((14,), 0.0), ((9, 30), 0.0)])
def test_the_servers_metrics_cover_what_lies_between_scrapes_in_the_judged_part(seconds, share):
    wanted = dataclasses.replace(AGREEMENT, objectives=OF_SERVER)
    check = checks(run(snapshots=[scrape(s) for s in seconds]), agreement=wanted)["server_data"]
    assert shown(check) == (Status.PASS if share >= 0.5 else Status.FAIL, share, 0.5, "ratio")


@pytest.mark.parametrize(
    ("seconds", "advice"),
    [((14,), "scrape every 1 s, or measure longer"), ((10, 20), ""), (tuple(10 + s / 4 for s in range(8)), "")],
)
def test_who_scrapes_too_seldom_is_told_how_often_would_do(seconds, advice):
    """Of ten seconds; scrapes that ended after two of them were often enough."""
    wanted = dataclasses.replace(AGREEMENT, objectives=OF_SERVER)
    assert checks(run(snapshots=[scrape(s) for s in seconds]), agreement=wanted)["server_data"].advice == advice


def test_one_failed_scrape_is_a_warning():
    scrapes = [scrape(9), scrape(30, 100, (100, 0))]
    assert shown(checks(run(snapshots=scrapes, scrapes_failed=1))["scrapes"]) == (Status.WARN, 1, 0, "scrapes")
    assert shown(checks(run(snapshots=scrapes))["scrapes"]) == (Status.PASS, 0, 0, "scrapes")


def test_only_operations_that_were_made_and_that_the_server_counts_are_compared():
    others = {"b": OperationMetrics("h", "done"), "a": OperationMetrics("h")}
    by_key = checks(run(snapshots=[scrape(9), scrape(30)]), agreement=dataclasses.replace(AGREEMENT, operations=others))
    assert not [key for key in by_key if key.startswith(("counters_", "dominance_"))]
    missing = {"a": OperationMetrics("h", "other")}
    by_key = checks(run(snapshots=[scrape(9), scrape(30)]), agreement=dataclasses.replace(AGREEMENT, operations=missing))
    assert (by_key["counters_a"].status, by_key["counters_a"].reason) == (Status.INCONCLUSIVE, "the server has no other")
    assert "dominance_a" not in by_key
    no_buckets = {"a": OperationMetrics("", "done")}
    by_key = checks(run(snapshots=[scrape(9), scrape(30)]), agreement=dataclasses.replace(AGREEMENT, operations=no_buckets))
    assert "counters_a" in by_key
    assert "dominance_a" not in by_key


IN_ALL = " from before the load to after it: the server counted"
LOST = {"lost_workers": ("w1",), "losses": (Loss("w1", 3, 7),)}


@pytest.mark.parametrize(
    ("done", "facts", "status", "text"),
    [
        (100, {}, Status.PASS, "client 100, server 100, exact"),
        (101, {}, Status.FAIL, f"client 100, server 101{IN_ALL} 1 more"),
        (101, LOST, Status.PASS, f"client 100, server 101{IN_ALL} 1 more; 1 went with lost workers"),
        (107, LOST, Status.PASS, f"client 100, server 107{IN_ALL} 7 more; 7 went with lost workers"),
        (108, LOST, Status.FAIL, f"client 100, server 108{IN_ALL} 8 more"),
        (99, LOST, Status.FAIL, f"client 100, server 99{IN_ALL} 1 fewer"),
    ],
)
def test_the_server_may_have_counted_what_lost_workers_sent_and_no_more(done, facts, status, text):
    check = against(done, (done, 0), **facts)["counters_a"]
    assert shown(check) == (status, 100 - done, 0, "operations")
    assert check.reason == text


def test_of_operations_that_were_cut_off_or_timed_out_the_server_may_have_counted_any_or_none():
    cut = [window(12, 10, started=15)]
    assert against(13, (13, 0), windows=cut)["counters_a"].reason == (
        f"client 10, server 13{IN_ALL} 3 more; 5 were cut off, and the server may or may not have completed them"
    )
    timed_out = [window(12, 10, started=14, failed={"timeout": 4})]
    doubt = "; 4 failed so that it may have counted them or not"
    assert against(14, (14, 0), windows=timed_out)["counters_a"].reason == f"client 10, server 14{IN_ALL} 4 more{doubt}"
    assert against(10, (10, 0), windows=timed_out)["counters_a"].reason == "client 10, server 10"  # those 4 it has not counted


@pytest.mark.parametrize(
    ("at", "done", "status", "text"),
    [
        ((12, 16), 40, Status.PASS, "client 60 in the seconds that touch the time between the scrapes, server 40"),
        ((12, 16), 39, Status.FAIL, "client 40 in the seconds wholly between the scrapes, server 39: 1 more than the server "),
        (
            (12, 16), 61, Status.FAIL,
            "client 60 in the seconds that touch the time between the scrapes, server 61: 1 less than the server must have had",
        ),
    ],
)  # fmt: skip
def test_scrapes_under_load_say_which_seconds_were_compared_and_by_how_much_they_differ(at, done, status, text):
    """Ten a second: four seconds lie wholly between the scrapes, and one before and one behind may touch them."""
    check = against(done, (done, 0), at, [window(s, 10) for s in range(10, 20)])["counters_a"]
    assert (check.status, check.reason.startswith(text)) == (status, True), check.reason


@pytest.mark.parametrize(("under", "excess"), [(100, 0), (99, 1), (93, 7)])
def test_no_more_responses_may_be_quick_than_the_server_was(under, excess):
    check = against(100, (under, 100 - under))["dominance_a"]
    assert shown(check) == (Status.FAIL if excess else Status.PASS, excess, 0, "operations")
    message = f"{excess} more client responses within 100 us than the server needed for its own part"
    assert check.reason == (message if excess else "no client response faster than the server's own time")


@pytest.mark.parametrize(("under", "excess"), [(16, 0), (15, 1), (10, 6)])
def test_under_load_seconds_wholly_between_the_scrapes_count_and_two_seconds_of_the_peak_are_left_open(under, excess):
    """12 to 15 have 40 responses; the peak of 12 in any second leaves 24 open."""
    counts = dict.fromkeys(range(10, 20), 10) | {11: 12, 19: 2}
    by_key = against(40, (under, 40 - under), (12, 16), [window(s, n) for s, n in counts.items()])
    assert by_key["dominance_a"].figure == excess


def test_what_a_restart_forgot_may_have_been_quick():
    scrapes = [scrape(9), scrape(14, 40, (40, 0)), scrape(16, 5, (5, 0)), scrape(22, 45, (45, 0))]
    by_key = checks(run(snapshots=scrapes))
    assert (by_key["dominance_a"].status, by_key["restarted"].figure) == (Status.PASS, 1)
    assert "; the counters were reset 1 times, and with them up to 40 operations" in by_key["counters_a"].reason


@pytest.mark.parametrize(
    ("took_ns", "status", "text"),
    [
        ([1000] * 100, Status.PASS, "median 1.0 us, 0.0 % zero latencies"),
        ([999] * 100, Status.FAIL, "median 1.0 us, 0.0 % zero latencies"),
        ([0] + [2000] * 99, Status.PASS, "median 2.0 us, 1.0 % zero latencies"),
        ([0] * 11 + [2000] * 989, Status.FAIL, "median 2.0 us, 1.1 % zero latencies"),
        ([1] * 5 + [2000] * 95, Status.PASS, "median 2.0 us, 0.0 % zero latencies"),
    ],
)
def test_a_clock_has_ten_ticks_to_a_median_and_no_latency_in_a_hundred_is_nought(took_ns, status, text):
    h = from_values(np.array(took_ns))
    check = checks(run([window(12, h.total, service=h)]))["resolution_a"]
    assert (check.status, check.limit, check.unit, check.reason) == (status, 1000, "ns", text)


def test_without_a_latency_the_clock_is_not_judged():
    assert "resolution_a" not in checks(run([window(12, service=EMPTY)]))
