"""Which request of a task counts from when the task was due. In a process of its own: importing Locust patches the standard
library.
"""

import json
import subprocess
import sys

START = """
import json
import gevent
from concurrent.futures import ThreadPoolExecutor
from gevent.pool import Pool
from bizra_load.runtime import due_task

def task(due_ns, work):
    begun = due_task.begin(due_ns)
    try:
        return work()
    finally:
        due_task.end()
        assert due_task.current() is None
        failures.append(begun.failure)

def request():
    task = due_task.current()
    if task is not None and task.failure is None:
        task.failure = "transport", "first"
    return task.take_due() if task is not None else None

def in_a_pool():
    pool = Pool(5)
    started = [pool.spawn(request) for _ in range(5)]
    pool.join()
    return [one.value for one in started] + [request()]

def deep():
    return gevent.spawn(lambda: gevent.spawn(request).get()).get(), request()

def in_threads():
    with ThreadPoolExecutor(2) as pool:
        return [pool.submit(request).result() for _ in range(2)]

def left_over():
    late.append(gevent.spawn_later(0.02, request))

def user(number):
    return [
        task(number, lambda: [request(), request()]),
        task(number + 1, in_a_pool),
        task(number + 2, deep),
        task(number + 3, in_threads),
        task(number + 4, left_over),
        task(number + 5, lambda: (gevent.sleep(0.04), request())[1]),
        request(),
    ]

late, failures = [], []
users = gevent.spawn(lambda: [gevent.spawn(user, 10), gevent.spawn(user, 20)]).get()
print(json.dumps([[one.get() for one in users], [one.get() for one in late], failures]))
"""


def test_the_first_request_of_a_task_has_its_due_time_whichever_greenlet_of_it_makes_it():
    command = [sys.executable, "-c", "import locust\n" + START]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    users, late, failures = json.loads(done.stdout)
    for first, made in zip((10, 20), users, strict=True):
        alone, pool, deep, threads, left_over, next_one, after = made
        assert alone == [first, None]
        assert pool == [first + 1, None, None, None, None, None]
        assert deep == [first + 2, None]
        assert threads == [first + 3, None]
        assert left_over is None
        assert next_one == first + 5  # what the task before has left running takes nothing of it
        assert after is None
    assert late == [None, None]
    assert failures.count(None) == 2  # those whose requests were made after them
    assert failures.count(["transport", "first"]) == 10
