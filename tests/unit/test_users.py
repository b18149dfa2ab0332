"""What an operation leaves behind."""

import json
import subprocess
import sys

from tests.e2e.running import ROOT


def test_no_operation_leaves_garbage_that_only_the_collector_finds():
    """A collection stops the loop, the longer the more there is: at 50 % errors it was over a millisecond every second."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.unit.operations_garbage"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    assert len(found) == 5
    assert set(found.values()) == {0}, found
