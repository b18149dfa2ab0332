"""Real traffic by the server's metrics alone: what is said beside its verdicts, and of what there is no verdict."""

import dataclasses

import pytest

from sla.judgement.monitored import judge_monitored
from sla.values.agreement import Limit, Objective, OperationMetrics
from sla.values.assessment import Decision, Severity, Status
from sla.values.kinds import ClientLatency, SuccessRate, Throughput
from sla.values.snapshot import Snapshot
from tests.unit.sla.synthetic import LOCAL

S = 10**9
FIRST, LAST = 1000, 1060
OPERATIONS = {"a": OperationMetrics("", "a_done", "a_failed"), "b": OperationMetrics("", "b_done", "b_failed")}
BARE = dataclasses.replace(LOCAL.agreement, objectives=(), evidence={}, operations=OPERATIONS)


def objective(key, kind, target, operations=("a", "b"), severity=Severity.CRITICAL, acceptable=None):
    return Objective(key, key.capitalize(), severity, kind, operations, target, acceptable, "")


RATE = objective("rate", Throughput(), Limit(">=", 10.0))
SUCCESS = objective("success", SuccessRate(), Limit(">=", 0.9))
SHARE = objective("share", Throughput(), Limit(">=", 0.5, of_plan=True))
SEEN = objective("seen", ClientLatency(0.9), Limit("<", 1.0), ("a",))


def scrapes(counters, target=(), seconds=range(FIRST, LAST + 1, 5)):
    """`counters`: name -> function of the seconds passed."""
    return [Snapshot(s * S, 0, target, {name: float(f(s - FIRST)) for name, f in counters.items()}) for s in seconds]


FINE = {"a_done": lambda t: 20 * t, "b_done": lambda t: 30 * t, "a_failed": lambda t: 0, "b_failed": lambda t: 0}


def judged(snapshots, *objectives, agreement=BARE, **options):
    return judge_monitored(snapshots, FIRST * S, LAST * S, dataclasses.replace(agreement, objectives=objectives), **options)


def by_key(a):
    return {o.key: o for o in a.objectives}


def test_every_gate_counts_and_the_decision_is_theirs():
    a = judged(scrapes(FINE), RATE, SUCCESS)
    assert (a.decision, a.exit_code, a.baseline) == (Decision.GO, 0, "")
    assert [(g.key, g.status, g.counts) for g in a.gates] == [
        ("rate", Status.PASS, True), ("success", Status.PASS, True), ("coverage", Status.PASS, True),
    ]  # fmt: skip
    assert a.gates[-1].reason == "scrapes cover 100 % of it"
    assert judged(scrapes(FINE), RATE, baseline=LOCAL.baseline).baseline == "measured"


def test_without_any_objective_that_the_metrics_show_there_is_no_decision():
    a = judged(scrapes(FINE), SEEN)
    assert (a.decision, a.objectives) == (Decision.INCONCLUSIVE, ())
    assert [(g.key, g.status, g.counts) for g in a.gates] == [
        ("coverage", Status.PASS, True), ("objectives", Status.INCONCLUSIVE, True),
    ]  # fmt: skip
    assert a.notes == ("Seen: not judged from the server's metrics, only a client sees it",)


@pytest.mark.parametrize(
    ("seconds", "status", "reason"),
    [
        (range(FIRST, LAST + 1, 5), Status.PASS, "scrapes cover 100 % of it"),
        (range(FIRST, FIRST + 50, 5), Status.INCONCLUSIVE, "scrapes cover 83 % of it, 90 % are needed: "),
        (range(FIRST, FIRST + 54, 6), Status.PASS, "scrapes cover 90 % of it"),
        ((), Status.INCONCLUSIVE, "Prometheus holds no scrape of the node"),
    ],
)
def test_nine_tenths_of_the_window_must_be_covered(seconds, status, reason):
    gate = next(g for g in judged(scrapes(FINE, seconds=seconds), RATE).gates if g.key == "coverage")
    assert (gate.status, gate.counts, gate.severity) == (status, True, Severity.CRITICAL)
    assert gate.reason.startswith(reason)


@pytest.mark.parametrize(("restarts", "times"), [((25,), "once"), ((25, 45), "2 times"), ((), "")])
def test_a_restart_is_said_with_its_number(restarts, times):
    def counted(t):
        return 20 * (t - max((r for r in restarts if r <= t), default=0))

    notes = judged(scrapes({**FINE, "a_done": counted}), RATE).notes
    message = [n for n in notes if "the node was restarted" in n]
    assert [n.split(" (")[0] for n in message] == ([f"the node was restarted {times}"] if times else [])


def test_only_a_counter_of_the_agreement_that_goes_back_is_a_restart():
    uncounted = dataclasses.replace(BARE, operations={"a": OPERATIONS["a"], "c": OperationMetrics("h")})
    falling = {**FINE, "other_total": lambda t: 100 - t}
    rate = dataclasses.replace(RATE, operations=("a",))
    assert not [n for n in judged(scrapes(falling), rate, agreement=uncounted).notes if "went back" in n]


def test_a_target_that_was_seen_for_a_part_of_the_window_is_named():
    half = scrapes(FINE, (("instance", "b"),), range(FIRST, FIRST + 30, 5))
    both = sorted([*scrapes(FINE, (("instance", "a"),)), *half], key=lambda s: s.at_ns)
    assert 'instance="b" was scraped in 30 of 60 s only: the rest is unknown' in judged(both, RATE).notes


CAVEAT = "throughput is the load on the node in this window, which may be less than its capacity"


def test_what_holds_of_all_throughputs_is_said_once():
    twice = (RATE, dataclasses.replace(RATE, key="again"))
    assert judged(scrapes(FINE), *twice).notes == (CAVEAT,)
    assert judged(scrapes(FINE), SUCCESS).notes == ()


def test_of_a_throughput_that_is_not_judged_nothing_else_is_said():
    uncounted = dataclasses.replace(BARE, operations=OPERATIONS | {"b": OperationMetrics("h")})
    message = ("Rate: not judged from the server's metrics, not every operation has a counter",)
    assert judged(scrapes(FINE), RATE, agreement=uncounted).notes == message


def test_a_release_is_told_what_else_it_needs():
    gated = dataclasses.replace(BARE, evidence={"audit": "Audit", "soak": "Soak test"})
    assert judged(scrapes(FINE), SUCCESS, agreement=gated).notes == (
        "the metrics alone: a release also needs evidence of Audit, Soak test",
    )


def test_a_share_of_a_plan_is_open_without_one_and_says_which():
    share = by_key(judged(scrapes(FINE), SHARE))["share"]
    assert (share.status, share.estimate.point) == (Status.INCONCLUSIVE, 50)
    assert share.reason.endswith("and there is no load test: name the load test, or an agreement with ops/s")
    other = by_key(judged(scrapes(FINE), SHARE, planned={}))["share"]
    assert other.status is Status.INCONCLUSIVE
    assert "there is no load test" not in other.reason
    given = by_key(judged(scrapes(FINE), SHARE, planned={"share": (Limit(">=", 40.0), None)}))["share"]
    assert (given.status, given.target) == (Status.PASS, 40)


def test_a_warning_decides_nothing_unless_it_is_asked_for():
    slow = objective("slow", Throughput(), Limit(">=", 1e6), severity=Severity.WARNING, acceptable=Limit(">=", 1.0))
    a = judged(scrapes(FINE), slow)
    assert (a.exit_code, by_key(a)["slow"].status, by_key(a)["slow"].acceptable) == (0, Status.WARN, 1.0)
    assert judged(scrapes(FINE), slow, fail_on_warn=True).exit_code == 3


def failing(t):
    """Forty a second in five seconds."""
    return 40 * min(max(t - 20, 0), 5)


def test_a_counter_of_failures_that_never_was_there_is_said():
    assert judged(scrapes(FINE), SUCCESS).notes == ()
    without = {name: f for name, f in FINE.items() if name != "b_failed"}
    assert judged(scrapes(without), SUCCESS).notes == ("Success: no series of b_failed was there, which is read as no failure",)


def test_nodes_that_lack_a_counter_of_failures_which_others_have_are_named():
    without = {name: f for name, f in FINE.items() if name != "b_failed"}
    of_nodes = [
        dataclasses.replace(s, target=(("instance", name),))
        for name in "abcdef"
        for s in scrapes(FINE if name == "c" else without)
    ]
    [note] = judged(sorted(of_nodes, key=lambda s: s.at_ns), SUCCESS).notes
    others = 'b_failed of instance="a"; instance="b"; instance="d" and 2 more'
    assert note == f"Success: no series of {others} was there, which is read as no failure"


def test_a_counter_that_comes_with_its_first_failure_counts_from_nothing():
    counters = {**FINE, "b_failed": lambda t: 300}
    late = [
        dataclasses.replace(s, counters={k: v for k, v in s.counters.items() if k != "b_failed" or s.at_ns >= (FIRST + 30) * S})
        for s in scrapes(counters)
    ]
    assessment = judged(late, SUCCESS)
    assert by_key(assessment)["success"].estimate.point == pytest.approx(3000 / 3300)
    assert not [n for n in assessment.notes if "no series" in n]
