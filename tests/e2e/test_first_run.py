"""docs/first-run.md, carried out from its first command to its last, against a shop."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from sla.judgement.checks.allowable import ALLOWABLE
from tests.e2e.any_locustfile.shop import serving
from tests.e2e.running import ROOT

PAGE = (ROOT / "docs/first-run.md").read_text()
SHOP = "http://shop.example"
COMMAND = re.compile(r"^    \.venv/bin/bizra-load (.+) # exit code (\d)$", re.MULTILINE)
LOCUSTFILE = re.search(r"```python\n(.+?)```", PAGE, re.DOTALL).group(1)
FROM_LOCUST, FROM_K6 = (COMMAND.findall(part) for part in PAGE.split("## From ")[1:])


@pytest.fixture
def checkout(tmp_path):
    shutil.copytree(ROOT / "locustfiles", tmp_path / "locustfiles")
    (tmp_path / "items.py").write_text(LOCUSTFILE)
    return tmp_path


def carried_out(folder, url, command):
    """What busy cores do to a load is not what the page is on: it may fail the run's own checks."""
    verb, *words = shlex.split(command.replace(SHOP, url))
    if verb in ("run", "assess"):
        words += ["--allow", ",".join(ALLOWABLE)]
    environment = {name: value for name, value in os.environ.items() if name != "WORKERS"} | {"PYTHONPATH": str(ROOT)}
    started = [sys.executable, "-m", "bizra_load.cli.main", verb, *words]
    return subprocess.run(started, cwd=folder, env=environment, capture_output=True, text=True, timeout=200, check=False)


@pytest.mark.parametrize(("path", "least"), [(FROM_LOCUST, 6), (FROM_K6, 5)], ids=["from Locust", "from k6"])
def test_every_command_of_the_path_ends_as_the_page_says(checkout, path, least):
    assert len(path) >= least
    with serving() as shop:
        for command, code in path:
            done = carried_out(checkout, shop.url, command)
            assert done.returncode == int(code), f"{command}\n{done.stdout}{done.stderr}"
            assert "Traceback" not in done.stderr
        assert shop.total() > 500
    written = {"agreement.yaml", "report.html"} if path is FROM_LOCUST else {"junit.xml"}
    assert written <= set(os.listdir(checkout))


def test_every_command_of_the_page_is_carried_out():
    commands = re.findall(r"^    \S.*$", re.sub(r"```.+?```", "", PAGE, flags=re.DOTALL), re.MULTILINE)
    assert len(commands) == len(FROM_LOCUST) + len(FROM_K6)
