"""Whose exit code a process of Locust's ends with, and the line that says so. In a process of its own: importing Locust patches
the standard library.
"""

import json
import subprocess
import sys

import pytest

from tests.e2e.running import ROOT

CODE = """
import json, sys
from locust.env import Environment
from bizra_load.runtime.exit_code import ExitCode

judged, users = json.loads(sys.argv[1])
environment = Environment()
ours = ExitCode(environment)

@environment.events.quitting.add_listener
def on_quitting(environment, **_):
    if users is not None:
        environment.process_exit_code = users

ours.is_ours(5)
(ours.is_ours if judged else ours.is_ours_or_the_users)(0)
environment.events.quitting.fire(environment=environment, reverse=True)
print(environment.process_exit_code)
"""
LINE = "exit code 1: the locustfile's own (environment.process_exit_code), as nothing was judged\n"


@pytest.mark.processes
@pytest.mark.parametrize(
    ("judged", "users", "code", "line"),
    [(False, 1, "1", LINE), (False, 0, "0", ""), (False, None, "0", ""), (True, 1, "0", ""), (True, None, "0", "")],
)
def test_a_line_says_that_the_code_is_the_locustfiles_own(judged, users, code, line):
    command = [sys.executable, "-c", CODE, json.dumps([judged, users])]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout.strip(), ended.stderr) == (code, line)
