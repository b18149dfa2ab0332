"""The master is killed: workers stop loading within 10 s and leave what they could not hand over; nothing measured is lost."""

import hashlib
import os
import signal
import time

import psutil
import pytest

from bizra_load.archive.store import read_run
from bizra_load.rehearsal.node_process import start_node
from tests.e2e.faults.cluster import (
    SHORT,
    SLOW,
    Cluster,
    assert_counted,
    assess,
    counted,
    failed_checks,
    missing_from_reports,
    target,
    the_line,
    unknown,
)
from tests.e2e.running import Running, until

OTHER_SCHEMA = '{"schema": "x"}\n'
HEAD = '{"schema":"bizra-load/spool/1","run":"other","worker":"w","stopped_ns":1,"reports":0}'
OTHER_RUN = f'{HEAD[:-1]},"sha256":"{hashlib.sha256(HEAD.encode()).hexdigest()}"}}\n'


@pytest.mark.slow
def test_a_killed_master_is_one_line_its_workers_stop_and_the_totals_are_the_nodes(tmp_path, node):
    running = Running(tmp_path, *target(node), *SHORT, "--duration", "300s")
    running.wait_for(300)
    os.kill(psutil.Process(running.workers()[0]).ppid(), signal.SIGKILL)
    killed = time.monotonic()
    last = [counted(node), time.monotonic()]

    def loading_has_stopped():
        now = counted(node)
        if now != last[0]:
            last[:] = [now, time.monotonic()]
        return time.monotonic() - last[1] > 1.5

    until(loading_has_stopped, "the load has stopped", 20)
    assert last[1] - killed < 15  # eight seconds of silence, then what is under way
    ended = running.end(within_s=60)
    assert ended.code == 5
    line = the_line(ended)
    assert line == f"bizra-load run: the master was killed (SIGKILL); kept with what the workers left: {ended.folder}"
    assert_counted(ended, node)
    assert failed_checks(ended) >= {"closed"}
    assert ended.check("workers")["status"] == "PASS"
    assert ended.check("reports")["status"] == "PASS"
    facts = ended.measurements.facts
    assert facts.interrupted
    assert len(facts.spools) == len(facts.workers) == 2
    # the load was made for some seconds after the master's death: this is what the spools brought
    assert sum(counted(node).values()) > sum(_without_spools(ended.folder).values()) + 500
    allowed = assess(ended.folder, "--allow", "lost-master")
    assert "closed" not in failed_checks(allowed)
    assert allowed.check("closed")["status"] == "WARN"


@pytest.mark.slow
def test_workers_of_a_master_that_is_killed_while_they_drain_end_and_leave_what_they_measured(tmp_path):
    with (
        start_node(["--seed", "1", "--fault", "generate.latency=3s"]) as slow,
        Cluster(tmp_path, *target(slow), *SLOW) as cluster,
    ):
        workers = [cluster.worker() for _ in range(2)]
        folder = cluster.wait_for_the_drain()
        cluster.master.kill()
        errors = [w.communicate(timeout=45)[1] for w in workers]
        assert [w.returncode for w in workers] == [5, 5], errors
        judged = assess(folder)
        assert 0 <= missing_from_reports(judged, slow) <= unknown(judged)
    assert len(judged.measurements.facts.spools) == 2
    assert judged.check("workers")["status"] == "PASS"


def _without_spools(folder):
    hidden = [p.rename(p.with_suffix(".hidden")) for p in folder.glob("spool-*")]
    counts = {}
    for w in read_run(folder)[0].windows:
        counts[w.operation] = counts.get(w.operation, 0) + w.finished
    for path in hidden:
        path.rename(path.with_suffix(".jsonl"))
    return counts


@pytest.mark.slow
def test_workers_of_another_machine_leave_spools_that_assess_takes_in_by_name_or_finds(tmp_path, node, monkeypatch):
    """They can't write to the run folder: one of them is given to assess by name, the other's is found where they left it."""
    runs, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Cluster(runs, *target(node), *SHORT, "--duration", "300s") as cluster:
        workers = [cluster.worker(TMPDIR=str(elsewhere)) for _ in range(2)]
        folder = cluster.wait_for(300)
        cluster.master.kill()
        away = folder.rename(tmp_path / folder.name)  # not where the workers look for it
        runs.rmdir()
        result = [w.communicate(timeout=40)[1] for w in workers]
        assert [w.returncode for w in workers] == [5, 5]
    private = elsewhere / f"bizra-load-{os.getuid()}"
    assert private.stat().st_mode & 0o777 == 0o700
    left = sorted(private.glob(f"{folder.name}-spool-*.jsonl"))
    assert len(left) == 2
    for path, err in zip(left, sorted(result, key=lambda e: e.partition("--spool")[2]), strict=True):
        assert "Traceback" not in err
        [line] = err.strip().splitlines()
        assert line.startswith("bizra-load: the master did not take ")
        assert line.endswith(f"they are kept: bizra-load assess RUN --spool {path}")
    only_one = assess(away, "--spool", str(left[0]))
    assert failed_checks(only_one) >= {"closed", "workers"}
    monkeypatch.setenv("TMPDIR", str(elsewhere))  # as on that machine
    both = assess(away)
    assert both.code == 5
    assert failed_checks(both) >= {"closed"}
    assert both.check("workers")["status"] == "PASS"
    assert_counted(both, node)
    assert_counted(assess(away), node)  # taken in once, however often it is asked


def test_a_spool_of_another_run_or_a_damaged_one_is_one_line_and_changes_nothing(tmp_path, node):
    ended = Running(tmp_path, *target(node), *SHORT, "--duration", "6s").end()
    before = sorted(ended.folder.iterdir())
    wrongs = {"": "not a spool file", OTHER_SCHEMA: "its schema is another", OTHER_RUN: "belongs to the run other"}
    for text, wrong in wrongs.items():
        path = tmp_path / "spool-x.jsonl"
        path.write_text(text)
        refused = assess(ended.folder, "--spool", str(path))
        assert refused.code == 6
        line = the_line(refused)
        assert str(path) in line
        assert wrong in line
    assert sorted(ended.folder.iterdir()) == before
