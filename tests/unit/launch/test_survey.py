"""A survey of a locustfile leaves nothing behind and always ends, whatever the file starts when it is imported."""

import os
import socket
from pathlib import Path

import psutil
import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.launch import locustfile
from bizra_load.launch.locustfile import survey
from tests.e2e.running import until

ROOT = Path(__file__).resolve().parents[3]
USERS = """
from locust import FastHttpUser, task

class Mine(FastHttpUser):
    host = "http://127.0.0.1:9"

    @task
    def go(self):
        self.client.get("/")
"""
STUB = """
import atexit, subprocess, sys
stub = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
open("pid", "w").write(str(stub.pid))
"""
AT_EXIT = """
def end():
    stub.terminate()
    stub.wait()
    open("ended", "w").close()
atexit.register(end)
"""
FORKED = """
import os, signal, time
pid = os.fork()
if pid == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(300)
open("pid", "w").write(str(pid))
"""
NEVER = """
import atexit, threading
atexit.register(threading.Event().wait)
"""


def seen(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(text + USERS)
    return survey("mine.py", (), {**os.environ, "PYTHONPATH": str(ROOT)})


def lives(tmp_path):
    """Whether what the file has started does; nobody may be there to reap it."""
    if not (tmp_path / "pid").exists():  # it was ended before it came to that
        return False
    try:
        return psutil.Process(int((tmp_path / "pid").read_text())).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.processes
@pytest.mark.parametrize("text", [STUB + AT_EXIT, STUB, FORKED], ids=["by atexit", "not at all", "forked"])
def test_what_a_file_starts_when_it_is_imported_ends_with_the_survey(tmp_path, monkeypatch, text):
    assert seen(tmp_path, monkeypatch, text).hosts == ("http://127.0.0.1:9",)
    assert until(lambda: not lives(tmp_path), "its end")
    assert (tmp_path / "ended").exists() is (AT_EXIT in text)


@pytest.mark.processes
def test_a_handler_that_never_ends_is_waited_for_for_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr(locustfile, "ENDS_WITHIN_S", 0.2)
    assert seen(tmp_path, monkeypatch, NEVER).hosts


@pytest.mark.processes
def test_a_file_that_ends_its_process_while_its_child_lives_is_refused(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"mine.py: ends its process when it is imported \(exit code 7\)"):
        seen(tmp_path, monkeypatch, FORKED + "os._exit(7)\n")


@pytest.mark.processes
def test_a_file_that_waits_for_something_is_refused_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(locustfile, "WITHIN_S", 10.0)  # a busy machine imports Locust in seconds
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(UsageError, match="takes longer than 10 s to import"):
        seen(tmp_path, monkeypatch, f"{STUB}\nimport socket\nsocket.create_connection({server.getsockname()}).recv(1)\n")
    assert until(lambda: not lives(tmp_path), "its end")
