"""The system clock of one worker is set forward under load, by libfaketime: all its calls of libc see it.

By two minutes only: libfaketime takes a timer's time on the monotonic clock for one of the system's, and subtracts the step. On
a machine that was started more recently than that, nothing is left of it.
"""

import re
from pathlib import Path

from tests.e2e.faults.cluster import SHORT, Cluster, assert_counted, failed_checks, target

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def test_a_clock_that_steps_on_one_worker_moves_no_sample_and_is_said(tmp_path, node):
    assert FAKETIME, "libfaketime is missing: apt-get install -y --no-install-recommends faketime"
    step = tmp_path / "step"
    step.write_text("+0\n")
    with Cluster(tmp_path, *target(node), *SHORT, "--duration", "10s", "--allow", "schedule-lag,generator-cpu") as cluster:
        cluster.worker()
        cluster.worker(
            LD_PRELOAD=str(FAKETIME), FAKETIME_TIMESTAMP_FILE=str(step), FAKETIME_DONT_FAKE_MONOTONIC="1",
            FAKETIME_CACHE_DURATION="1",
        )  # fmt: skip
        cluster.wait_for(400)
        step.write_text("+120\n")
        ended = cluster.end()
    assert_counted(ended, node)
    assert failed_checks(ended) == set(), ended.out
    seconds = {w.second for w in ended.measurements.windows}
    assert max(seconds) - min(seconds) < 20  # two minutes later there is nothing
    assert ended.check("workers")["status"] == "PASS"
    assert ended.check("clock_skew")["figure"] < 1e9  # of two minutes
    assert ended.check("achieved")["status"] == "PASS", ended.check("achieved")
    assert ended.check("system_clock")["status"] == "WARN"
    # to what an exchange takes on a busy machine
    assert re.search(r"\+(119\.[5-9]|120\.[0-5]) s off the master's, nothing is judged", ended.check("system_clock")["reason"])
