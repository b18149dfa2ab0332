"""Load curve, arrivals and stage files: what is planned."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizra_load.engine.arrivals import due_times_ns
from bizra_load.engine.load_curve import LoadCurve, ramp_and_hold
from bizra_load.engine.stages import NAMED, curve_from_stages, named_curve
from sla.values.measurements import PlannedSegment

segments = st.builds(PlannedSegment, st.floats(0.1, 100), st.floats(0, 1000), st.floats(0.1, 1000))


@given(st.lists(segments, min_size=1, max_size=5), st.floats(0, 1))
def test_the_time_of_a_count_inverts_the_planned_count(parts, share):
    curve = LoadCurve(tuple(parts))
    count = share * curve.planned_count(curve.duration_s)
    [time_s] = list(curve.times_of([count])) or [curve.duration_s]
    assert curve.planned_count(time_s) == pytest.approx(count, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("kind", ["constant", "poisson"])
def test_all_slots_together_carry_the_planned_count_in_ramp_and_hold(kind):
    curve = ramp_and_hold(1000, 10, 60)
    slots = 20
    due = [t / 1e9 for i in range(slots) for t in due_times_ns(curve, slots, kind, random.Random(i))]
    for begin, end in ((0, 10), (10, 40), (40, 70)):
        planned = curve.planned_count(end) - curve.planned_count(begin)
        arrivals = sum(begin <= t < end for t in due)
        assert abs(arrivals - planned) <= (slots if kind == "constant" else 4 * planned**0.5)


def test_constant_arrivals_of_one_slot_are_evenly_spaced():
    due = list(due_times_ns(ramp_and_hold(100, 0, 10), 2, "constant", random.Random(1)))
    assert {round((b - a) / 1e6) for a, b in itertools.pairwise(due)} == {20}


def test_stage_files_ramp_soak_step_and_spike():
    curve = curve_from_stages(
        {
            "stages": [
                {"ramp": {"to": 100, "over": "10s"}},
                {"soak": {"for": "1m"}},
                {"spike": {"to": 500, "for": "5s"}},
                {"step": {"to": 200, "for": 30}},
            ]
        }
    )
    assert [curve.rate_at(t) for t in (5, 30, 72, 80)] == [50, 100, 500, 200]
    assert curve.duration_s == 105


@pytest.mark.parametrize("name", NAMED)
def test_a_curve_by_name_follows_the_target_rate(name):
    curve = named_curve(name, 200)
    assert curve.duration_s == named_curve(name, 1).duration_s
    assert curve.peak_per_s == 200 * named_curve(name, 1).peak_per_s == (600 if name == "spike" else 200)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "allowed is one key"),
        ({"stages": []}, "empty"),
        ({"stages": [{"jump": {"to": 1}}]}, "'jump' is unknown"),
        ({"stages": [{"ramp": {"to": 1}}]}, r"stages\[0\].ramp: needs exactly to, over"),
        ({"stages": [{"step": {"to": -1, "for": "1s"}}]}, "not negative"),
        ({"stages": [{"step": {"to": "nan", "for": "1s"}}]}, "finite"),
        ({"stages": [{"soak": {"for": "1s"}}]}, "never rises"),
    ],
)
def test_a_wrong_stage_file_is_refused_with_its_key(document, message):
    with pytest.raises(ValueError, match=message):
        curve_from_stages(document)
