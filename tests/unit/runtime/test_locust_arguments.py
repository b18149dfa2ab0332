"""Our options in Locust's parser beside those of a locustfile, which keep their names."""

import json
import subprocess
import sys

import pytest

from tests.e2e.running import ROOT

CODE = """
import json, sys
from types import SimpleNamespace
from locust import events
from locust.argument_parser import get_parser, ui_extra_args_dict
from bizra_load.products import settings_of
from bizra_load.runtime.locust_arguments import register_arguments, renamed
from bizra_load.settings.defaults import OPTIONS

handed_on, typed = json.loads(sys.argv[1]), json.loads(sys.argv[2])

@events.init_command_line_parser.add_listener
def before(parser):
    if handed_on is not None:
        parser.set_defaults(**{OPTIONS: handed_on})

register_arguments(typed)

@events.init_command_line_parser.add_listener
def of_the_locustfile(parser):
    parser.add_argument("--duration", type=int, default=7)

register_arguments(typed)  # of a second locustfile
options = get_parser().parse_args(sys.argv[3:])
form = {key: value["default_value"] for key, value in ui_extra_args_dict([]).items()}
print(json.dumps([options.duration, settings_of(options).curve.duration_s, renamed(options), form]))
"""


def parsed(handed_on, typed, *words, **environment):
    command = [sys.executable, "-c", CODE, json.dumps(handed_on), json.dumps(typed), *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


@pytest.mark.processes
def test_an_option_of_a_locustfile_keeps_its_name_and_ours_has_another():
    duration, ours_s, lines, form = parsed(None, True, "--duration", "3", "--bizra-load-duration", "4s", "--ramp", "1s")
    assert (duration, ours_s) == (3, 5)
    assert lines == ["--duration is an option of the locustfile's own: ours is --bizra-load-duration"]
    assert (form["duration"], form["bizra_load_duration"], form["ramp"]) == (7, "60s", "10s")


@pytest.mark.processes
def test_what_was_handed_on_counts_whatever_the_environment_says_now():
    handed_on = {"target_ops": "20", "ramp": "2s", "duration": "6s", "objective": ["all p99 < 1 s"], "abort_on_fail": True}
    duration, ours_s, _, form = parsed(handed_on, False, DURATION_SEC="99s", RAMP_UP_SEC="9s")
    assert (duration, ours_s) == (7, 8)
    shown = {
        name: form[name] for name in ("target_ops", "ramp", "bizra_load_duration", "objective", "abort_on_fail", "arrivals")
    }
    assert shown == {
        "target_ops": "20",
        "ramp": "2s",
        "bizra_load_duration": "6s",
        "objective": ["all p99 < 1 s"],
        "abort_on_fail": True,
        "arrivals": "constant",
    }
    assert not {"insecure", "evidence", "web_files", "web_names", "pace_tasks"} & set(form)


@pytest.mark.processes
def test_behind_bizra_load_run_nobody_types_our_flags():
    """They would count for nothing: `bizra-load run` has read its own."""
    assert "unrecognized arguments: --ramp" in parsed({}, False, "--ramp", "1s")
    assert isinstance(parsed({}, True, "--ramp", "1s"), list)
