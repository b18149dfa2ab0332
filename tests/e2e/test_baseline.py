"""`bizra-load baseline node`, and the baseline of a run, with real processes."""

import json
import subprocess
import sys

import pytest

from bizra_load.judging.agreements import read_agreement
from tests.e2e.running import ROOT, load, measured_baseline

SHORT = ("-f", "locustfiles/mixed.py", "--target-ops", "200", "--ramp", "1s", "--duration", "6s", "--workers", "1")
RELATIVE = ("finality_p99", *(f"poi_{o}_{of}" for o in ("generate", "verify") for of in ("p99", "p90", "p75")))


def cli(*words):
    command = [sys.executable, "-m", "bizra_load.cli.main", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def statuses(ended):
    return {key: ended.objective(key)["status"] for key in RELATIVE}


def test_it_shows_what_it_writes_and_agreements_can_be_judged_by_it(tmp_path):
    path = tmp_path / "deep" / "mine.json"
    done = cli("baseline", "node", "--duration", "1s", "--out", path)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(path.read_text())
    for key in ("poi_generate_p99_us", "poi_verify_p99_us", "finality_p99_ms", "poi_generate_mean_us"):
        low, value, high = (float(document[key][k]) for k in ("low", "value", "high"))
        assert 0 < low <= value <= high
    assert document["machine"]["cores"] >= 1
    share = document["machine"]["measuring_cpu_s"] / document["machine"]["measured_s"]
    assert 0 < share < 1
    for word in ("generate", "verify", "finality", "outliers", "Timer: steps of", "100,000 bootstrap resamples", "Machine: "):
        assert word in done.stdout
    read = read_agreement("local", str(path))
    assert all(o.target.known for o in read.judged.objectives)


def test_a_run_measures_its_own_baseline_and_is_judged_by_it_again(tmp_path, node):
    ended = load(tmp_path, node, *SHORT, BASELINE="")
    assert "Baseline, measured on this machine for" in ended.err
    assert json.loads((ended.folder / "baseline.json").read_text())["machine"]
    generate = ended.objective("poi_generate_p99")
    assert generate["target"] == 10 * generate["baseline"]
    before = (ended.folder / "assessment.json").read_bytes()
    assert cli("assess", ended.folder).returncode == ended.code
    assert (ended.folder / "assessment.json").read_bytes() == before


def test_a_given_baseline_is_used_instead_and_one_given_later_is_used_once(tmp_path, node):
    measured_baseline(tmp_path / "mine.json")
    ended = load(tmp_path / "runs", node, *SHORT, "--baseline", str(tmp_path / "mine.json"))
    assert "Baseline" not in ended.err
    assert ended.assessment["baseline"] == "mine.json"
    assert (ended.folder / "baseline.json").read_bytes() == (tmp_path / "mine.json").read_bytes()
    (tmp_path / "tiny.json").write_text('{"poi_generate_p99_us": 0.000001}')
    cli("assess", ended.folder, "--baseline", tmp_path / "tiny.json")
    generate = ended.objective("poi_generate_p99")
    assert generate["target"] == pytest.approx(0.01)  # ns: ten times
    # on a busy machine, of which nothing is left that is certainly over it
    assert generate["status"] == "FAIL" or generate["reason"].startswith("the generator was late by")
    others = set(RELATIVE) - {f"poi_generate_{of}" for of in ("p99", "p90", "p75")}  # whose p99 stands in for the others
    assert {k: s for k, s in statuses(ended).items() if k in others} == dict.fromkeys(others, "INCONCLUSIVE")
    cli("assess", ended.folder)
    assert ended.objective("poi_generate_p99")["target"] > 1000
    assert ended.objective("poi_generate_p99")["status"] != "FAIL"


def test_without_a_baseline_nothing_passes_that_is_held_against_it_and_the_reason_says_what_to_do(tmp_path, node):
    (tmp_path / "none.json").write_text("{}")
    ended = load(tmp_path / "runs", node, *SHORT, "--baseline", str(tmp_path / "none.json"))
    assert ended.code in (4, 5)
    assert statuses(ended) == dict.fromkeys(RELATIVE, "INCONCLUSIVE")
    assert "bizra-load baseline node --out FILE" in ended.objective("poi_generate_p99")["reason"]
    assert "&lt; 10 x baseline |" in (ended.folder / "assessment.md").read_text()


def test_a_wrong_baseline_is_refused_before_the_first_request(tmp_path):
    (tmp_path / "bad.json").write_text(
        '{"schema": "bizra-load/baseline/1", "poi_generate_p99_us": {"value": 3, "low": 4, "high": 5}}'
    )
    ended = load(tmp_path / "runs", None, "--baseline", str(tmp_path / "bad.json"))
    assert (ended.code, ended.folder) == (6, None)
    assert "bad.json: poi_generate_p99_us: value must lie between low and high" in ended.err
    assert len(ended.err.strip().splitlines()) == 1
