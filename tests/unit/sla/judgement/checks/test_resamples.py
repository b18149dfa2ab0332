"""The check that resamples agree with the intervals shown, on a run with latencies of client and server."""

import dataclasses

import pytest

from sla.estimators.bootstrap import bootstraps, of_histogram
from sla.estimators.quantiles import MergedWindows
from sla.estimators.share_limits import order_statistic_limits
from sla.judgement.checks.opened_verdicts import opened, with_opens
from sla.judgement.checks.resamples import bootstrap_checks, bootstrap_gates
from sla.judgement.evaluate import evaluate
from sla.judgement.steady import find_steady, one_histogram_a_second
from sla.values.assessment import Severity, Status
from sla.values.bootstrap import Bootstrap
from sla.values.kinds import ClientLatency
from tests.unit.sla.lagging import client, with_objectives
from tests.unit.sla.synthetic import LOCAL, measurements

RUN = measurements(rate=100, hold_s=20)
LATENCIES = (client("response", 5e6), client("service", 5e6, latency="service"), client("other", 5e6, operation="verify"))
AGREEMENT = with_objectives(LOCAL.agreement, *LATENCIES)


@pytest.fixture(scope="module")
def assessment():
    return evaluate(RUN, AGREEMENT, LOCAL.baseline)


def the_check(a):
    [check] = [c for c in a.checks if c.key == "bootstrap"]
    return check


def test_every_latency_has_its_draws_and_nothing_else_has(assessment):
    drawn = {o.key for o in assessment.objectives if o.bootstrap is not None}
    assert drawn == {o.key for o in assessment.objectives if o.unit == "ns"}
    assert {"response", "service", "other", "finality_p99"} < drawn
    for o in assessment.objectives:
        if o.bootstrap:
            assert (o.bootstrap.draws, o.bootstrap.level) == (100_000, o.estimate.level)
            assert o.bootstrap.low == pytest.approx(o.estimate.low, rel=0.01)
            assert o.bootstrap.high == pytest.approx(o.estimate.high, rel=0.01)


def test_the_check_says_that_they_agree(assessment):
    check = the_check(assessment)
    assert check.status is Status.PASS
    assert check.reason.startswith("100,000 bootstrap draws agree with the intervals shown (gap: ")
    assert check.figure == max(o.bootstrap.apart for o in assessment.objectives if o.bootstrap) < 5
    assert (check.limit, check.unit, check.opens, check.advice) == (5.0, "standard errors", (), "")


def test_the_runs_seed_is_the_draws():
    """Percentiles of so many draws are rarely those of another bucket: of forty quantiles some are."""
    quantiles = tuple(client(f"p{q}", 5e6, kind=ClientLatency(q / 100)) for q in range(59, 99))
    agreement, run = dataclasses.replace(LOCAL.agreement, objectives=quantiles), measurements(rate=1000, hold_s=20)

    def drawn(seed):
        seeded = dataclasses.replace(run, facts=dataclasses.replace(run.facts, seed=seed))
        return [o.bootstrap for o in evaluate(seeded, agreement).objectives]

    assert drawn(3) == drawn(3) != drawn(4)


def test_an_objective_whose_limit_is_unknown_has_its_draws_all_the_same():
    a = evaluate(RUN, AGREEMENT, None)
    unknown = next(o for o in a.objectives if o.key == "poi_verify_p99")
    assert (unknown.target, unknown.bootstrap.draws) == (None, 100_000)


def test_an_objective_on_an_operation_that_the_run_does_not_have_has_none():
    a = evaluate(RUN, with_objectives(LOCAL.agreement, client("nothing", operation="absent")), LOCAL.baseline)
    assert next(o for o in a.objectives if o.key == "nothing").bootstrap is None
    assert the_check(a).status is Status.PASS


def test_without_a_latency_there_is_no_check():
    rates = tuple(o for o in LOCAL.agreement.objectives if o.unit != "ns")
    a = evaluate(RUN, dataclasses.replace(LOCAL.agreement, objectives=rates), LOCAL.baseline)
    assert not [c for c in a.checks if c.key == "bootstrap"]
    assert bootstrap_checks(a.objectives) == []


def test_an_interval_of_half_the_effective_samples_fails_the_check_and_that_objective_alone(assessment):
    """The interval of one client's p99 is as it would be with its n_eff halved; its draws know better."""
    merged = MergedWindows.of(one_histogram_a_second(RUN, "generate", find_steady(RUN), "response"))
    [right] = merged.results([0.99], 0.95)
    low, high = order_statistic_limits(0.99, right.estimate.n_eff / 2, 0.95, right.deff)
    estimate = dataclasses.replace(
        right.estimate, low=merged.whole.quantile_ns(low), high=merged.whole.quantile_ns(high) if high else float("inf")
    )
    [drawn] = bootstraps([of_histogram(merged.whole, dataclasses.replace(right, estimate=estimate))])
    wrong = [
        dataclasses.replace(o, estimate=estimate, bootstrap=drawn) if o.key == "response" else o for o in assessment.objectives
    ]
    checks = with_opens(bootstrap_checks(wrong), wrong, AGREEMENT, RUN, find_steady(RUN), 0.95)
    [check] = checks
    assert (check.status, check.opens) == (Status.FAIL, (("response", "both"),))
    assert check.reason == "100,000 bootstrap draws part from the interval shown: Mine p99"
    assert check.figure == drawn.apart > 20
    assert check.advice == "the analysis itself is wrong: report it with the run folder"
    verdicts = {o.key: o.status for o in opened(wrong, checks)}
    before = {o.key: o.status for o in assessment.objectives}
    assert verdicts == before | {"response": Status.INVALID}


@pytest.mark.parametrize(("apart", "status"), [(5.0, Status.PASS), (5.01, Status.FAIL)])
def test_five_standard_errors_are_chance_and_more_are_not(assessment, apart, status):
    b = Bootstrap(100_000, 0.95, 1.0, 2.0, 0, apart)
    judged = [dataclasses.replace(assessment.objectives[0], bootstrap=b)]
    [check], [gate] = bootstrap_checks(judged), bootstrap_gates(judged)
    assert check.status is status
    assert gate.status is (Status.PASS if status is Status.PASS else Status.INCONCLUSIVE)
    assert (gate.key, gate.severity, gate.counts, gate.reason) == ("bootstrap", Severity.CRITICAL, True, check.reason)


@pytest.mark.parametrize(
    ("gaps", "shown"), [((0, 0), "none"), ((1, 0), "1 bucket"), ((1, 2), "2 buckets"), ((1500, 0), "1,500 buckets")]
)
def test_the_largest_gap_is_shown(assessment, gaps, shown):
    judged = [dataclasses.replace(assessment.objectives[0], bootstrap=Bootstrap(1000, 0.95, 1.0, 2.0, g, 0.0)) for g in gaps]
    [check] = bootstrap_checks(judged)
    assert check.reason == f"1,000 bootstrap draws agree with the intervals shown (gap: {shown})"
