"""Who was late, and why: one text with advice to match the cause."""

import dataclasses

import numpy as np
import pytest

from bizra_load.settings.remedies import WORDS
from sla.judgement.generator import lag_causes
from sla.values.health_rows import HealthRows
from sla.values.histogram import EMPTY, from_counts, from_values
from sla.values.machine import TARGET, MachineSecond
from sla.values.window import Health

QUIET = {"cores": 2, "cpu_s": 0.2, "waited_s": 0.0, "steal": 0.0, "pressure": 0.0, "throttled_s": 0.0}


def explain(rows, target, *words):
    return lag_causes.explain(HealthRows.of(rows), target, *words)


def rows(p99_ns, own_ns=None, cpu=0.3, hub=EMPTY, gc_ns=0, seconds=30, known=True, worker="w1", **machine):
    """A worker's seconds: half of the arrivals 52 us late, the others `p99_ns`."""
    lag = from_counts(np.array([52_000, p99_ns]), np.array([50, 50]))
    own = EMPTY if own_ns is None else from_values(np.full(10, own_ns))
    return [
        Health(s, worker, lag, own_lag=own, cpu_share=cpu, hub=hub, gc_pause_ns=gc_ns,
               machine=MachineSecond(s, worker, **{**QUIET, **machine}) if known else None)
        for s in range(seconds)
    ]  # fmt: skip


def test_when_nothing_is_wrong_it_is_one_short_clause():
    explained = explain(rows(210_000), [])
    assert (explained.text, explained.advice) == ("arrivals started 52 us (p50) and 210 us (p99) late", "")
    assert explain([], []) is None


CAUSES = {
    "steal": ({"steal": 0.09}, "the machine was busy (steal 9 %)", "another machine, or a dedicated one"),
    "waiting": (
        {"waited_s": 0.01},
        "the machine was busy (workers waited 1 % of the time for a core)",
        "stop what else runs on that machine",
    ),
    "pressure": (
        {"waited_s": -1.0, "pressure": 0.4},
        "in 40 % of the time some task waited for a core",
        "stop what else runs on that machine",
    ),
    "quota": ({"throttled_s": 0.2}, "the container's CPU quota stopped workers for 6.0 s of 30 s", "raise the CPU quota"),
    "nothing known": (
        {"known": False},
        "; the cause is unknown: this machine was not measured",
        "repeat the run with nothing else running on the workers' machines (on Linux the cause is measured)",
    ),
    "nothing found": ({}, ": no cause was measured", "use another machine if it happens again"),
}


def test_a_report_that_covers_several_seconds_is_no_second_of_its_figures():
    """Five reports in a minute: in the twelve seconds of each the worker waited for 4.8 s."""
    late = [h for h in rows(5_600_000, 200_000, seconds=60, waited_s=4.8, throttled_s=4.8) if h.second % 12 == 11]
    text = explain(late, []).text
    assert "workers waited 49 % of the time for a core" in text
    assert "stopped workers for 24.0 s of 49 s" in text
    targets = [MachineSecond(s, TARGET, 2, waited_s=4.8, throttled_s=4.8) for s in range(11, 60, 12)]
    assert "the target waited 49 % of the time for a core; its container's CPU quota stopped the target for 24.0 s of 49 s" in (
        explain(rows(5_600_000, 200_000, steal=0.09), targets).text
    )


def test_other_tasks_that_waited_are_no_cause_where_the_workers_themselves_did_not():
    text = explain(rows(9_650_000_000, 200_000, pressure=0.17), []).text
    assert "no cause was measured" in text


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_named_with_its_figure_and_has_its_own_advice(cause):
    machine, message, advice = CAUSES[cause]
    explained = explain(rows(5_600_000, 200_000 if machine.get("known", True) else None, **machine), [])
    assert explained.text.startswith("arrivals started 52 us (p50) and 5.6 ms (p99) late")
    assert message in explained.text
    assert advice in explained.advice
    if cause != "nothing known":
        assert explained.text.endswith("; the generator's own part was 200 us (p99)")


def test_several_causes_are_all_named():
    explained = explain(rows(5_600_000, 200_000, steal=0.09, waited_s=0.01), [])
    assert "the machine was busy (steal 9 %, workers waited 1 % of the time for a core)" in explained.text
    assert explained.advice == "another machine, or a dedicated one; stop what else runs on that machine"


def test_of_several_workers_shares_are_means_and_a_quota_that_they_share_counts_once():
    together = [w for name in ("w1", "w2") for w in rows(5_600_000, 200_000, waited_s=0.01, throttled_s=0.2, worker=name)]
    explained = explain(together, [], WORDS)
    assert "the container's CPU quota stopped workers for 6.0 s of 30 s" in explained.text
    assert "workers waited 1 % of the time for a core" in explained.text
    assert explained.advice.endswith(
        "stop what else runs on that machine, or fewer workers (--workers)"
    )  # one worker can't be fewer


def test_a_cause_that_lasted_far_shorter_than_the_delays_is_none():
    """A process that is stopped for 300 ms in each second waits a little for a core, too: that is not why."""
    stopped = rows(300_000_000, 200_000, waited_s=0.04, steal=0.03, pressure=0.04)
    assert "no cause was measured (was the process or its container stopped for a while?)" in explain(stopped, []).text
    assert "no cause was measured" not in explain(rows(300_000_000, 200_000, waited_s=0.3), []).text


@pytest.mark.parametrize("figure", ["waited_s", "steal", "throttled_s"])
@pytest.mark.parametrize(("at", "named"), [(10, True), (9, True), (8, False), (11, False)])
def test_a_cause_is_one_only_where_it_lasted_when_arrivals_were_held_up(figure, at, named):
    """Half a second once: an account may be read before its row's lags end, so that of the row before counts, too."""
    usual = rows(60_000, 50_000, **{figure: 0.016 if figure == "waited_s" else 0.0})
    [held] = rows(500_000_000, 50_000, seconds=1, **{figure: 0.016 if figure == "waited_s" else 0.0})
    late = [dataclasses.replace(held, second=h.second) if h.second == 10 else h for h in usual]
    late = [
        dataclasses.replace(
            h,
            machine=dataclasses.replace(
                h.machine, second=h.second, **{figure: 0.6 if h.second == at else getattr(h.machine, figure)}
            ),
        )
        for h in late
    ]
    text = explain(late, []).text
    assert ("the machine was busy" in text or "quota stopped" in text) == named
    assert ("no cause was measured" in text) != named


@pytest.mark.parametrize(("cpu", "advice"), [(0.3, "fewer operations"), (0.95, "one core is nearly used up")])
def test_the_generators_own_work_is_not_laid_to_the_machine(cpu, advice):
    explained = explain(rows(5_600_000, 5_000_000, cpu, steal=0.09), [], WORDS)
    assert f"the generator's own work was 5 ms (p99) of it, at {cpu:.2f} of a core" in explained.text
    assert "another machine" not in explained.advice
    assert advice in explained.advice
    assert "--workers" in explained.advice


def test_a_busy_machine_is_said_beside_the_generators_own_work():
    explained = explain(rows(5_600_000, 5_000_000, pressure=0.9), [])
    busy = "though the machine was busy (in 90 % of the time some task waited for a core)"
    assert f"of it, at 0.30 of a core, {busy}" in explained.text
    assert explained.advice == "stop what else runs on that machine"  # another worker would wait for a core, too


@pytest.mark.parametrize("p99_ns", [210_000, 5_600_000])
def test_a_target_that_its_quota_stopped_is_said_however_punctual_the_generator_was(p99_ns):
    seconds = [MachineSecond(s, TARGET, 2, waited_s=0.0, throttled_s=0.2) for s in range(30)]
    assert "; its container's CPU quota stopped the target for 6.0 s of 30 s" in explain(rows(p99_ns, 200_000), seconds).text
    unknown = [MachineSecond(s, TARGET, 2) for s in range(30)]
    assert "target" not in explain(rows(p99_ns, 200_000), unknown).text


def test_a_target_that_waited_for_a_core_of_the_same_machine_is_said():
    seconds = [MachineSecond(s, TARGET, 2, waited_s=0.01) for s in range(30)]
    assert "; the target waited 1 % of the time for a core" in explain(rows(5_600_000, 200_000, steal=0.09), seconds).text
    assert explain(rows(210_000), seconds).text.endswith("late; the target waited 1 % of the time for a core")
    assert "target" not in explain(rows(5_600_000, 200_000, steal=0.09), []).text


def test_a_busy_machine_is_said_even_where_arrivals_were_on_time():
    explained = explain(rows(210_000, pressure=0.9), [])
    assert explained.text == (
        "arrivals started 52 us (p50) and 210 us (p99) late, though the machine was busy "
        "(in 90 % of the time some task waited for a core)"
    )
    assert explained.advice == ""


def test_what_else_the_generator_adds_is_said_where_it_is_worth_a_word():
    hub = from_values(np.full(10, 400_000))
    text = explain(rows(210_000, hub=hub, gc_ns=3_000_000), []).text
    assert "responses waited up to 400 us (p99) for others read with them, which service times include" in text
    assert text.endswith("longest garbage collection 3 ms")
