"""The baseline of a run: measured beside it where that says something, and never a reason for the run to end."""

import argparse
import json

import pytest

from bizra_load.archive import checksums
from bizra_load.archive.names import BASELINE
from bizra_load.archive.run_record import AgreementName, Host, RunRecord
from bizra_load.archive.store import RunWriter
from bizra_load.exit_codes import InvalidRunError
from bizra_load.judging.agreements import keep_agreement, read_agreement
from bizra_load.judging.judge import judge_folder
from bizra_load.launch import run_baseline
from bizra_load.launch.run_baseline import measured_beside
from bizra_load.settings.settings import resolve
from sla.values.baseline import baseline_from_mapping, other_machine
from tests.golden.test_baseline import FOUND
from tests.unit.node.test_baseline import Bench
from tests.unit.sla.synthetic import FIGURES, measurements

HERE, ELSEWHERE = "http://127.0.0.1:8080", "http://192.0.2.1:8080"  # the latter nobody's (RFC 5737)


def settings(agreement="local", baseline=""):
    return resolve(argparse.Namespace(agreement=agreement, baseline=baseline))


@pytest.fixture
def measured(monkeypatch):
    calls = []

    def measure(*arguments):
        calls.append(arguments)
        return FOUND

    monkeypatch.setattr(run_baseline, "measure", measure)
    return calls


def kept(folder):
    path = folder / BASELINE
    return baseline_from_mapping(json.loads(path.read_text()), "kept") if path.exists() else None


def test_it_is_kept_in_the_run_folder_and_said_in_one_line(tmp_path, measured, capsys):
    with measured_beside(tmp_path, settings(), HERE):
        pass
    assert kept(tmp_path).values["poi_generate_p99_us"] == pytest.approx(59_819)
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("url", ["http://localhost:1", "https://[::1]:1", "http://127.9.9.9"])
def test_every_address_of_this_machine_will_do(tmp_path, measured, url):
    with measured_beside(tmp_path, settings(), url):
        pass
    assert len(measured) == 1


@pytest.mark.parametrize("asked", [{"agreement": "v2.2.0-rc1"}, {"baseline": "mine.json"}])
def test_nothing_is_measured_where_the_agreement_has_figures_or_some_were_given(tmp_path, measured, capsys, asked):
    with measured_beside(tmp_path, settings(**asked), HERE):
        pass
    assert (measured, kept(tmp_path), capsys.readouterr().err) == ([], None, "")


def test_of_another_machine_nothing_is_measured_and_the_reason_is_kept(tmp_path, measured, capsys):
    with measured_beside(tmp_path, settings(), ELSEWHERE):
        pass
    assert measured == []
    assert "another machine" in kept(tmp_path).missing
    assert "--baseline FILE" in capsys.readouterr().err


@pytest.mark.parametrize("error", [InvalidRunError("too few"), OSError("no clock"), RuntimeError("odd")])
def test_when_measuring_fails_the_run_goes_on_and_the_reason_is_kept(tmp_path, monkeypatch, capsys, error):
    def measure(*_):
        raise error

    monkeypatch.setattr(run_baseline, "measure", measure)
    with measured_beside(tmp_path, settings(), HERE):
        pass
    assert str(error) in kept(tmp_path).missing
    assert "not measured" in capsys.readouterr().err


def test_a_folder_that_is_sealed_or_gone_is_left_alone(tmp_path, measured):
    checksums.seal(tmp_path)
    with measured_beside(tmp_path, settings(), HERE):
        pass
    assert kept(tmp_path) is None
    (tmp_path / "file").write_text("")
    with measured_beside(tmp_path / "file", settings(), HERE):
        pass  # no folder: said on standard error, and the run goes on


def test_what_was_measured_here_is_not_taken_for_another_machine():
    """The record of a run and its baseline name CPU and cores in the same way."""
    baseline = baseline_from_mapping(
        json.loads(Bench(generate=40_000, verify=90_000, finality=1_000).measure().as_json()), "measured"
    )
    host = Host.this()
    assert baseline.machine["cores"] == host.usable_cores
    assert other_machine(baseline, host.cpu, host.usable_cores) == ""


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ({"cpu": "a processor", "cores": 2}, 0),  # of before usable cores were recorded
        ({"cpu": "a processor", "cores": 8, "usable_cores": 2}, 0),
        ({"cpu": "a processor", "cores": 8, "usable_cores": 8}, 1),
        ({"cpu": "another", "cores": 2}, 1),
        ("odd", 0),
        (None, 0),
    ],
)
def test_an_answer_notes_a_baseline_that_was_measured_on_another_machine(tmp_path, host, message):
    read = read_agreement("local")
    keep_agreement(tmp_path, read)
    (tmp_path / BASELINE).write_text(json.dumps(FIGURES))
    m, writer = measurements(rate=5, hold_s=6), RunWriter(tmp_path)
    writer.windows(m.windows)
    writer.health(m.health)
    writer.close()
    writer.record(RunRecord(name="x", agreement=AgreementName("local", "")), m.facts)
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(record | {"host": host}))
    assert sum("was measured on another machine" in note for note in judge_folder(tmp_path)[0].notes) == message
