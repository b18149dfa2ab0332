"""How late arrivals started, and why: the figures at which a cause is named, and which second or sample they are of."""

import dataclasses

import numpy as np
import pytest

from bizra_load.settings.remedies import WORDS
from sla.judgement.generator.lag_causes import explain
from sla.values.health_rows import HealthRows
from sla.values.histogram import from_counts
from sla.values.machine import TARGET, MachineSecond
from sla.values.remedies import Remedy
from sla.values.window import Health
from tests.unit.sla.judgement.generator.test_lag_causes import rows

MS = 1_000_000


def text_of(health, target=()):
    return explain(HealthRows.of(health), target).text


def samples(*pairs):
    """A histogram of (value in ns, how often)."""
    values, counts = zip(*pairs, strict=True)
    return from_counts(np.array(values), np.array(counts))


def changed(health, **fields):
    return [dataclasses.replace(h, **fields) for h in health]


def in_machine(health, change):
    """The rows, each with the figures of its machine that `change` gives for its second."""
    return [dataclasses.replace(h, machine=dataclasses.replace(h.machine, **change(h.second))) for h in health]


@pytest.mark.parametrize(
    ("machine", "named"),
    [
        ({"throttled_s": 0.005}, False),
        ({"throttled_s": 0.0051}, True),
        ({"waited_s": 0.005}, False),
        ({"waited_s": 0.0051}, True),
        ({"steal": 0.0199}, False),
        ({"steal": 0.02}, True),
        ({"waited_s": -1.0, "pressure": 0.0999}, False),
        ({"waited_s": -1.0, "pressure": 0.1}, True),
    ],
)
def test_a_cause_is_named_from_a_share_of_the_time_on_that_holds_arrivals_up(machine, named):
    assert ("the machine was busy" in text_of(rows(2 * MS, 200_000, seconds=1, **machine))) is named


@pytest.mark.parametrize(
    "machine", [{"throttled_s": 0.15}, {"waited_s": 0.15}, {"steal": 0.15, "cores": 1}, {"waited_s": -1.0, "pressure": 0.15}]
)
def test_a_cause_must_have_lasted_a_quarter_of_what_arrivals_were_held_up(machine):
    assert "no cause was measured" in text_of(rows(800 * MS, 200_000, **machine))  # a quarter of 0.8 s is 0.2
    assert "the machine was busy" in text_of(rows(400 * MS, 200_000, **machine))


def test_a_quota_that_stops_a_worker_a_little_in_each_second_is_no_cause():
    assert "no cause was measured" in text_of(rows(2 * MS, 200_000, throttled_s=0.001))


def test_seconds_without_any_of_it_count_as_such():
    first_ten = in_machine(rows(5 * MS, 200_000), lambda s: {"throttled_s": 0.2 * (s < 10)})
    assert "stopped workers for 2.0 s of 30 s" in text_of(first_ten)
    half = in_machine(rows(5 * MS, 200_000), lambda s: {"steal": 0.08 * (s % 2)})
    assert "(steal 4 %)" in text_of(half)
    waited = in_machine(rows(5 * MS, 200_000), lambda s: {"waited_s": 0.06 * (s < 10)})
    assert "workers waited 2 % of the time for a core" in text_of(waited)


def test_seconds_of_which_the_system_did_not_tell_it_are_none():
    half = in_machine(rows(5 * MS, 200_000), lambda s: {"steal": 0.08 if s % 2 else -1.0})
    assert "(steal 8 %)" in text_of(half)
    unknown = in_machine(rows(5 * MS, 200_000), lambda s: {"throttled_s": 0.2 if s < 10 else -1.0})
    assert "stopped workers for 2.0 s of 10 s" in text_of(unknown)
    waited = in_machine(rows(5 * MS, 200_000), lambda s: {"waited_s": 0.06 if s < 10 else -1.0})
    assert "workers waited 6 % of the time for a core" in text_of(waited)
    seconds = [
        MachineSecond(s, TARGET, 2, waited_s=0.1 if s % 2 else -1.0, throttled_s=-1.0 if s % 2 else 0.2) for s in range(30)
    ]
    assert text_of(rows(210_000), seconds).endswith(
        "; the target waited 5 % of the time for a core; its container's CPU quota stopped the target for 3.0 s of 30 s"
    )


@pytest.mark.parametrize(("figure", "reported"), [(0.005, False), (0.0051, True)])
def test_a_target_is_said_to_have_waited_from_the_same_share_on(figure, reported):
    assert ("target" in text_of(rows(210_000), [MachineSecond(0, TARGET, 2, waited_s=figure)])) is reported
    assert ("target" in text_of(rows(210_000), [MachineSecond(0, TARGET, 2, throttled_s=figure)])) is reported


def test_pressure_is_no_cause_where_the_workers_are_known_not_to_have_waited():
    assert "no cause was measured" in text_of(rows(5 * MS, 200_000, pressure=0.3))
    assert "in 60 % of the time some task waited" in text_of(rows(5 * MS, 200_000, pressure=0.6))  # all cores were taken


OWN_WORK = "the generator's own work was"
OWN_PART = "; the generator's own part was"


@pytest.mark.parametrize(("own_ns", "own_work"), [(2.2 * MS, False), (2.9 * MS, False), (3.1 * MS, True), (6 * MS, True)])
def test_from_half_of_the_delay_on_it_is_the_generators_own_doing(own_ns, own_work):
    text = text_of(rows(6 * MS, int(own_ns)))
    assert ((OWN_WORK in text), (OWN_PART in text)) == (own_work, not own_work)


def test_the_generators_own_part_is_its_p99():
    late = rows(6 * MS, 1)
    assert "own part was 2 ms (p99)" in text_of(changed(late, own_lag=samples((1 * MS, 97), (2 * MS, 3))))
    assert "own part was 1 ms (p99)" in text_of(changed(late, own_lag=samples((1 * MS, 995), (2 * MS, 5))))


def test_a_busy_machine_is_not_said_beside_the_generators_own_work_where_others_had_little_of_it():
    assert "though" not in text_of(rows(6 * MS, 5 * MS, waited_s=0.01))
    taken = text_of(rows(4000 * MS, 3900 * MS, pressure=0.6))  # for a much shorter time than arrivals waited
    assert OWN_WORK in taken
    assert "though" not in taken


@pytest.mark.parametrize(("cpu", "advice"), [(0.8, "each has fewer operations"), (0.81, "one core is nearly used up")])
def test_from_eight_tenths_on_a_core_is_nearly_used_up(cpu, advice):
    assert advice in explain(HealthRows.of(rows(6 * MS, 5 * MS, cpu)), [], WORDS).advice


def test_a_late_generator_says_what_else_it_adds():
    assert text_of(rows(6 * MS, 200_000, gc_ns=3 * MS)).endswith("; longest garbage collection 3 ms")


def test_what_else_is_added_is_the_p99_of_the_turns_and_the_longest_collection():
    few = text_of(rows(210_000, hub=samples((20_000, 97), (400_000, 3))))
    assert "responses waited up to 400 us (p99)" in few
    assert "responses waited" not in text_of(rows(210_000, hub=samples((20_000, 995), (400_000, 5))))
    quiet = rows(210_000)
    one = [dataclasses.replace(h, gc_pause_ns=1 * MS if h.second == 7 else 0) for h in quiet]
    assert text_of(one).endswith("; longest garbage collection 1 ms")
    assert "collection" not in text_of(changed(quiet, gc_pause_ns=999_999))


def test_a_machine_that_was_not_measured_is_no_machine_without_a_cause():
    unknown = [Health(s, "w", samples((5 * MS, 10))) for s in range(5)]
    assert "this machine was not measured" in text_of(unknown)


def at(h, second, **figures):
    return dataclasses.replace(h, second=second, machine=dataclasses.replace(h.machine, second=second, **figures))


def test_two_accounts_of_one_second_add_up():
    """A report that came 0.8 s late, and the next one at its time: what the second says of itself is in the first of them."""
    usual, late = rows(60_000, 50_000), rows(500_000_000, 50_000, seconds=1)[0]
    held = [at(usual[10], 10, waited_s=0.6), usual[10], at(late, 11)]
    assert "workers waited 2 % of the time for a core" in text_of([*usual[:10], *held, *usual[12:]])


def test_a_share_of_an_account_that_covers_several_seconds_is_as_long():
    usual, late = rows(60_000, 50_000), rows(5_000_000_000, 50_000, seconds=1)[0]
    assert "steal 4 %" in text_of([*usual[:10], at(late, 15, steal=1.0), *usual[16:]])


@pytest.mark.parametrize(("cores", "named"), [(8, True), (1, False)])
def test_a_core_that_is_taken_away_is_a_small_share_of_many(cores, named):
    taken = rows(1_000_000_000, 50_000, steal=0.125, cores=cores)
    assert ("steal 12 %" in text_of(taken)) == named


@pytest.mark.parametrize(("busy_seconds", "used_up"), [(4, False), (6, True)])
def test_a_core_is_used_up_where_more_than_a_twentieth_of_the_seconds_say_so(busy_seconds, used_up):
    """Of 100 seconds: the 95th percentile, as the generator's own line has it."""
    health = rows(5_000_000, 5_000_000, cpu=0.3, seconds=100)
    health = [*changed(health[:busy_seconds], cpu_share=1.0), *health[busy_seconds:]]
    advice = explain(HealthRows.of(health), (), WORDS).advice
    assert advice == WORDS[Remedy.CORE_USED_UP if used_up else Remedy.LESS_WORK_A_WORKER]


@pytest.mark.parametrize(("p99_ns", "explained"), [(990_000, False), (1_010_000, True)])
def test_a_lag_of_a_millisecond_needs_no_explanation(p99_ns, explained):
    assert ("no cause was measured" in text_of(rows(p99_ns, 200_000))) is explained


@pytest.mark.parametrize(("uncovered_s", "named"), [(2, True), (5, False)])
def test_what_a_second_itself_explains_the_row_before_does_not_explain_again(uncovered_s, named):
    """One second was held up for 1 s, another for so many more. A quota stopped the worker for 1 s in the first and for 1 s in
    the one before it: that explains 1 s of 3, over a quarter, or 1 s of 6, which is less. Counted twice it were 2 s of 6.
    """
    held_up_s = {10: 1, 20: uncovered_s}
    health = [
        dataclasses.replace(h, lag=samples((held_up_s.get(h.second, 0) * 1000 * MS + 60_000, 100)))
        for h in rows(60_000, 50_000)
    ]
    health = in_machine(health, lambda s: {"throttled_s": 1.0 if s in (9, 10) else 0.0})
    assert ("CPU quota stopped workers for 2.0 s of 30 s" in text_of(health)) is named


@pytest.mark.parametrize(("pressure", "reported"), [(0.45, False), (0.5, False), (0.55, True)])
def test_a_punctual_generator_says_that_cores_were_taken_for_over_half_of_the_time(pressure, reported):
    assert ("though the machine was busy" in text_of(rows(210_000, pressure=pressure))) is reported


@pytest.mark.parametrize(("throttled_s", "named"), [(0.09, False), (0.11, True)])
def test_a_cause_is_named_from_a_quarter_of_the_delays_on(throttled_s, named):
    """Each second was held up for 0.4 s, of which a quarter is 0.1 s."""
    assert ("CPU quota stopped workers" in text_of(rows(400 * MS, 200_000, throttled_s=throttled_s))) is named


@pytest.mark.parametrize(("turn_ns", "reported"), [(90_000, False), (110_000, True)])
def test_turns_of_a_tenth_of_a_millisecond_are_worth_a_line(turn_ns, reported):
    assert ("responses waited" in text_of(rows(210_000, hub=samples((turn_ns, 100))))) is reported
