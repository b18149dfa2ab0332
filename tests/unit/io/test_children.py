"""A signal that ends the command comes in the worst moments: within a fork, within the removal of a folder."""

import os
import signal
import subprocess
import sys
import tempfile

import psutil
import pytest

from bizra_load.io import children
from tests.e2e.running import until
from tests.unit.io.test_signals import Ended, number  # noqa: F401  # a fixture

PAUSE = [sys.executable, "-c", "import signal; signal.pause()"]
# the signal comes while Python calls what was registered for after a fork, and ignores what that raises
WITHIN_A_FORK = """
import os, signal, sys
from bizra_load.io import children

class Ended(BaseException): pass

def end(*_): raise Ended

signal.signal(signal.SIGHUP, end)
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGHUP))
try:
    children.start([sys.executable, "-c", "import signal; signal.pause()"])
except Ended:
    print("ended")
else:
    print("went on")
"""


@pytest.mark.processes
def test_a_signal_within_a_fork_ends_the_command_and_what_was_started():
    done = subprocess.run([sys.executable, "-c", WITHIN_A_FORK], capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.stderr) == ("ended\n", "")


@pytest.mark.processes
def test_what_is_started_ends_with_who_started_it():
    starts = f"from bizra_load.io import children; print(children.start({PAUSE!r}).pid)"
    printed = subprocess.run([sys.executable, "-c", starts], stdout=subprocess.PIPE, text=True, timeout=30, check=True)
    until(
        lambda: (
            not psutil.pid_exists(int(printed.stdout)) or psutil.Process(int(printed.stdout)).status() == psutil.STATUS_ZOMBIE
        ),
        "end",
    )


@pytest.mark.processes
@pytest.mark.parametrize(
    ("heeds", "within_s", "code"), [("SIG_DFL", 30.0, -signal.SIGTERM), ("SIG_IGN", 0.05, -signal.SIGKILL)]
)
def test_what_does_not_end_when_asked_is_killed(heeds, within_s, code):
    program = f"import signal; signal.signal(15, signal.{heeds}); print(1, flush=True); signal.pause()"
    with children.start([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        children.end(process, within_s)
        assert process.returncode == code
        children.end(process, within_s)  # it may have ended before


def paused(ended_by):
    with children.process(PAUSE):
        if ended_by:
            os.kill(os.getpid(), ended_by)


@pytest.mark.processes
@pytest.mark.parametrize("when", ["started", "in use", "ended"])
def test_a_signal_leaves_no_process_behind(monkeypatch, number, when):  # noqa: F811  # a fixture
    before = psutil.Process().children()

    def struck(function):
        def strike(*args, **more):
            result = function(*args, **more)
            os.kill(os.getpid(), number)
            return result

        return strike

    if when != "in use":
        name = "start" if when == "started" else "end"
        monkeypatch.setattr(children, name, struck(getattr(children, name)))
    with pytest.raises(Ended):
        paused(number if when == "in use" else None)
    assert psutil.Process().children() == before


def in_use(ended_by):
    with children.temporary_folder() as folder:
        (folder / "data").write_text("of Prometheus")
        if ended_by:
            os.kill(os.getpid(), ended_by)


@pytest.mark.parametrize("when", ["made", "in use", "removed"])
def test_a_signal_leaves_no_temporary_folder_behind(tmp_path, monkeypatch, number, when):  # noqa: F811  # a fixture
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def struck(function):
        def strike(*args, **more):
            result = function(*args, **more) if when == "made" else None
            os.kill(os.getpid(), number)
            return function(*args, **more) if when == "removed" else result

        return strike

    if when == "made":
        monkeypatch.setattr(tempfile, "mkdtemp", struck(tempfile.mkdtemp))
    if when == "removed":
        monkeypatch.setattr(tempfile.TemporaryDirectory, "_rmtree", staticmethod(struck(tempfile.TemporaryDirectory._rmtree)))
    with pytest.raises(Ended):
        in_use(number if when == "in use" else None)
    assert list(tmp_path.iterdir()) == []
