"""Paced tasks on workers of which one comes late: its share of the rate is taken from the other, and no more is sent."""

import pytest

from tests.e2e.any_locustfile.shop import serving
from tests.e2e.faults.cluster import Cluster, sequences
from tests.e2e.running import until

RATE = 40
MINE = """
import gevent
from locust import FastHttpUser, task
from bizra_load import register

register()

class Mine(FastHttpUser):
    @task
    def look(self):
        self.client.get("/items")
        gevent.sleep(0.03)
        self.client.get("/items", name="second")
"""


@pytest.mark.slow
def test_a_late_worker_takes_its_share_and_the_rate_stays_as_planned(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    # long enough for a busy machine, which moves users within seconds
    plan = ("--target-ops", str(RATE), "--ramp", "0s", "--duration", "25s", "-u", "8")
    with serving() as shop:
        options = ("-f", str(tmp_path / "mine.py"), "-H", shop.url, *plan, "--agreement", "none", "--enable-rebalancing")
        with Cluster(tmp_path / "runs", *options, workers=1) as cluster:
            first = cluster.worker()
            folder = cluster.wait_for(20)
            late = cluster.worker()
            until(
                lambda: min(sequences(folder).values()) >= 1 and len(sequences(folder)) == 2, "two reports of the late worker"
            )
            ended = cluster.end()
            errors = [worker.communicate(timeout=20)[1] for worker in (first, late)]
            assert [worker.returncode for worker in (first, late)] == [0, 0], errors
    windows = [w for w in ended.measurements.windows if w.operation == "task look"]
    assert {w.failures for w in windows} == {0}
    last = ended.measurements.facts.load_ended_ns // 10**9
    by_second = [sum(w.finished for w in windows if w.second == last - back) for back in range(1, 4)]
    assert abs(sum(by_second) - 3 * RATE) <= 12, by_second  # it was half as much again
