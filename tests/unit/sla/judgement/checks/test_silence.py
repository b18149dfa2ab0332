"""A hole in what was measured is said where operations are otherwise frequent, and nothing where rare ones are as usual."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.checks.silence import silence_notes
from sla.judgement.evaluate import evaluate
from sla.values.assessment import Steady
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import Window
from tests.unit.sla.synthetic import LOCAL, RAMP_S, START, measurements

S = 10**9


def notes(counts, first=START, **facts):
    windows = tuple(Window(first + i, "a", started=n, ok=n) for i, n in enumerate(counts) if n)
    run = Measurements(windows, (), (), RunFacts(first * S, (first + len(counts)) * S, **facts))
    return silence_notes(run, Steady(first, first + len(counts), 0.0, 0.0, ""))


@pytest.mark.parametrize("length", [2, 3, 60])
def test_a_hole_is_said_with_its_length_and_place(length):
    [note] = notes([100] * 30 + [0] * length + [100] * 30)
    assert note.startswith(f"no operation began or ended for {length} s, from second 30 of the judged part: ")


def test_the_longest_of_several_is_named_and_all_are_counted():
    [note] = notes([9] * 30 + [0] * 4 + [9] * 30 + [0] * 6 + [9] * 30)
    assert "for 6 s, from second 64 of the judged part; 2 such holes of 10 s together" in note


@pytest.mark.parametrize(
    "counts",
    [
        [5] * 60,
        [5] * 30 + [0] + [5] * 30,  # one second: windows are no finer
        ([200] + [0] * 9) * 20,  # batches
        [1, 0, 0, 0] * 20 + [0] * 8 + [1, 0, 0, 0] * 20,  # rare ones
        [],
        [0] * 60,
        [7] + [0] * 59,
    ],
)
def test_what_is_usual_is_not_said(counts):
    assert not notes(counts)


def test_rare_arrivals_by_chance_leave_no_note():
    rng = np.random.default_rng(3)
    assert not [note for rate in (0.2, 0.7, 2.0) for _ in range(30) for note in notes(rng.poisson(rate, 600))]


def test_an_operation_that_ends_or_begins_is_no_hole():
    ends = Window(START + 31, "b", ok=1)
    counts = [100] * 30 + [0] * 3 + [100] * 30
    windows = [Window(START + i, "a", started=n, ok=n) for i, n in enumerate(counts) if n]
    run = Measurements((*windows, ends), (), (), RunFacts(START * S, (START + 63) * S))
    assert not silence_notes(run, Steady(START, START + 63, 0.0, 0.0, ""))


def test_the_assessment_of_a_closed_model_says_it_and_that_of_a_plan_has_its_checks():
    run = measurements()
    hole = range(START + RAMP_S + 20, START + RAMP_S + 30)
    cut = dataclasses.replace(run, windows=tuple(w for w in run.windows if w.second not in hole))
    assert not [n for n in evaluate(cut, LOCAL.agreement, LOCAL.baseline).notes if "no operation began" in n]
    closed = dataclasses.replace(cut, facts=dataclasses.replace(cut.facts, plan=()))
    assert [n for n in evaluate(closed, LOCAL.agreement, LOCAL.baseline).notes if "no operation began or ended for 10 s" in n]


@pytest.mark.parametrize(
    ("counts", "reported"),
    [
        ([1] * 20 + [0] * 15 + [1] * 20, False),  # one a second without the hole: 15 usual gaps are none yet
        ([1] * 20 + [0] * 16 + [1] * 20, True),
        ([1] * 20 + [0] * 25 + [1] * 15, True),  # with the hole it would be one in 1.7 s
        ([2] * 5 + [0] * 2 + [2] * 5 + [0] * 10 + [2] * 5, True),  # 17 s have 30 operations: over 15 x 0.57 s
        ([2] * 5 + [0] * 2 + [2] * 5 + [0] * 8 + [2] * 5, False),
    ],
)
def test_what_is_usual_is_what_comes_outside_the_longest_hole(counts, reported):
    assert bool(notes(counts)) is reported


@pytest.mark.parametrize(("pause", "reported"), [(29, False), (30, True)])
def test_a_pause_three_times_as_long_as_those_between_batches_is_a_hole(pause, reported):
    """A batch every ten seconds; after the tenth one the next comes `pause` seconds later."""
    batches = [200] + [0] * 9
    result = notes(batches * 9 + [200] + [0] * (pause - 1) + batches * 10)
    text = "no operation began or ended for 29 s, from second 91 of the judged part: the load in that time is unknown"
    assert result == ([text] if reported else [])
