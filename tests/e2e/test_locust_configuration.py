"""Locust's own configuration files: plain `locust` obeys them with the plugin too, `bizra-load run` is what its options say."""

import os
import subprocess
import sys

import pytest

from bizra_load.archive.latest import run_folders
from tests.e2e.faults.cluster import reported
from tests.e2e.running import ENVIRONMENT, ROOT, Ended

# another rate, another part of the tasks, and one that would make it a master without workers
OPTIONS = {"target-ops": "7", "duration": "1s", "ramp": "0s", "users": "3", "tags": "nothing", "master": "true"}
INI = "".join(f"{name} = {value}\n" for name, value in OPTIONS.items())
TOML = "[tool.locust]\n" + "".join(f"{name} = {value if value == 'true' else repr(value)}\n" for name, value in OPTIONS.items())
FILES = {"locust.conf": INI, "~/.locust.conf": INI, "pyproject.toml": TOML}


def started(folder, home, *command):
    environment = {**os.environ, **ENVIRONMENT, "HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    folders = run_folders(folder / "runs")
    return Ended(done.returncode, done.stdout, done.stderr, folders[-1] if folders else None)


@pytest.fixture(params=FILES)
def configured(request, tmp_path):
    """(working directory, home, the file's name)."""
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir(), home.mkdir()
    (home / ".locust.conf" if request.param.startswith("~") else folder / request.param).write_text(FILES[request.param])
    return folder, home, request.param


def test_a_run_is_what_its_own_options_say(configured, node):
    folder, home, name = configured
    poi = ("-f", str(ROOT / "locustfiles/poi.py"), "-H", node.url, "--agreement", "local")
    ended = started(folder, home, "bizra_load.cli.main", "run", *poi, "--target-ops", "100", "--duration", "2s", "--ramp", "1s")
    assert sum(w.planned for w in ended.measurements.windows) == 250, ended.err
    unsent = sum(w.unsent for w in ended.measurements.windows)  # none, but where the machine stands still at the end
    assert sum(ended.finished().values()) + unsent == 250
    assert f"{name}: Locust's settings there are not used (allowed: the options of bizra-load run)" in reported(ended)


def test_plain_locust_obeys_them_with_the_plugin_too(configured, node):
    folder, home, name = configured
    path = home / ".locust.conf" if name.startswith("~") else folder / name
    path.write_text("\n".join(line for line in FILES[name].splitlines() if not line.startswith(("tags", "master"))))
    ended = started(
        folder, home, "locust", "-f", str(ROOT / "locustfiles/poi.py"), "-H", node.url, "--headless", "--agreement", "local"
    )
    assert sum(w.planned for w in ended.measurements.windows) == 7, ended.err
