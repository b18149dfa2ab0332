"""The end of a run of Locust's own users whose tasks go on for ever: what is under way ends, no task begins another request."""

import pytest

from tests.e2e.any_locustfile.shop import serving
from tests.e2e.any_locustfile.test_any_locustfile import our_totals, through_us, totals

ENDLESS = """
import gevent
from locust import FastHttpUser, HttpUser, TaskSet, constant, task

class Visit(TaskSet):
    def on_stop(self):
        self.client.get("/leave")

    @task
    def stay(self):
        while True:
            self.client.get("/slow")
            gevent.sleep(0.02)

class Endless:
    tasks = [Visit]
    wait_time = constant(0.02)

    def on_stop(self):
        self.client.get("/bye")

class Fast(Endless, FastHttpUser):
    fixed_count = 2

class Plain(Endless, HttpUser):
    fixed_count = 2
"""
SWALLOWS = """
from locust import FastHttpUser, task

class Stubborn(FastHttpUser):
    @task
    def stay(self):
        while True:
            try:
                self.client.get("/slow")
            except Exception:
                pass
"""


IN_STEPS = """
import gevent
from locust import FastHttpUser, task

class Visitor(FastHttpUser):
    @task
    def visit(self):
        for _ in range(4):
            self.client.get("/items")
            gevent.sleep(0.2)
"""


def ended_after_s(ended):
    """How long after the end of the load the last request ended."""
    end_ns = ended.measurements.facts.load_ended_ns
    return max(w.second for w in ended.measurements.windows if w.finished) - end_ns / 1e9


@pytest.mark.parametrize("load", [("-u", "4", "-r", "4", "-t", "3"), ("--target-ops", "5", "--ramp", "0s", "--duration", "3s")])
def test_a_task_without_an_end_makes_no_request_after_that_of_the_run(tmp_path, load):
    (tmp_path / "endless.py").write_text(ENDLESS)
    with serving() as shop:
        ended = through_us(tmp_path, "-f", "endless.py", "-H", shop.url, *load)
        ours, theirs = our_totals(ended), totals(ended.folder / "locust-stats.json")
        assert ended_after_s(ended) < 2  # the limit of the drain is 11 s
        requests = {name: counts for name, counts in ours.items() if name.startswith("GET ")}
        assert {f"{method} {name}": counts for (method, name), counts in theirs.items()} == requests
        assert sum(finished for finished, _ in requests.values()) == shop.total()
        assert requests["GET /bye"] == requests["GET /leave"] != (0, 0)  # what on_stop() asks is asked


def test_code_that_lets_no_task_end_goes_on_until_the_limit(tmp_path):
    (tmp_path / "stubborn.py").write_text(SWALLOWS)
    with serving() as shop:
        ended = through_us(tmp_path, "-f", "stubborn.py", "-H", shop.url, "-u", "2", "-t", "2", "--request-timeout", "2s")
        assert 1 < ended_after_s(ended) < 8
        assert our_totals(ended)["GET /slow"][0] > 20


def test_tasks_of_a_planned_rate_come_to_their_end_where_others_did(tmp_path):
    (tmp_path / "visits.py").write_text(IN_STEPS)
    plan = ("--target-ops", "10", "--ramp", "0s", "--duration", "4s")
    with serving() as shop:
        ended = through_us(tmp_path, "-f", "visits.py", "-H", shop.url, *plan)
        assert our_totals(ended)["task visit"] == (shop.total() // 4, 0)
        assert our_totals(ended)["GET /items"] == (shop.total(), 0)
