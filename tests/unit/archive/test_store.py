"""A run on disk: what was written is read back; what is damaged is refused with file and line."""

import dataclasses
import json
import os
from datetime import UTC, datetime

import pytest

from bizra_load.archive import row_files
from bizra_load.archive.run_record import RunRecord
from bizra_load.archive.store import RunWriter, new_folder, read_run
from bizra_load.exit_codes import UsageError
from bizra_load.io.redaction import without_secrets
from bizra_load.measure.report import decode_report, encode_report
from sla.judgement.checks.run_checks import run_checks
from sla.values.assessment import Status
from sla.values.histogram import EMPTY
from tests.unit.sla.synthetic import LOCAL, measurements


@pytest.fixture
def saved(tmp_path):
    m = measurements(rate=5, hold_s=6, failures={"generate": 0.3})
    writer = RunWriter(tmp_path)
    writer.record(RunRecord(name="x"), m.facts)
    writer.windows(m.windows)
    writer.health(m.health)
    writer.snapshots(m.snapshots)
    writer.close()
    return tmp_path, m


def test_what_was_written_is_read_back(saved):
    folder, m = saved
    measured, record = read_run(folder)
    assert measured.windows == m.windows
    assert measured.snapshots == m.snapshots
    assert measured.facts == m.facts
    read, written = ([dataclasses.replace(h, lag=EMPTY) for h in rows] for rows in (measured.health, m.health))
    assert sorted(read, key=lambda h: (h.second, h.worker)) == written
    assert measured.health_rows.sums == m.health_rows.sums
    for column in ("longest_lag_ns", "cpu_share"):
        assert sorted(measured.health_rows.list_of(column)) == sorted(m.health_rows.list_of(column))
    assert record.name == "x"


def test_a_run_of_an_older_version_is_read_with_failures_whose_latencies_are_unknown(saved):
    folder, m = saved
    assert sum(w.failed_response.total for w in read_run(folder)[0].windows) == sum(w.failures for w in m.windows) > 0
    path = folder / "windows.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    older = [{key: value for key, value in row.items() if not key.startswith(("failed_", "timeout_"))} for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in older))
    windows = read_run(folder)[0].windows
    assert [(w.ok, w.failed, w.response) for w in windows] == [(w.ok, w.failed, w.response) for w in m.windows]
    assert [w.untimed_failures("response") for w in windows] == [w.failures for w in m.windows]


def test_a_last_line_cut_short_is_left_out_and_said(saved):
    folder, m = saved
    path = folder / "windows.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    measured, record = read_run(folder)
    assert record.truncated == ("windows.jsonl",)
    assert len(measured.windows) == len(m.windows) - 1


@pytest.mark.parametrize("name", ["run.json", "windows.jsonl", "health.jsonl", "server.jsonl"])
def test_damage_is_refused_with_the_file(saved, name):
    folder, _ = saved
    (folder / name).write_text("{}\n" * 2)
    with pytest.raises(UsageError, match=name):
        read_run(folder)


def test_no_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"run\.json"):
        read_run(tmp_path)


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", "..", "x\ny", "ok"])
def test_a_name_cannot_lead_out_of_the_folder(tmp_path, name):
    folder = new_folder(tmp_path, name, datetime(2026, 1, 2, tzinfo=UTC))
    assert folder.parent == tmp_path
    assert new_folder(tmp_path, name, datetime(2026, 1, 2, tzinfo=UTC)) != folder


def test_secrets_do_not_reach_the_record():
    argv = ["run", "--web-login", "--api-key=abc", "--token", "abc", "-H", "http://me:abc@host:1/p"]
    assert "abc" not in json.dumps(without_secrets(argv))
    assert "http://host:1/p" in without_secrets(argv)


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/absolute", "..", "a\x00b", "a\nb", "<b>", ""])
def test_a_run_name_never_leads_out_of_its_folder(tmp_path, name):
    folder = new_folder(tmp_path / "runs", name, datetime(2026, 11, 24, tzinfo=UTC))
    assert folder.parent == tmp_path / "runs"
    assert folder.name.startswith("20261124T000000Z-")
    assert [p.name for p in tmp_path.iterdir()] == ["runs"]


def test_a_line_without_end_is_refused(saved, monkeypatch):
    folder, _ = saved
    monkeypatch.setattr(row_files, "MAX_LINE_BYTES", 10_000)
    with (folder / "health.jsonl").open("ab") as file:
        file.write(b"x" * 20_000)
    with pytest.raises(UsageError, match=r"health\.jsonl: line \d+: longer than 10,000 bytes"):
        read_run(folder)


@pytest.mark.processes
@pytest.mark.parametrize("interpreter", ["/nowhere/python", "/bin/echo", "/bin/true"])
def test_where_no_further_process_can_read_the_rows_are_read_here(saved, monkeypatch, interpreter):
    folder, m = saved
    monkeypatch.setattr(row_files, "LARGE_BYTES", 1)
    monkeypatch.setattr(row_files, "usable_cores", lambda: 3)
    monkeypatch.setattr(row_files.sys, "executable", interpreter)
    assert read_run(folder)[0].windows == m.windows


@pytest.mark.processes
@pytest.mark.parametrize("name", ["windows.jsonl", "health.jsonl"])
def test_large_files_are_read_by_several_processes_to_the_same_sums(saved, monkeypatch, name):
    folder, m = saved
    with (folder / name).open("ab") as file:
        file.write(b'{"cut')
    alone, record = read_run(folder)
    monkeypatch.setattr(row_files, "LARGE_BYTES", 1)
    monkeypatch.setattr(row_files, "usable_cores", lambda: 3)
    together, again = read_run(folder)
    assert again == record
    assert record.truncated == (name,)
    assert together.windows == alone.windows == m.windows
    assert list(together.health) == list(alone.health)
    assert together.health_rows.sums == alone.health_rows.sums
    # a process that fails leaves its part to this one
    monkeypatch.setattr(row_files.sys, "executable", "/bin/false")
    without, _ = read_run(folder)
    assert (without.windows, without.health_rows.sums) == (alone.windows, alone.health_rows.sums)
    # damage in another process's part has its line
    lines = (folder / name).read_bytes().split(b"\n")
    (folder / name).write_bytes(b"\n".join([*lines[:-3], b"{}", *lines[-3:]]))
    with pytest.raises(UsageError, match=f"{name}: line {len(lines) - 2}: "):
        read_run(folder)


def test_rows_that_are_gone_from_the_file_of_windows_are_missed(tmp_path):
    """Truncated in place (a log rotation), or cut out: the health of a report says how many rows of windows belong to it."""
    m = measurements(rate=5, hold_s=6)
    writer = RunWriter(tmp_path)
    writer.record(RunRecord(name="x"), m.facts)
    for sequence, second in enumerate(sorted({w.second for w in m.windows})):
        windows = [w for w in m.windows if w.second == second]
        health = [h for h in m.health if h.second == second][:1]
        writer.report(decode_report("w1", sequence, False, encode_report(windows, health)))
        if sequence == 4:
            os.truncate(tmp_path / "windows.jsonl", 0)
    writer.close()
    read, _ = read_run(tmp_path)
    gone = len(m.windows) - len((tmp_path / "windows.jsonl").read_bytes().splitlines())
    assert read.facts.lost_rows == gone > 0
    [check] = [c for c in run_checks(read, LOCAL.agreement, None) if c.key == "reports"]
    assert check.status is Status.FAIL
    assert f"{gone} rows of windows are not in the run's file any more" in check.reason
