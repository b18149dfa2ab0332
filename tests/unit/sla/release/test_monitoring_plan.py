"""What is looked at while the traffic moves: how often, and which panels and rules there are to look at."""

import pytest

from sla.release.rollout import SLOWER, STANDARD, VERY_SLOW, monitoring_plan
from sla.values.monitoring import RequiredMonitoring
from sla.values.strategy import Strategy


def plan(rules=12, panels=6, strategy=STANDARD):
    return [(w.when, w.what) for w in monitoring_plan(strategy, RequiredMonitoring(("A",), rules, panels))]


def test_a_plan_says_when_to_look_and_at_what():
    assert plan() == [
        (
            "all the time",
            "the rollback triggers, evaluated by Prometheus or the canary controller; the 12 alert rules",
        ),
        ("check every 24 h", "the six panels of the dashboard, against the figures of the performance report"),
        ("before each step", "no critical alert has fired since the last one, every trigger is silent, its hold time is over"),
        (
            "once a day",
            "the agreement judged by the metrics of real traffic over the last day; "
            "the figures go beside those of the day before",
        ),
        ("after 100 %", "one more load test, and its figures as the next baseline"),
    ]


@pytest.mark.parametrize(
    ("panels", "named"),
    [(0, "panels"), (1, "one panel"), (2, "two panels"), (12, "twelve panels"), (13, "13 panels"), (100, "100 panels")],
)
def test_panels_are_counted_in_words_up_to_twelve(panels, named):
    assert plan(panels=panels)[1][1].startswith(f"the {named} of the dashboard")


@pytest.mark.parametrize(("rules", "named"), [(0, "alert rules"), (1, "1 alert rule"), (2, "2 alert rules")])
def test_without_rules_of_its_product_a_plan_does_not_count_them(rules, named):
    assert plan(rules=rules)[0][1].endswith(f"; the {named}")


@pytest.mark.parametrize("strategy", [SLOWER, VERY_SLOW])
def test_the_dashboard_is_looked_at_as_often_as_the_strategy_says(strategy):
    assert plan(strategy=strategy)[1][0] == {SLOWER: "check every 4 h", VERY_SLOW: "continuous watch"}[strategy]


def test_where_nothing_moves_there_is_nothing_to_look_at():
    assert plan(strategy=Strategy("none", advice="wait")) == []


def test_a_controller_that_watches_without_a_break_looks_once_a_minute():
    assert VERY_SLOW.check_every_s == 60
