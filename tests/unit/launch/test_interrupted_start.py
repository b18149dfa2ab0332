"""Ctrl+C in the first second of Locust's process, which is imports, ends it without a word: its terminal has our one line."""

import signal
import subprocess
import sys

import pytest

from bizra_load.io import children
from bizra_load.launch import locust_process
from bizra_load.launch.locust_process import ATTACHED
from tests.e2e.running import ROOT


@pytest.mark.processes
def test_ctrl_c_while_locust_is_imported_prints_nothing(tmp_path):
    with open(tmp_path / "printed", "wb") as printed:
        command = [sys.executable, "-m", ATTACHED, "-f", "none.py"]
        process = children.start(command, held=(signal.SIGINT,), cwd=ROOT, stdout=printed, stderr=subprocess.STDOUT)
        process.send_signal(signal.SIGINT)  # it has not begun to import anything
        assert process.wait(timeout=60) == -signal.SIGINT
    assert (tmp_path / "printed").read_bytes() == b""


def test_a_supervised_process_begins_with_ctrl_c_held(monkeypatch):
    asked = {}

    class StartedError(Exception):
        pass

    def start(command, **options):
        asked.update(options)
        raise StartedError

    monkeypatch.setattr(locust_process, "start", start)
    monkeypatch.setattr(locust_process, "adopt_orphans", lambda: None)
    with pytest.raises(StartedError):
        locust_process.supervise(["locust"], {}, None, lambda _: None)
    assert asked["held"] == (signal.SIGINT,)
