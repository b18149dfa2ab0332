"""Whoever reads the output goes away, the terminal is closed, the run folder is deleted: the run ends in good order."""

import json
import os
import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from bizra_load.archive.latest import run_folders
from tests.e2e.faults.cluster import SHORT, assert_counted, assess, reported, target, the_line
from tests.e2e.running import ENVIRONMENT, ROOT, Running, until

COMMAND = [sys.executable, "-m", "bizra_load.cli.main"]
BRIEF = (*SHORT, "--duration", "3s")
OUTPUTS = {
    "closed": '"$@" >&-',
    "all of them closed": '"$@" <&- >&- 2>&-',
    "its reader has gone": '"$@" 2>"$TOLD" | true; exit ${PIPESTATUS[0]}',
    "full": '"$@" >/dev/full',
}


def with_output(how, result, *words):
    """Exit code, and what stood on standard error."""
    with result.open("w") as error:
        command = ["bash", "-c", OUTPUTS[how], "bash", *COMMAND, *words]
        environment = {**os.environ, **ENVIRONMENT, "TOLD": str(result)}
        done = subprocess.run(command, cwd=ROOT, env=environment, stderr=error, stdout=subprocess.PIPE, check=False, timeout=90)
    return done.returncode, result.read_text()


@pytest.fixture(scope="module")
def judged(shared_node, tmp_path_factory):
    """A run folder, and the code that it is judged with."""
    ended = Running(tmp_path_factory.mktemp("runs"), *target(shared_node), *BRIEF).end()
    assert ended.code not in (0, 1, 2)  # what a program that failed to print might end with
    return ended.folder, ended.code


@pytest.mark.parametrize("how", OUTPUTS)
def test_a_verdict_is_in_the_exit_code_whoever_reads_the_text(tmp_path, judged, how):
    folder, code = judged
    ended, result = with_output(how, tmp_path / "result", "assess", str(folder))
    assert ended == code
    assert "Traceback" not in result
    assert result == ("standard output can't be written: No space left on device\n" if how == "full" else "")


@pytest.mark.parametrize("how", ["all of them closed", "its reader has gone"])
def test_a_run_is_judged_and_kept_whoever_reads_the_text(tmp_path, node, how):
    ended, result = with_output(how, tmp_path / "result", "run", "--out", str(tmp_path / "runs"), *target(node), *BRIEF)
    [folder] = run_folders(tmp_path / "runs")
    again = assess(folder)
    assert "Traceback" not in result
    assert again.code == ended
    assert (folder / "exit-code").read_text() == f"{ended}\n"
    assert_counted(again, node)


def test_the_exit_code_is_known_where_whoever_starts_the_command_wants_none_of_its_children(tmp_path, node):
    """A parent that ignores SIGCHLD, as some supervisors do, hands that on: the kernel then keeps no exit codes."""
    ignoring = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    ended = Running(tmp_path, *target(node), *BRIEF, prefix=[sys.executable, "-c", ignoring]).end()
    assert ended.code == assess(ended.folder).code != 0, ended.err


@pytest.mark.parametrize("whom", ["all", "the command alone", "the command alone, twice and SIGTERM"])
def test_a_closed_terminal_ends_the_run_as_ctrl_c_does(tmp_path, node, whom):
    running = Running(tmp_path, *target(node), *SHORT, "--duration", "300s")
    running.wait_for(300)
    processes = psutil.Process(running.process.pid).children(recursive=True)
    if whom == "all":
        os.killpg(running.process.pid, signal.SIGHUP)
    else:
        running.process.send_signal(signal.SIGHUP)
    if "twice" in whom:
        running.process.send_signal(signal.SIGHUP)
        running.process.terminate()
    ended = running.end(within_s=45)
    assert reported(ended) == []
    assert_counted(ended, node)
    assert ended.measurements.facts.interrupted
    assert ended.check("workers")["status"] == "PASS"
    assert ended.code in (3, 4, 5)
    assert (ended.folder / "exit-code").read_text() == f"{ended.code}\n"
    assert len(processes) >= 3
    assert not any(process.is_running() for process in processes)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
@pytest.mark.parametrize("begun", ["", "data"])
def test_a_drill_that_is_ended_leaves_nothing_behind(tmp_path, begun, number):
    """A node that has just begun; with a Prometheus and an Alertmanager and their data."""
    (tmp_path / "temporary").mkdir()
    command = [sys.executable, "-m", "bizra_load.cli.main", "alerts", "drill", "--out", str(tmp_path / "artifacts")]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as drill:
        until(lambda: not begun or list((tmp_path / "temporary").glob(f"*/{begun}")), begun)
        processes = until(lambda: psutil.Process(drill.pid).children(recursive=True), "processes")
        drill.send_signal(number)
        _, error = drill.communicate(timeout=30)
    assert drill.returncode == 128 + number, error
    assert b"Traceback" not in error
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not any(process.is_running() for process in processes)


def test_under_nohup_a_closed_terminal_changes_nothing(tmp_path, node):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        running = Running(tmp_path, *target(node), *BRIEF)
    finally:
        signal.signal(signal.SIGHUP, before)
    running.wait_for(100)
    os.killpg(running.process.pid, signal.SIGHUP)
    ended = running.end(within_s=45)
    assert not ended.measurements.facts.interrupted
    assert_counted(ended, node)


def _move(folder):
    folder.rename(folder.parent.parent / "moved")


def _delete_one(folder):
    (folder / "windows.jsonl").unlink()


def _delete_all_runs(folder):
    shutil.rmtree(folder.parent)


@pytest.mark.parametrize("displace", [shutil.rmtree, _move, _delete_one, _delete_all_runs])
def test_a_run_folder_that_is_deleted_or_moved_is_put_back_and_the_load_ends(tmp_path, node, displace):
    running = Running(tmp_path / "runs", *target(node), *SHORT, "--duration", "300s")
    folder = running.wait_for(300)
    before = {path.name for path in folder.iterdir() if not path.name.startswith(".")}  # those are being written
    displace(folder)
    ended = running.end(within_s=45)
    line = the_line(ended)
    assert line == f"bizra-load: the run folder was deleted or moved: it is put back, the load is stopped: {folder}"
    assert ended.folder == folder
    assert {path.name for path in folder.iterdir()} >= before
    assert_counted(ended, node)
    assert ended.measurements.facts.interrupted
    assert ended.check("workers")["status"] == "PASS"
    assert ended.code in (3, 4, 5)
    assert (tmp_path / "runs/latest/exit-code").read_text() == f"{ended.code}\n"
    assert assess(folder).code == ended.code


def test_where_the_folder_cannot_be_put_back_everything_is_elsewhere(tmp_path, node):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {"TMPDIR": str(elsewhere)}
    running = Running(tmp_path / "runs", *target(node), *SHORT, "--duration", "300s", environment=environment)
    folder = running.wait_for(300)
    workers = running.workers()
    shutil.rmtree(tmp_path / "runs")
    (tmp_path / "runs").write_text("")
    ended = running.end(within_s=45)
    assert ended.code == 5, ended.err
    line = the_line(ended)
    [kept] = elsewhere.glob(f"bizra-load-*/{folder.name}")
    assert f"(what was stored by then is in {kept}); the load was stopped" in line
    until(lambda: not any(psutil.pid_exists(worker) for worker in workers), "the workers have ended")
    command = [*COMMAND, "assess", str(kept)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    rows = [json.loads(row) for row in (kept / "windows.jsonl").read_text().splitlines()]
    assert rows
    again = assess(kept)
    assert_counted(again, node)
