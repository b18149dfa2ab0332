"""Which objectives of a run are compared with the plain figures of a baseline file."""

import dataclasses
from types import SimpleNamespace

import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.judging import run_comparison
from bizra_load.judging.agreements import read_baseline
from bizra_load.judging.run_comparison import compare_with_file
from sla.judgement.evaluate import evaluate
from sla.judgement.generator.lateness import LATE
from sla.values.assessment import Status
from tests.unit.sla.synthetic import LOCAL, measurements

KEY = "poi_generate_p99"


@pytest.mark.parametrize(
    ("fields", "compared"),
    [
        ({}, True),
        ({"status": Status.FAIL}, True),
        ({"status": Status.INCONCLUSIVE, "reason": "the interval straddles the target"}, True),
        ({"status": Status.INCONCLUSIVE, "reason": f"{LATE} 5 ms (p99) late: without that"}, False),
        ({"status": Status.INVALID}, False),
        ({"baseline": None}, False),
        ({"estimate": None}, False),
    ],
)
def test_what_can_not_be_judged_is_not_compared(tmp_path, monkeypatch, fields, compared):
    baseline = tmp_path / "baseline.json"
    baseline.write_text("{}")
    a = evaluate(measurements(hold_s=20), LOCAL.agreement, LOCAL.baseline)
    [mine] = [o for o in a.objectives if o.key == KEY]
    judged = dataclasses.replace(mine, **({"baseline": mine.estimate.point} | fields))
    other = dataclasses.replace(mine, title="other", baseline=mine.estimate.point)
    run = SimpleNamespace(assessment=dataclasses.replace(a, objectives=(judged, other)))
    monkeypatch.setattr(run_comparison, "_read", lambda *_: run)
    titles = [c.title for c in compare_with_file(baseline, tmp_path, 0.05).compared]
    assert titles == ([mine.title, "other"] if compared else ["other"])


def test_a_figure_that_is_there_twice_is_refused(tmp_path):
    """The last of two would be taken: the looser one, say."""
    path = tmp_path / "mine.json"
    path.write_text('{"poi_generate_p99_us": 50,\n"poi_generate_p99_us": 5000}')
    with pytest.raises(UsageError, match=r"^baseline mine\.json: line 2: a key is there twice"):
        read_baseline(path)
