"""A test that is started in the web form while the one before is still ending."""

import threading

import pytest

from bizra_load.archive.latest import run_folders
from sla.judgement.checks.allowable import ALLOWABLE
from tests.e2e.any_locustfile.shop import serving
from tests.e2e.running import until
from tests.e2e.web_ui import RunWebUI

LONG = """
import gevent
from locust import FastHttpUser, task

class Long(FastHttpUser):
    @task
    def long(self):
        self.client.get("/items")
        gevent.sleep(3)
"""
USERS = {"user_count": "2", "spawn_rate": "2"}
LINE = "the test before is still ending (allowed: start again once it has ended)"


@pytest.mark.parametrize("processes", ["1", "2"])
def test_it_is_refused_until_that_one_has_its_verdict(tmp_path, processes):
    (tmp_path / "long.py").write_text(LONG)
    out = tmp_path / "runs"
    words = ("--processes", processes, "--allow", ",".join(ALLOWABLE))
    with serving() as shop, RunWebUI(tmp_path / "long.py", out, *words, target=shop.url) as ui:
        assert ui.post("/swarm", USERS).json()["success"]
        until(lambda: ui.state == "running" and shop.total(), "the test")
        [first] = run_folders(out)
        stopping = threading.Thread(target=lambda: ui.post("/stop"))
        stopping.start()
        # before it is stopped, its number of users may be changed
        until(lambda: ui.post("/swarm", USERS).json().get("message") == LINE, "a refusal", 10)
        while not ui.post("/swarm", USERS).json()["success"]:
            assert len(run_folders(out)) == 1
        stopping.join()
        assert (first / "assessment.json").exists()
        until(lambda: len(run_folders(out)) == 2, "the second run")
        before = shop.total()
        until(lambda: shop.total() > before, "its load")
        assert ui.state in ("running", "spawning")
        ui.post("/stop")
        second = run_folders(out)[-1]
        assert second != first
        assert (second / "assessment.json").exists()
