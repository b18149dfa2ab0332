"""JMeter writes whole milliseconds, and a log may hold whole ms or us: no verdict is decided within such a step."""

import json

import numpy as np
import pytest

from bizra_load.cli.main import main
from bizra_load.imports.read import read_import
from sla.judgement.status import ONE_STEP
from tests.unit.imports.test_hlog import hlog
from tests.unit.imports.test_imports import AGREEMENT, JMETER_HEADER, START, jmeter_row, written


def jmeter_file(tmp_path, ms):
    """100 requests a second; of the true times `ms`, JMeter keeps the whole milliseconds."""
    rows = [jmeter_row(START * 1000 + 10 * i, int(took)) for i, took in enumerate(ms)]
    return written(tmp_path, "r.jtl", JMETER_HEADER, *rows)


def judged(tmp_path, path, target):
    """Exit code, the only objective, the whole assessment."""
    agreement = written(tmp_path, "mine.yaml", *(line.replace("< 5 ms", target) for line in AGREEMENT))
    code = main(["assess", "--import", str(path), "--agreement", str(agreement), "--out", str(tmp_path / "runs")])
    [folder] = (tmp_path / "runs").iterdir()
    document = json.loads((folder / "assessment.json").read_text())
    return code, document["objectives"][0], document


@pytest.mark.parametrize(
    ("target", "code", "status"), [("< 20 ms", 0, "PASS"), ("< 3.5 ms", 4, "INCONCLUSIVE"), ("< 1.5 ms", 3, "FAIL")]
)
def test_a_fast_service_is_judged_but_for_targets_within_a_millisecond(tmp_path, target, code, status):
    """All took 3.2 to 3.9 ms: JMeter says 3, and which of them kept 3.5 ms nobody can tell."""
    ms = np.random.default_rng(1).uniform(3.2, 3.9, 4000)
    ended, objective, document = judged(tmp_path, jmeter_file(tmp_path, ms), target)
    assert (ended, objective["status"]) == (code, status)
    assert pytest.approx(objective["estimate"]["low"], rel=0.01) == 2e6
    assert pytest.approx(objective["estimate"]["high"], rel=0.01) == 4e6
    assert document["operations"][0]["response"]["p50"]["low"] == objective["estimate"]["low"]
    assert not [c for c in document["checks"] if c["key"].startswith("resolution")]
    assert any("steps of 1 ms, which widen every interval by as much" in note for note in document["notes"])


def test_no_length_is_named_where_no_longer_run_decides(tmp_path):
    _, objective, _ = judged(tmp_path, jmeter_file(tmp_path, [3.2] * 4000), "< 3.5 ms")
    assert objective["reason"] == f"{ONE_STEP}: 2 ms to 4 ms"
    assert objective["seconds_needed"] is None


def test_latencies_of_no_whole_millisecond_are_no_artefact(tmp_path):
    """Half of them are 0 in JMeter's file, and each took under a millisecond."""
    ended, objective, _ = judged(tmp_path, jmeter_file(tmp_path, [0.4, 1.2] * 2000), "< 5 ms")
    assert (ended, objective["status"], objective["estimate"]["low"]) == (0, "PASS", 0.0)


@pytest.mark.parametrize(("unit", "tick_ns"), [("ns", 0), ("us", 1_000), ("ms", 1_000_000)])
def test_a_log_has_the_steps_of_its_unit(tmp_path, unit, tick_ns):
    hlog(tmp_path / "a.hlog", 20)
    run = read_import(tmp_path / "a.hlog", unit)
    assert run.measurements.facts.tick_ns == tick_ns
    assert ("steps of" in run.note) is (tick_ns > 0)
