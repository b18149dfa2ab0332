"""What a worker that is lost can have taken along, at most."""

import pytest

from bizra_load.engine.load_curve import LoadCurve
from bizra_load.measure.lost_arrivals import EARLY_S, Tally
from bizra_load.measure.master_silence import STOPS_WITHIN_S
from bizra_load.measure.report import Report
from sla.values.measurements import Loss, PlannedSegment
from sla.values.window import Health, Window

CURVE = LoadCurve((PlannedSegment(100, 40, 40),))  # 40 a second


def report(windows, health, final=False):
    return Report("w", 0, final, tuple(windows), tuple(health), (), ())


def tally(arrivals="constant", curve=CURVE):
    made = Tally(curve, 4, arrivals)
    for second in (1, 2, 3):
        health = [Health(second, "w", slots=min(second, 2))]
        made.add(report([Window(second, "generate", started=15)], health), float(second))
    return made


def test_a_lost_worker_can_have_sent_its_plan_until_it_stopped_and_one_arrival_more_in_each_slot():
    mine = 40 * (3 + STOPS_WITHIN_S) * 2 / 4  # two of the four slots
    assert tally().loss("w", 2, True, 100.0) == Loss("w", 2, round(mine) + 2 - 45)
    assert tally().loss("w", 2, True, 5.0) == Loss("w", 2, 40 * 5 * 2 // 4 + 2 - 45)  # the schedule ended before


def test_drawn_arrivals_may_be_five_standard_deviations_more():
    constant, drawn = (tally(arrivals).loss("w", 2, True, 100.0).at_most for arrivals in ("constant", "poisson"))
    mine = 40 * (3 + STOPS_WITHIN_S) * 2 / 4
    assert drawn - constant == pytest.approx(5 * mine**0.5, abs=1)


def test_a_worker_without_any_report_may_have_had_every_slot():
    assert tally().loss("unknown", -1, True, 100.0).at_most == 40 * STOPS_WITHIN_S


def test_what_was_handed_over_is_not_lost_and_what_was_not_planned_has_no_bound():
    assert tally().loss("w", 2, False, 100.0) == Loss("w", 2, 0)
    assert tally(curve=None).loss("w", 2, True, 100.0) == Loss("w", 2, -1)


@pytest.mark.parametrize(("before_end_s", "early"), [(EARLY_S + 0.1, True), (EARLY_S, False), (0.0, False)])
def test_a_worker_left_early_when_its_last_report_came_well_before_the_end(before_end_s, early):
    made = tally()
    assert not made.left_early("w", 100.0)  # that was not its last
    made.add(report([], [], final=True), 10.0)
    assert made.left_early("w", 10.0 + before_end_s) is early
    assert not made.left_early("unknown", 100.0)
