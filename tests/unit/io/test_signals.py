"""A signal that ends a command is never lost, nor heard where it must not be."""

import os
import signal
import subprocess
import sys

import pytest

from bizra_load.io import signals

# when an object is collected, Python calls back, and ignores what that raises
WHILE_COLLECTED = """
import os, sys, time, types, weakref
from bizra_load.cli import main

class Collected: pass

def command(_):
    collected = Collected()
    reference = weakref.ref(collected, lambda _: os.kill(os.getpid(), number))
    del collected
    time.sleep(60)

number = int(sys.argv.pop())
sys.modules["bizra_load.cli.baseline"] = types.SimpleNamespace(run_node=command)
sys.exit(main.main())
"""


class Ended(BaseException):
    """As a handler raises it."""


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def number(request):
    def end(*_):
        raise Ended

    before = signal.signal(request.param, end)
    yield request.param
    signal.signal(request.param, before)


def test_a_signal_that_is_held_within_another_block_comes_at_the_end_of_the_last(number):
    steps = []

    def ended():
        with signals.signals_held():
            with signals.signals_held():
                os.kill(os.getpid(), number)
                steps.append("within both")
            steps.append("within one")
        steps.append("after")

    with pytest.raises(Ended):
        ended()
    assert steps == ["within both", "within one"]


@pytest.mark.processes
def test_a_signal_while_something_is_collected_ends_the_command(number):
    command = [sys.executable, "-c", WHILE_COLLECTED, "baseline", "node", str(int(number))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")
