"""Where an objective's operations are in a run and nothing is known of them, its reason says why."""

import dataclasses

import pytest

from sla.judgement.judge_all import judge_all
from sla.judgement.sequential import LEVEL
from sla.judgement.steady import find_steady
from sla.values.agreement_parser import SCHEMA, agreement_from_mapping
from sla.values.assessment import Status
from sla.values.histogram import EMPTY
from sla.values.window import merge_windows
from tests.unit.sla.synthetic import RAMP_S, START, measurements

HOLD_S = 20
AGREEMENT = agreement_from_mapping(
    {
        "schema": SCHEMA,
        "name": "a",
        "objectives": ["verify p95 < 1 s", "verify throughput >= 1 ops/s", "verify error rate < 1 %"],
    }
)


def judged(change):
    m = measurements(rate=100, hold_s=HOLD_S)
    windows = merge_windows(change(w) if w.operation == "verify" else w for w in m.windows)
    m = dataclasses.replace(m, windows=windows)
    return judge_all(m, AGREEMENT, None, find_steady(m), LEVEL, drawn=False)


@pytest.mark.parametrize(
    ("after_s", "before", "after"),
    [(0, "2,500 before it (5 s of ramp", "(MSER-5))"), (5, "2,000 before it (5 s of ramp", "), 500 after it")],
)
def test_operations_outside_the_judged_part_are_counted(after_s, before, after):
    def moved(w):
        late = w.second >= START + RAMP_S + HOLD_S - after_s
        return dataclasses.replace(w, second=START + RAMP_S + HOLD_S if late else START)

    objectives = judged(moved)
    reason = f"no data: all 2,500 requests of it are outside the judged part: {before}"
    assert {o.status for o in objectives} == {Status.INCONCLUSIVE}
    assert all(o.reason.startswith(reason) and o.reason.endswith(after) for o in objectives)


def test_operations_of_which_none_was_successful_are_counted_with_what_most_failed_with():
    refused = {"http_4xx": 98, "timeout": 2}
    [latency, throughput, errors] = judged(
        lambda w: dataclasses.replace(w, ok=0, failed=refused, response=EMPTY, service=EMPTY)
    )
    assert latency.reason == "no data: no request of it was successful: 2,000 failed, 1,960 with http_4xx"
    assert (throughput.status, errors.status) == (Status.FAIL, Status.FAIL)
