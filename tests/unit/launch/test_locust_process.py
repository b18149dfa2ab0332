"""When a run's Locust has ended, so have its workers: its master does not wait for one that takes longer than itself."""

import signal
import subprocess
import sys

import psutil
import pytest

from bizra_load.exit_codes import InvalidRunError
from bizra_load.launch.locust_process import checked_code

MASTER = """
import os, signal, time
worker = os.fork()
if worker == 0:
    {worker}
    os._exit(0)
print(worker, flush=True)
os._exit(3)
"""
SUPERVISE = """
import contextlib, os, sys
from pathlib import Path
from bizra_load.launch import locust_process
locust_process.TOLD_WORKERS_END_WITHIN_S = 0.5
command = [sys.executable, "-c", sys.argv[1]]
sys.exit(locust_process.supervise(command, dict(os.environ), Path("absent"), lambda pid: contextlib.nullcontext()))
"""
TAKEN_BY_ANOTHER_THREAD = """
import contextlib, os, signal, sys, threading, time
from pathlib import Path
from bizra_load.launch import locust_process

@contextlib.contextmanager
def beside(pid):
    main = Path(f"/proc/self/task/{os.getpid()}/stat")

    def take():
        asleep = 0
        while asleep < 10:  # until the main thread waits
            time.sleep(0.01)
            asleep = asleep + 1 if main.read_text().rsplit(")")[1].split()[0] == "S" else 0
        signal.pthread_kill(threading.get_ident(), signal.SIGHUP)

    threading.Thread(target=take, daemon=True).start()
    yield

print(locust_process.supervise(["sleep", "60"], dict(os.environ), None, beside))
"""
STOPS = "os.kill(os.getpid(), signal.SIGSTOP)"


BESIDE = """
import contextlib, os, subprocess, sys
from pathlib import Path
from bizra_load.launch import locust_process
locust_process.TOLD_WORKERS_END_WITHIN_S = 0.5
with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
    ended = [sys.executable, "-c", ""]
    assert locust_process.supervise(ended, dict(os.environ), Path("absent"), lambda pid: contextlib.nullcontext()) == 0
    print(other.poll())
    other.kill()
"""


@pytest.mark.parametrize("worker", ["time.sleep(0.3)", STOPS], ids=["slow to end", "never ends"])
def test_no_worker_outlives_the_run(worker):
    command = [sys.executable, "-c", SUPERVISE, MASTER.format(worker=worker)]  # which adopts orphans: a process of its own
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert not psutil.pid_exists(int(done.stdout))


def test_a_worker_of_a_master_that_was_killed_before_the_load_began_is_not_waited_for():
    """It would look for its master for five minutes; one that may have something to hand over has a minute."""
    killed = MASTER.format(worker="time.sleep(600)").replace("os._exit(3)", "os.kill(os.getpid(), signal.SIGTERM)")
    done = subprocess.run([sys.executable, "-c", SUPERVISE, killed], stdout=subprocess.PIPE, text=True, timeout=40, check=False)
    assert done.returncode == 256 - signal.SIGTERM
    assert not psutil.pid_exists(int(done.stdout))


def test_a_signal_that_another_thread_takes_is_passed_on_too():
    """Of a closed terminal's and of `timeout`'s signals two come at once: another thread may take both."""
    done = subprocess.run(
        [sys.executable, "-c", TAKEN_BY_ANOTHER_THREAD], stdout=subprocess.PIPE, text=True, timeout=30, check=False
    )
    assert done.stdout == f"{-signal.SIGTERM}\n"


def test_what_is_no_worker_of_this_run_is_left_alone():
    """`service & exec bizra-load run ...` in a shell makes the service our child."""
    done = subprocess.run([sys.executable, "-c", BESIDE], stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    assert done.stdout == "None\n"


def test_a_daemon_that_a_locustfile_started_is_left_alone():
    """Its session is its own, so that nobody waits for it."""
    master = MASTER.format(worker="os.setsid(); os.write(away, b'x'); os.close(1); time.sleep(60)")
    master = f"import os\nready, away = os.pipe()\n{master.replace('os._exit(3)', 'os.read(ready, 1); os._exit(3)')}"
    done = subprocess.run(
        [sys.executable, "-c", SUPERVISE, master],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=60,
        check=False,
    )
    daemon = psutil.Process(int(done.stdout))
    assert daemon.is_running()
    assert daemon.status() != psutil.STATUS_ZOMBIE
    daemon.kill()


def test_an_exit_code_of_locusts_own_is_none_of_ours_before_a_load_began():
    for code in (0, 3, 4, 5, 6, -9):
        assert checked_code(code, began=False) == code
    assert checked_code(1, began=True) == 1  # the locustfile's own, where nothing is judged
    for code in (1, 2, 255):
        with pytest.raises(InvalidRunError, match=f"Locust ended with exit code {code} before a load began"):
            checked_code(code, began=False)
