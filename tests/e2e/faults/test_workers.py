"""Workers that die, hang, come late, come again or leave: what the user reads, what is kept, how much is lost."""

import os
import signal
from collections import Counter

import pytest

from tests.e2e.faults.cluster import (
    SHORT,
    Cluster,
    assert_counted,
    failed_checks,
    missing_from_reports,
    reported,
    sequences,
    target,
    the_line,
    unknown,
)
from tests.e2e.running import ROOT, Running, until


def test_a_killed_worker_is_named_with_its_last_report_and_every_lost_operation_is_counted(tmp_path, node):
    running = Running(tmp_path, *target(node), *SHORT, "--duration", "14s")  # Locust misses it after five seconds
    running.wait_for(300)
    os.kill(running.workers()[0], signal.SIGKILL)
    ended = running.end()
    assert (ended.code, ended.assessment["decision"]) == (5, "INVALID"), ended.out
    [loss] = ended.measurements.facts.losses
    assert sequences(ended.folder)[loss.worker] == loss.after_report
    assert ended.check("workers")["reason"] == f"workers lost: {loss.worker} after report {loss.after_report}"
    lost = missing_from_reports(ended, node)
    assert ended.check("workers_operations")["figure"] == lost
    assert 0 <= lost <= loss.at_most + unknown(ended)
    assert f"{lost} operations are in the server's counters and in no report" in " ".join(ended.out.split())
    line = the_line(ended)
    assert f"worker {loss.worker} is missing" in line
    assert sum(ended.finished().values()) > 300


def test_a_lost_worker_can_be_allowed_and_the_assessment_says_so(tmp_path, node):
    running = Running(tmp_path, *target(node), *SHORT, "--allow", "lost-worker,littles-law,schedule-lag")
    running.wait_for(300)
    os.kill(running.workers()[0], signal.SIGKILL)
    ended = running.end()
    assert failed_checks(ended) == set(), ended.out
    assert ended.code != 5
    assert ended.check("workers")["status"] == "WARN"
    assert ended.check("workers")["reason"].endswith("(allowed)")
    assert "allowed by --allow: littles-law, lost-worker, schedule-lag" in ended.assessment["notes"]


@pytest.mark.slow
def test_with_rebalancing_the_planned_rate_is_back_within_10_s_of_a_workers_death(tmp_path, node):
    running = Running(tmp_path, *target(node), *SHORT, "--duration", "22s", "--enable-rebalancing")
    running.wait_for(500)
    died_s = max(w.second for w in _windows(running)) + 1
    os.kill(running.workers()[0], signal.SIGKILL)
    ended = running.end()
    sent = _sent_by_due_second(ended)
    end_s = ended.measurements.facts.load_ended_ns // 10**9
    after = [sent[s] for s in range(died_s + 11, end_s)]
    assert len(after) >= 4
    assert all(196 <= n <= 204 for n in after), sent
    assert min(sent[s] for s in range(died_s + 1, died_s + 4)) < 150  # it was a fault indeed
    assert ended.code == 5
    assert failed_checks(ended) >= {"workers"}
    assert ended.check("workers_operations")["figure"] == missing_from_reports(ended, node)


def _sent_by_due_second(ended):
    """How many arrivals were sent, by the second in which they were due: how late they were is the machine's."""
    sent = Counter()
    for w in ended.measurements.windows:
        sent[w.second] += w.planned - w.unsent
    return sent


def _windows(running):
    from bizra_load.archive.store import read_run

    return read_run(running.wait_for(1))[0].windows


@pytest.mark.slow
def test_a_worker_stopped_for_10_s_and_continued_loses_nothing_and_its_stall_makes_the_run_invalid(tmp_path, node):
    running = Running(tmp_path, *target(node), *SHORT, "--duration", "26s")
    running.wait_for(2000)  # five seconds: a stall from the beginning on can be cut as warm-up (test_losses.py)
    stopped = running.workers()[0]
    os.kill(stopped, signal.SIGSTOP)
    before = running.wait_for(2000)
    # ten seconds by what the other worker reports meanwhile, the first of which may have been under way
    begin = _reported(before)
    until(lambda: _reported(before) - begin >= 11, "eleven reports of the other worker")
    os.kill(stopped, signal.SIGCONT)
    ended = running.end()
    assert_counted(ended, node)
    assert ended.check("workers")["status"] == "PASS", ended.out
    assert ended.check("reports")["status"] == "PASS"
    planned, unsent = (sum(getattr(w, n) for w in ended.measurements.windows) for n in ("planned", "unsent"))
    assert planned == unsent + sum(ended.finished().values())
    assert ended.code == 5, ended.out
    # where MSER-5 cuts a series that holds a stall differs with the noise: cut in part, the rest of it is said as well
    assert failed_checks(ended) - {"warm_up_latency"} == {"stalls", "achieved_seconds"}, ended.out
    assert ended.check("stalls")["figure"] >= 9  # ten of these reports, a second apart, lie over nine whole seconds or more
    # it shows where it must: the arrivals that fell due meanwhile kept their intended start
    verify = next(o for o in ended.assessment["operations"] if o["operation"] == "verify")
    assert verify["response"]["p99"]["point"] > 5e9
    assert verify["service"]["p99"]["point"] < verify["response"]["p99"]["point"] / 2
    line = the_line(ended)
    assert "is missing" in line


def _reported(folder):
    return max(sequences(folder).values())


@pytest.mark.slow
def test_a_worker_started_late_and_one_started_again_take_their_share(tmp_path, node):
    """Workers by hand: one dies and is started again, one comes late."""
    with Cluster(tmp_path, *target(node), *SHORT, "--duration", "40s", "--enable-rebalancing") as cluster:
        first, second = cluster.worker(), cluster.worker()
        cluster.wait_for(200)
        late = cluster.worker()
        folder = cluster.wait_for(500)
        until(lambda: len(sequences(folder)) == 3, "reports of the late worker")
        second.kill()
        # before the loss is noticed Locust counts the dead worker in, and gives nobody its users for a minute
        assert any("is missing" in line for line in cluster.master.stderr)
        again = cluster.worker()
        cluster.wait_for(1200)
        ended = cluster.end()
        errors = [w.communicate(timeout=20)[1] for w in (first, late, again)]
        assert [w.returncode for w in (first, late, again)] == [0, 0, 0], errors
    facts = ended.measurements.facts
    assert len(facts.workers) == 4
    assert len(facts.lost_workers) == 1
    assert ended.code == 5
    assert missing_from_reports(ended, node) == ended.check("workers_operations")["figure"]
    # the shares are where the workers are
    assert _sent_by_due_second(ended)[facts.load_ended_ns // 10**9 - 2] >= 196
    # how long it takes to move users, whose arrivals nobody sends meanwhile, is the machine's matter
    moved = {"unsent", "achieved", "achieved_seconds", "schedule_lag"}
    assert failed_checks(ended) <= {"workers", "workers_operations", "littles_law_generate", "littles_law_verify"} | moved


def test_a_worker_that_is_asked_to_go_hands_over_everything_and_the_run_says_that_it_left_early(tmp_path, node):
    with Cluster(tmp_path, *target(node), *SHORT, "--duration", "10s") as cluster:
        workers = [cluster.worker(), cluster.worker()]
        cluster.wait_for(300)
        workers[0].terminate()
        ended = cluster.end()
        assert [w.wait(20) for w in workers] == [0, 0]
    assert_counted(ended, node)
    assert ended.code == 5
    assert "left early" in ended.check("workers")["reason"]
    assert "everything that it measured is here" in ended.check("workers")["reason"]


DAMAGED = """
import bizra_load.runtime.worker_run as worker_run

class Third(worker_run.ReportMaker):  # of this worker's reports arrives as nothing that can be read
    made = 0

    def steps(self, *rows):
        yield from super().steps(*rows)
        Third.made += 1
        self.data = b"" if Third.made == 3 else self.data

worker_run.ReportMaker = Third
"""


def test_a_worker_that_left_early_is_not_said_to_be_complete_when_a_report_of_it_was_refused(tmp_path, node):
    locustfile = tmp_path / "damaged.py"
    locustfile.write_text((ROOT / "locustfiles/poi.py").read_text() + DAMAGED)
    with Cluster(tmp_path / "runs", "-f", str(locustfile), *target(node), *SHORT, "--duration", "10s") as cluster:
        workers = [cluster.worker(), cluster.worker()]
        cluster.wait_for(300)
        workers[0].terminate()
        ended = cluster.end()
        assert [w.wait(20) for w in workers] == [0, 0]
    assert missing_from_reports(ended, node) > unknown(ended)
    assert ended.check("reports")["figure"] == 2
    assert failed_checks(ended) >= {"workers", "workers_operations", "reports"}
    assert "everything that it measured is here" not in ended.check("workers")["reason"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "suspended"])
def test_a_run_without_any_worker_ends_by_itself(tmp_path, node, how):
    running = Running(tmp_path, *target(node), *SHORT, "--duration", "300s")
    running.wait_for(200)
    for worker in running.workers():
        os.kill(worker, how)
    ended = running.end(within_s=45)
    assert ended.code == 5
    assert len(ended.measurements.facts.lost_workers) == 2
    assert "every worker is lost: the run ends" in "".join(reported(ended))
    assert ended.check("workers_operations")["figure"] == missing_from_reports(ended, node)
