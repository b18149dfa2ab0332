"""A worker that came late: Locust told it of the test, and gave it users, before anybody of ours listened.

In a process of its own: importing Locust patches the standard library.
"""

import json
import subprocess
import sys

import pytest

LATE = """
import json, sys
from argparse import Namespace

from locust import User, task
from locust.env import Environment
from locust.runners import STATE_RUNNING, WorkerRunner
from locust.user.task import TaskSet

from bizra_load.runtime.plugin import install

class Mine(User):
    @task
    def look(self):
        pass

class Worker(WorkerRunner):  # one without a connection
    worker_state = STATE_RUNNING

    def __init__(self, environment):
        self.client_id, self.worker_index, self.environment = "w", 0, environment

    def register_message(self, *_, **__):
        pass

    def send_message(self, *_, **__):
        pass

    def __del__(self):
        pass

environment = Environment(user_classes=[Mine])
environment.runner = Worker(environment)
environment.parsed_options = Namespace(bizra_load_options={"pace_tasks": sys.argv[1] == "paced"})
install(environment)
print(json.dumps(hasattr(TaskSet.execute_task, "bizra_load_paces")))
"""


@pytest.mark.processes
@pytest.mark.parametrize("model", ["paced", "closed"])
def test_its_users_wait_for_their_arrivals_where_the_master_paces_tasks(model):
    done = subprocess.run([sys.executable, "-c", LATE, model], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) is (model == "paced")
