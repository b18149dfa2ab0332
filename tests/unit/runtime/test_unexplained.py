"""Which exceptions of a locustfile's code a failed request explains: of real users of Locust, in a process of their own."""

import json
import subprocess
import sys

import pytest

USERS = """
import json

import gevent
from gevent.pool import Pool
from locust import User, task
from locust.env import Environment
from locust.exception import StopUser

from bizra_load.runtime.unexplained import unexplained_of

def raises():
    raise ValueError("no request failed")

class Mine(User):
    @task
    def step(self):
        if len(done) == len(STEPS):
            raise StopUser
        done.append(1)
        STEPS[len(done) - 1]()

def failed():
    unexplained_of(environment).request_failed()

def in_a_pool():
    pool = Pool(1)
    pool.spawn(failed)
    pool.join()

def both():
    failed()
    raises()

def pool_then_raises():
    in_a_pool()
    raises()

STEPS = {steps}
done = []
environment = Environment(user_classes=[Mine])
runner = environment.create_local_runner()
unexplained = unexplained_of(environment)
runner.start(1, spawn_rate=1)
while not done or runner.user_greenlets:
    gevent.sleep(0.01)
print(json.dumps([len(done), sum(row["count"] for row in runner.exceptions.values()), unexplained.count]))
"""


@pytest.mark.parametrize(
    ("steps", "raised", "unexplained"),
    [
        ("[raises, raises]", 2, 2),
        ("[both, both]", 2, 0),
        ("[failed, raises]", 1, 1),  # a request of another task failed
        ("[failed, both, raises, both]", 3, 1),
        ("[pool_then_raises, raises]", 2, 1),
        ("[in_a_pool, failed, failed]", 0, 0),
    ],
)
def test_an_exception_is_explained_by_a_failed_request_of_its_own_task(steps, raised, unexplained):
    command = [sys.executable, "-c", USERS.replace("{steps}", steps)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [steps.count(",") + 1, raised, unexplained], done.stderr
