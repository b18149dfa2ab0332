"""A run folder that can't be written, or a disk that is full in mid-run (a small tmpfs, made as root)."""

import os
import subprocess
import sys
from contextlib import contextmanager

from tests.e2e.faults.cluster import (
    ASSESS,
    SHORT,
    Cluster,
    assert_counted,
    assess,
    counted,
    failed_checks,
    reported,
    target,
    the_line,
)
from tests.e2e.running import ROOT, Ended, Running, load


@contextmanager
def tmpfs(path, options):
    assert os.geteuid() == 0, "not root: a full disk is made by mounting a small tmpfs: run make test as root"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(path)], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_a_disk_that_fills_up_stops_the_load_and_nothing_measured_is_lost(tmp_path, node):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with tmpfs(tmp_path / "small", "size=100k") as small:
        running = Running(small, *target(node), *SHORT, "--duration", "300s", environment={"TMPDIR": str(elsewhere)})
        ended = running.end(within_s=60)
        assert ended.code == 5
        line = the_line(ended)
        assert line.startswith("bizra-load: the run folder can't be written: No space left on device; the load was stopped")
        assert str(ended.folder) in line
        kept = sum(ended.finished().values())
        # a small one may still find room in the run folder
        left = [*elsewhere.glob("bizra-load-*/*spool-*"), *ended.folder.glob("spool-*")]
        assert 0 < kept < sum(counted(node).values())
        assert len(left) == 2
        subprocess.run(["mount", "-o", "remount,size=4m", str(small)], check=True)
        command = [*ASSESS, str(ended.folder)]
        environment = {**os.environ, "TMPDIR": str(elsewhere)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
        taken = Ended(done.returncode, done.stdout, done.stderr, ended.folder)
        assert_counted(taken, node)
        assert taken.code == 5
        assert failed_checks(taken) >= {"closed"}
        assert taken.check("workers")["status"] == "PASS"
        assert_counted(assess(ended.folder), node)


def test_a_folder_that_cannot_be_written_is_refused_before_the_load(tmp_path, node):
    with tmpfs(tmp_path / "readonly", "ro") as readonly:
        ended = load(readonly / "runs", node, *SHORT)
        assert ended.code == 6
        line = the_line(ended)
        assert line == f"bizra-load run: --out: {readonly / 'runs'}: {readonly} is no folder that can be written"
        with Cluster(readonly / "runs", *target(node), *SHORT) as cluster:  # Locust's own command
            cluster.worker(), cluster.worker()
            by_hand = cluster.end(within_s=45)
        assert by_hand.code == 6
        # a worker may say hello while options are checked, which Locust notes in its own words
        reasons = [line for line in reported(by_hand) if "bizra_hello" not in line]
        assert reasons == [f"bizra-load: --out: {readonly / 'runs'}: {readonly} is no folder that can be written"]
    assert sum(counted(node).values()) == 0


def test_a_file_where_the_folder_should_be_is_refused(tmp_path, node):
    (tmp_path / "file").write_text("")
    ended = load(tmp_path / "file" / "runs", node, *SHORT)
    assert ended.code == 6
    assert reported(ended)[0].startswith("bizra-load run: --out: ")
    assert sys.executable not in ended.err


def test_a_run_that_cannot_be_judged_at_its_end_is_kept_and_no_wrong_usage(tmp_path, node):
    """As on a disk that is full by then: something stands where the assessment is written."""
    running = Running(tmp_path / "runs", *target(node), *SHORT)
    folder = running.wait_for(1)
    (folder / "assessment.json").mkdir()
    ended = running.end()
    assert ended.code == int((folder / "exit-code").read_text()) == 5
    line = the_line(ended)
    assert "assessment.json: " in line
    assert f": mend that, then bizra-load assess RUN (kept: {folder})" in line
    (folder / "assessment.json").rmdir()
    assert sum(assess(folder).finished().values()) == sum(counted(node).values())
