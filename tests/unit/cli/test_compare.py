"""bizra-load compare on run folders."""

import dataclasses
import json
import shutil

import pytest

from bizra_load.archive.run_record import AgreementName, RunRecord
from bizra_load.archive.store import RunWriter
from bizra_load.cli.main import main
from bizra_load.judging.agreements import keep_agreement
from tests.unit.sla.synthetic import LOCAL, measurements


def saved(tmp_path, name, at_s=0, rate=100, **options):
    """A run folder of simulated measurements that started `at_s` after the others."""
    folder = tmp_path / name
    folder.mkdir()
    m = measurements(rate=rate, **options)
    shift = at_s * 10**9
    facts = dataclasses.replace(
        m.facts, load_started_ns=m.facts.load_started_ns + shift, load_ended_ns=m.facts.load_ended_ns + shift
    )
    writer = RunWriter(folder)
    writer.windows(dataclasses.replace(w, second=w.second + at_s) for w in m.windows)
    writer.health(dataclasses.replace(h, second=h.second + at_s) for h in m.health)
    writer.snapshots(dataclasses.replace(s, at_ns=s.at_ns + shift) for s in m.snapshots)
    writer.record(RunRecord(name=name, agreement=AgreementName("local", "")), facts)
    writer.close()
    keep_agreement(folder, LOCAL)
    return str(folder)


def rows(capsys):
    return {c["title"]: c for c in json.loads(capsys.readouterr().out)["compared"]}


def test_two_equal_runs_and_a_slow_one(tmp_path, capsys):
    a, b = saved(tmp_path, "a", seed=7), saved(tmp_path, "b", seed=8)
    slow = saved(tmp_path, "slow", seed=3, server_us={"generate": 400.0})
    assert main(["compare", a, b, "--format", "json"]) == 0
    assert {c["change"] for c in rows(capsys).values()} == {"EQUIVALENT"}
    assert main(["compare", a, slow, "--format", "json"]) == 3
    compared = rows(capsys)
    assert compared["generate, response p50"]["change"] == "REGRESSED"
    assert compared["generate, response p50"]["ratio"]["low"] > 2
    assert compared["verify, response p50"]["change"] == "EQUIVALENT"
    assert main(["compare", slow, a]) == 0
    shown = capsys.readouterr().out
    assert "IMPROVED" in shown
    assert "one run a side" in shown


def test_interleaved_runs_are_paired_and_others_are_not(tmp_path, capsys):
    names = [saved(tmp_path, f"r{i}", at_s=100 * i, seed=i, hold_s=15) for i in range(4)]
    assert main(["compare", *names]) in (0, 4)
    assert "paired t over 2 pairs" in capsys.readouterr().out
    assert main(["compare", names[0], names[2], names[1], names[3]]) in (0, 4)  # all of one side, then all of the other
    assert "Welch's t over 2 and 2 runs" in capsys.readouterr().out


def test_a_run_that_is_given_twice_or_its_copy_is_no_further_measurement(tmp_path, capsys, monkeypatch):
    a, b = (saved(tmp_path, name, seed=seed, hold_s=6) for name, seed in (("a", 1), ("b", 2)))
    shutil.copytree(a, tmp_path / "copy")
    monkeypatch.chdir(tmp_path)
    for sides, message in (
        ((a, b, a, b), f"{a} is given twice"),
        ((a, a), f"{a} is given twice"),
        ((a, b, "copy", b), f"copy is the same run as {a}"),
        ((a, "copy"), f"copy is the same run as {a}"),
    ):
        assert main(["compare", *sides]) == 6
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1


def test_a_baseline_file_is_compared_with_the_objectives_of_a_run(tmp_path, capsys):
    run = saved(tmp_path, "a", seed=1, hold_s=20)
    baseline = tmp_path / "mine.json"
    baseline.write_text('{"poi_throughput_ops_sec": 200.0, "poi_success_rate": 1.0}')
    assert main(["compare", str(baseline), run, "--format", "md"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("# EQUIVALENT")
    assert "plain figures" in shown
    baseline.write_text('{"poi_throughput_ops_sec": 400.0}')
    assert main(["compare", str(baseline), run]) == 3


def test_a_run_that_can_not_be_trusted_is_not_compared(tmp_path, capsys):
    a, lost = saved(tmp_path, "a", seed=1, hold_s=6), saved(tmp_path, "lost", seed=2, hold_s=6, lost_workers=("w1",))
    assert main(["compare", a, lost]) == 5
    assert "can't be compared" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no/x"], "pairs of BASELINE CANDIDATE"),
        (["no/x", "no/y", "no/z"], "pairs of BASELINE CANDIDATE"),
        (["/nonexistent", "/nonexistent"], "/nonexistent/run.json"),
        (["no/x", "no/y", "--margin", "0"], "--margin"),
        (["no/x", "no/y", "--margin", "lots"], "--margin"),
        (["nowhere"], "neither here nor among the runs of runs"),
        (["/nonexistent.json", "no/y"], "/nonexistent.json: No such file"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_6(arguments, message, capsys):
    assert main(["compare", *arguments]) == 6
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_runs_of_different_planned_rates_say_so_and_claim_nothing(tmp_path, capsys):
    a, b = saved(tmp_path, "a", hold_s=20), saved(tmp_path, "b", hold_s=20, rate=40, server_us={"generate": 400.0})
    assert main(["compare", a, b, "--format", "json"]) == 4
    compared = rows(capsys)
    assert {c["change"] for c in compared.values()} == {"INCONCLUSIVE"}
    reason = "the runs had different planned rates, 120 and 300 ops/s: a difference may be the load's"
    assert {c["reason"] for c in compared.values()} == {reason}
    assert compared["generate, response p50"]["ratio"]["low"] > 2  # what was seen is shown
