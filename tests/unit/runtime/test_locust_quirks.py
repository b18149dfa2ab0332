"""What Locust's own waits are shortened to, and that nothing else about them changes. In a process of its own: importing Locust
patches the standard library."""

import subprocess
import sys

HEAD = """
import time
from types import SimpleNamespace as Some

import gevent.event
from locust.runners import MasterRunner

from bizra_load.runtime.locust_quirks import end_once, users_are_there, wait_for_workers

def master(*states, users=0, target=4):
    runner = MasterRunner.__new__(MasterRunner)
    runner.greenlet = None
    runner.user_greenlets = ()
    runner.clients = Some(all=[Some(state=s, user_count=0) for s in states], values=lambda: [Some(user_count=users)])
    runner.target_user_count = target
    return runner
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", HEAD + code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_master_quits_once_and_is_asked_again_only_if_that_failed():
    run(
        """
calls = []
runner = Some(stop=print, quit=lambda: calls.append(1), user_greenlets=())
end_once(runner, list)
for _ in range(4):
    runner.quit()
assert calls == [1]

def fails():
    calls.append(2)
    raise OSError
runner = Some(stop=print, quit=fails, user_greenlets=())
end_once(runner, list)
for _ in range(2):
    try:
        runner.quit()
    except OSError:
        pass
assert calls == [1, 2, 2]

def ends_its_own_greenlet():
    calls.append(3)
    raise gevent.GreenletExit
runner = Some(stop=print, quit=ends_its_own_greenlet, user_greenlets=())
end_once(runner, list)
gevent.spawn(runner.quit).join()
runner.quit()
assert calls == [1, 2, 2, 3]
"""
    )


def test_a_master_quits_when_its_workers_have_said_their_last_words_or_half_a_second_is_over():
    run(
        """
from bizra_load.runtime import locust_quirks

def quitting(within_s):
    said, runner = [], master("ready", "ready")
    for n, client in enumerate(runner.clients.all):
        client.id = f"worker-{n}"
    runner.stop = lambda send_stop_to_client: said.append(send_stop_to_client)
    runner.server = Some(send_to_client=lambda message: said.append((message.type, message.node_id)))
    runner.greenlet = Some(kill=lambda block: said.append("killed"))
    runner.environment = Some(parsed_options=None)
    locust_quirks.LAST_WORDS_WITHIN_S = within_s
    end_once(runner, list)
    return runner, said

everything = [False, ("quit", "worker-0"), ("quit", "worker-1"), "killed"]
runner, said = quitting(1e9)
quits = gevent.spawn(runner.quit)
gevent.sleep(0.02)
assert said == everything[:3], said
runner.clients.all.clear()  # as Locust does when a worker says that it quits
quits.join()
assert said == everything, said

runner, said = quitting(0.02)
runner.quit()
assert said == everything, said
"""
    )


def test_whoever_stops_a_run_that_is_being_stopped_waits_until_that_is_done():
    run(
        """
said, drained = [], gevent.event.Event()

class Runner:
    stopped, user_greenlets = False, ()

    def stop(self, send_stop_to_client=True):
        if self.stopped:
            return said.append("nothing left to stop")
        said.append("drains")
        drained.wait()
        self.stopped = True
        said.append("stopped")

    def quit(self):
        self.stop(send_stop_to_client=False)
        said.append("quits")

runner = Runner()
end_once(runner, list)
first = gevent.spawn(runner.stop)
gevent.idle()
others = [gevent.spawn(runner.quit), gevent.spawn(runner.stop), gevent.spawn(runner.quit)]
gevent.idle()
assert said == ["drains"], said
drained.set()
gevent.joinall([first, *others], raise_error=True)
assert said[:2] == ["drains", "stopped"], said
assert sorted(said[2:]) == ["nothing left to stop", "nothing left to stop", "quits"], said
"""
    )


def test_users_are_there_when_all_are_or_when_all_workers_that_are_left_say_so():
    run(
        """
assert users_are_there(master("running", "running", users=4))
assert users_are_there(master("running", "spawning", users=4))  # its last message is on its way
assert not users_are_there(master("running", "spawning", users=2))
assert not users_are_there(master("ready", "ready", users=0))
assert not users_are_there(master("missing", "missing", users=0))
assert users_are_there(master("running", "missing", users=2))
assert not users_are_there(master("spawning", "missing", users=2))
assert users_are_there(Some(user_count=4, target_user_count=4))
assert not users_are_there(Some(user_count=3, target_user_count=4))
assert not users_are_there(Some(user_count=0, target_user_count=0))
"""
    )


def test_workers_are_waited_for_only_until_they_are_ready():
    run(
        """
runner = Some(clients=Some(ready=[]))
gevent.spawn_later(0.05, runner.clients.ready.extend, [1, 2])
wait_for_workers(runner, 2)
assert len(runner.clients.ready) == 2
wait_for_workers(runner, 0)
"""
    )


def test_users_have_their_time_to_end_or_the_one_that_was_asked_for():
    allowed = """
from types import SimpleNamespace as Some
from bizra_load.runtime.locust_quirks import stop_users
for own_s in (0, 1, 60):
    environment = Some(stop_timeout=own_s)
    runner = Some(environment=environment, user_classes_count={}, stop_users=lambda _: print(environment.stop_timeout))
    stop_users(runner, 11, print)
    assert environment.stop_timeout == own_s
"""
    done = subprocess.run([sys.executable, "-c", allowed], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["12.0", "2.0", "61.0"], done.stderr
