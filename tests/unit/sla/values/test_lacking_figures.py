"""Figures that a baseline lacks: misspelt ones are told from those that are not there, and a p99 stands in for a lower one."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from sla.judgement.evaluate import evaluate
from sla.values.agreement import Limit
from sla.values.assessment import Decision
from sla.values.baseline import (
    Baseline,
    baseline_from_mapping,
    figures,
    lacking_latencies,
    misspelt_figure,
    unknown_limit,
    with_baseline,
)
from tests.unit.sla.synthetic import LOCAL, measurements

README = Path(__file__).resolve().parents[4] / "README.md"


def held_against(key):
    """An agreement with one latency of a known target, held against ten times this figure."""
    o = dataclasses.replace(LOCAL.agreement.objectives[0], title="X p99", target=Limit("<", 1e9), baseline_key=key)
    return dataclasses.replace(LOCAL.agreement, objectives=(o,))


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("poi_verfy_p99_us", "poi_verify_p99_us"),
        ("poi_verify_p99", "poi_verify_p99_us"),
        ("poi_verify_p999_us", ""),
        ("poi_generate_p99_us", ""),  # another operation
        ("x_us", ""),
    ],
)
def test_a_misspelt_figure_is_told_from_one_that_is_not_there(key, meant):
    there = Baseline("mine.json", {"poi_verify_p99_us": 5e3})
    error = misspelt_figure(held_against(key), there)
    assert error == (f"objectives.finality_p99.baseline: {key!r} is not in mine.json, did you mean {meant!r}?" if meant else "")
    assert lacking_latencies(held_against(key), there) == [
        f"the baseline mine.json has no {key}: X p99 is not held against ten times it"
    ]


def test_a_figure_that_is_there_and_no_baseline_at_all_need_no_word():
    for baseline in (None, Baseline("mine.json", {}), Baseline("mine.json", {"poi_verify_p99_us": 5e3})):
        assert misspelt_figure(held_against("poi_verify_p99_us"), baseline) == ""
        assert lacking_latencies(held_against("poi_verify_p99_us"), baseline) == []


@pytest.mark.parametrize("percentile", ["p50", "p75", "p90", "p95"])
def test_the_p99_stands_in_for_a_lower_percentile_and_a_note_says_so(percentile):
    there = Baseline("mine.json", {"poi_verify_p99_us": 5e3})
    agreement = held_against(f"poi_verify_{percentile}_us")
    assert figures(agreement, there) == {f"poi_verify_{percentile}_us": 5e3}
    assert misspelt_figure(agreement, there) == ""
    assert lacking_latencies(agreement, there) == [
        f"the baseline mine.json has no poi_verify_{percentile}_us: poi_verify_p99_us stands in for it"
    ]


def test_a_figure_of_its_own_is_taken_before_the_p99():
    there = Baseline("mine.json", {"poi_verify_p99_us": 5e3, "poi_verify_p90_us": 2e3})
    assert figures(held_against("poi_verify_p90_us"), there) == {"poi_verify_p90_us": 2e3}
    assert lacking_latencies(held_against("poi_verify_p90_us"), there) == []


def test_the_file_that_the_readme_shows_decides_every_objective_of_local():
    [shown] = re.findall(r"`(\{.poi_generate_p99_us.*?\})`", README.read_text())
    given = baseline_from_mapping(json.loads(shown), "mine.json")
    assert all(unknown_limit(o, given) == "" for o in with_baseline(LOCAL.agreement, given).objectives)
    assessment = evaluate(measurements(), LOCAL.agreement, given)
    assert assessment.decision is Decision.GO


def test_only_a_latency_with_a_target_of_its_own_is_said_to_be_held_against_nothing():
    """A throughput is not held against ten times its figure; a target that is a multiple is unknown, and says so itself."""
    there = Baseline("mine.json", {"other": 1.0})
    [throughput] = [o for o in LOCAL.agreement.objectives if o.key == "poi_throughput"]
    throughput = dataclasses.replace(throughput, baseline_key="rate")
    for o in (throughput, LOCAL.agreement.objectives[0]):
        assert lacking_latencies(dataclasses.replace(LOCAL.agreement, objectives=(o,)), there) == []
