"""Rules and triggers of latencies on few operations, by promtool: five slow ones are a fault, four are not."""

import pytest
import yaml

from bizra_load.judging.agreements import read_agreement
from sla.release.triggers import triggers
from tests.unit.poi.test_played_series import assert_alerts
from tests.unit.poi.test_rules import promtool

METRICS = {
    "FinalityCheckP99Violation": "bizra_finality_check_seconds",
    "PoIGenerationP99Violation": "bizra_poi_generate_seconds",
    "PoIVerificationP99Violation": "bizra_poi_verify_seconds",
}
EDGES = {"limits are edges": (0.0001, 0.0002, 0.0004, 0.001, 0.05), "they are not": (0.00007, 0.00017, 0.0003, 0.0009, 0.05)}


def histogram(metric, every, slow, edges):
    """`every` operations a minute for half an hour, and from then on in each so many of them slow, at 10 ms."""
    where = 'job="bizra-node", instance="n:1"'
    rows = [(f"{e:g}", e >= 0.01) for e in edges] + [("+Inf", True)]
    values = []
    for le, holds_slow in rows:
        at, counts = 0, []
        for minute in range(60):
            at += every - (0 if holds_slow or not 30 <= minute < 30 + len(slow) else slow[minute - 30])
            counts.append(str(at))
        values.append({"series": f'{metric}_bucket{{{where}, le="{le}"}}', "values": " ".join(counts)})
    return values


CASES = [
    (8, [1], False),  # one of forty
    (8, [1, 1, 1, 1, 0, 0] * 3, False),  # four of forty
    (8, [2, 2, 2, 2, 2] * 4, True),
    (1, [1] * 20, True),  # each of five
    (100, [2] * 20, True),
    (2000, [19] * 20, False),  # many, and not one in a hundred
]


@pytest.mark.processes
@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("alert", METRICS)
def test_five_slow_ones_in_five_minutes_are_a_fault_and_four_are_not(tmp_path, alert, edges):
    for every, slow, fires in CASES:
        series = histogram(METRICS[alert], every, slow, EDGES[edges])
        times = {f"{t}m": 0 for t in (20, 29, 58)} | ({"44m": 1, "48m": 1} if fires else {f"{t}m": 0 for t in range(30, 58)})
        assert_alerts(tmp_path, alert, series, times)


@pytest.mark.processes
def test_five_beyond_the_last_edge_which_is_the_limit_are_a_fault(tmp_path):
    series = histogram(METRICS["FinalityCheckP99Violation"], 8, [2] * 20, (0.0001, 0.001))
    assert_alerts(tmp_path, "FinalityCheckP99Violation", series, {"29m": 0, "44m": 1, "58m": 0})


@pytest.mark.processes
@pytest.mark.parametrize("edges", EDGES)
def test_triggers_of_latencies_want_five_slow_ones_too(tmp_path, edges):
    latency_triggers = triggers(read_agreement("v2.2.0-rc1").agreement, [], True, {"job": "bizra-node"})
    metrics = {t.expression: m for t in latency_triggers for m in METRICS.values() if f"{m}_bucket" in t.expression}
    assert set(metrics.values()) == set(METRICS.values())
    tests = []
    for every, slow, fires in CASES:
        at = {"20m": 0, "44m": int(fires)} if fires else {f"{t}m": 0 for t in range(20, 58)}
        asked = [
            {"expr": f"count({e}) or vector(0)", "eval_time": t, "exp_samples": [{"labels": "{}", "value": n}]}
            for e in metrics for t, n in at.items()
        ]  # fmt: skip
        series = [s for m in METRICS.values() for s in histogram(m, every, slow, EDGES[edges])]
        tests.append({"interval": "1m", "input_series": series, "promql_expr_test": asked})
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "1m", "tests": tests}))
    tested = promtool("test", "rules", str(tmp_path / "own.yaml"))
    assert tested.returncode == 0, tested.stdout + tested.stderr
