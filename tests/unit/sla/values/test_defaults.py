"""What holds where nothing is said: of an agreement, and of records that were written before a field was there."""

import dataclasses
import math

import pytest

from sla.release.evidence import TestCounts, of_tests
from sla.release.validation import Outcome, StepResult, combined
from sla.values.agreement import FIGURES_ONLY, Limit, ProcessLimits, ValidityLimits
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.assessment import Decision, ObjectiveResult, Severity, Status
from sla.values.histogram import EMPTY, Histogram
from sla.values.machine import MachineSecond
from sla.values.measurements import Loss, Measurements, RunFacts, failed_checks_text
from sla.values.monitoring import RequiredMonitoring
from sla.values.snapshot import BucketCounts, Snapshot
from sla.values.strategy import Strategy, rehearsed
from sla.values.window import HISTOGRAMS, Health, Window

AGREEMENT = {
    "schema": "bizra-load/agreement/1",
    "name": "mine",
    "operations": {"a": {"total": "a_total"}},
    "objectives": {
        "rate": {
            "title": "Rate",
            "severity": "WARNING",
            "measure": {"kind": "throughput", "operations": ["a"]},
            "target": ">= 10 ops/s",
        }
    },
}


def test_an_agreement_that_says_nothing_of_validity_distrusts_a_run_by_these_limits():
    """As docs/agreement.md has them: a hundredth unsent, 0.5 s of lag, nine tenths of a core, half a per cent, 250 ms."""
    assert agreement_from_mapping(AGREEMENT).validity == ValidityLimits(
        unsent_share=0.01, lag_p99_ns=500e6, cpu_share=0.9, achieved_share=0.005, clock_skew_ns=250e6
    )


def test_a_limit_that_is_said_leaves_the_others_as_they_are():
    validity = agreement_from_mapping(AGREEMENT | {"validity": {"lag_p99": "20 ms", "clock_skew": "1 s"}}).validity
    assert (validity.lag_p99_ns, validity.clock_skew_ns) == (20e6, 1e9)
    assert (validity.unsent_share, validity.cpu_share, validity.achieved_share) == (0.01, 0.9, 0.005)
    shares = agreement_from_mapping(AGREEMENT | {"validity": {"unsent": "2 %", "cpu": "80 %", "achieved": "0.1 %"}}).validity
    assert (shares.unsent_share, shares.cpu_share, shares.achieved_share) == pytest.approx((0.02, 0.8, 0.001))
    assert (shares.lag_p99_ns, shares.clock_skew_ns) == (500e6, 250e6)


def test_an_agreement_that_says_nothing_of_the_process_gives_it_two_gigabytes_and_less_than_four_cores():
    agreement = agreement_from_mapping(AGREEMENT)
    assert agreement.process == ProcessLimits(memory_bytes=2_147_483_648, cpu_cores=3.6, scrape_s=4.0)
    assert agreement.server_metrics == {"a_total"}
    assert agreement.monitoring == FIGURES_ONLY.monitoring == RequiredMonitoring((), rules=0, panels=0)


def test_a_limit_is_a_figure_of_its_own_unless_it_says_otherwise():
    limit = Limit("<", 5.0)
    assert limit.known
    assert (limit.of_plan, limit.times_baseline, limit.at_least) == (False, 0, 0)


def falsy(value, but=()):
    """Whether all figures of a value say nothing: 0, none, empty."""
    return [f.name for f in dataclasses.fields(value) if f.name not in but and getattr(value, f.name)] == []


def test_facts_that_nobody_states_accuse_a_run_of_nothing():
    facts = RunFacts(1, 2)
    assert falsy(facts, but=("load_started_ns", "load_ended_ns", "closed", "failures_known", "unexplained_exceptions"))
    assert facts.closed
    assert facts.failures_known
    assert Measurements((), (), (), facts).windows_of("a") == ()
    assert failed_checks_text(()) == ""


def test_what_a_lost_worker_took_along_is_unknown_until_it_is_known():
    assert Loss("w1", 5).at_most == -1


def test_a_second_of_which_nothing_was_counted_counts_nothing():
    window = Window(5, "a")
    assert (window.finished, window.failures, window.failures_of_service) == (0, 0, 0)
    assert all(getattr(window, name) == EMPTY for name in HISTOGRAMS)
    assert falsy(window, but=("second", "operation", *HISTOGRAMS))


def test_the_health_of_an_older_worker_is_unknown_where_it_was_not_measured_and_else_good():
    health = Health(5, "w1")
    assert health.clock_error_ns == -1
    assert health.lag == health.hub == health.own_lag == EMPTY
    assert falsy(health, but=("second", "worker", "clock_error_ns", "lag", "hub", "own_lag"))


def test_what_a_system_does_not_tell_of_a_machine_is_minus_one():
    machine = MachineSecond(5, "w1")
    assert machine.cores == 0
    assert {machine.cpu_s, machine.waited_s, machine.steal, machine.pressure, machine.throttled_s} == {-1}


def test_a_scrape_without_a_duration_or_a_sum_took_and_summed_nothing():
    assert falsy(Snapshot(5), but=("at_ns",))
    assert not Snapshot(5).has_any({"a_total"})
    assert (BucketCounts((math.inf,), (3.0,)).sum_s, BucketCounts((math.inf,), (3.0,)).count) == (0, 3)


def test_a_histogram_has_nothing_over_range_unless_it_says_so():
    assert Histogram(EMPTY.indices, EMPTY.counts).total == 0


def test_a_strategy_without_steps_rolls_nothing_out():
    assert falsy(Strategy("none"), but=("name",))
    assert str(rehearsed(None)) == "none: a rehearsal on the reference node"


def test_a_result_that_says_no_more_is_not_accepted_and_relative_to_nothing():
    result = ObjectiveResult("a", "A", Severity.WARNING, "ns", "<", 1.0, None, None, None, Status.WARN, "", kind="throughput")
    assert not result.accepted
    assert (result.seconds_needed, result.quantile, result.times_baseline, result.at_least) == (None, 0, 0, 0)


def test_tests_that_a_file_does_not_tell_apart_passed_and_a_step_is_needed_unless_it_says_otherwise():
    [evidence] = of_tests("node_tests", TestCounts(5, 0, 0, 0))
    assert (evidence.status, evidence.reason) == (Status.PASS, "5 tests: 0 failures, 0 errors, 0 skipped")
    [not_said] = of_tests("node_tests", TestCounts(5, 0, 0, 0, unknown=2))
    assert not_said.reason.endswith("2 without a recorded outcome")
    skipped = StepResult("b", "B", Outcome.SKIPPED, "because")
    assert combined([StepResult("a", "A", Outcome.DONE, "", Decision.GO), skipped])[0] is Decision.INCONCLUSIVE
