"""The document of a measured baseline, and medians too short for the timer."""

import dataclasses
import json
import math

import pytest

from sla.estimators.node_baseline import NodeBaseline, OperationBaseline, not_measured
from sla.estimators.sample import Outliers, Sample
from sla.values.baseline import baseline_from_mapping
from sla.values.estimate import Estimate


def estimate(point, low=None, high=None):
    return Estimate(point, low or point, high or point, 0.95, 90, 45)


def measured(p50=None, unit="us", **more):
    sample = Sample(90, p50 or estimate(400.0), *[estimate(500.0)] * 4, Outliers(0, 0, 0, 0))
    operation = OperationBaseline("generate", sample, estimate(300.0), "poi_generate", unit)
    return NodeBaseline((operation,), 40.0, 3.02049, 0.39551, 7, "2026-11-26T01:15:11Z", {"cores": 2} | more)


@pytest.mark.parametrize(("median_ns", "coarse"), [(399.9, ("generate",)), (400.0, ()), (401.0, ())])
def test_a_median_of_fewer_than_ten_steps_of_the_timer_is_coarse(median_ns, coarse):
    assert measured(estimate(median_ns)).coarse == coarse


def test_the_document_is_read_by_people_and_by_the_judgement():
    text = measured(estimate(401.23456789, 400.0, math.inf)).as_json()
    document = json.loads(text)
    assert text == json.dumps(document, indent=2) + "\n"
    assert document["poi_generate_p50_us"] == {"value": 0.401234568, "low": 0.4, "high": "inf", "level": 0.95, "n": 90}
    assert document["poi_generate_hot_mean_us"]["value"] == 0.3
    assert document["machine"] == {"cores": 2, "timer_tick_ns": 40, "seed": 7, "measured_s": 3.02, "measuring_cpu_s": 0.396}
    assert baseline_from_mapping(document, "b").values["poi_generate_p99_us"] == 500
    assert json.loads(measured(unit="ms").as_json())["poi_generate_p99_ms"]["value"] == 0.0005


def test_a_figure_that_is_no_number_is_never_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        measured(load_1m=math.nan).as_json()
    with pytest.raises(ValueError, match="not JSON compliant"):
        dataclasses.replace(measured(), tick_ns=math.inf).as_json()


def test_why_nothing_was_measured_is_a_document_too():
    text = not_measured("no clock")
    assert text == '{\n  "schema": "bizra-load/baseline/1",\n  "not_measured": "no clock"\n}\n'
    assert baseline_from_mapping(json.loads(text), "b").missing == "no clock"


def test_figures_and_both_ends_of_their_intervals_have_nine_decimals():
    """In microseconds: a millionth of a nanosecond, beyond what any timer tells."""
    document = json.loads(measured(Estimate(401.23456789, 399.87654321, 402.00000049, 0.95, 90, 45)).as_json())
    shown = document["poi_generate_p50_us"]
    assert (shown["value"], shown["low"], shown["high"]) == (0.401234568, 0.399876543, 0.402)
