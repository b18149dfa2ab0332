"""Tags that leave no task are one line before the load: users without any can only fail, with a traceback each time."""

import os
from pathlib import Path

import pytest

from bizra_load.cli.main import understood
from bizra_load.exit_codes import UsageError
from bizra_load.launch import model
from bizra_load.launch.locustfile import survey
from bizra_load.launch.request import load_request
from tests.unit.environment import clear_variables

ROOT = Path(__file__).resolve().parents[3]
SHOP = """
from locust import HttpUser, SequentialTaskSet, tag, task

class Steps(SequentialTaskSet):
    @tag("read")
    @task
    def look(self): ...

class Reader(HttpUser):
    tasks = [Steps]

class Buyer(HttpUser):
    @tag("write", "slow")
    @task
    def buy(self): ...
"""
UNTAGGED = """
from locust import HttpUser, task

class Mine(HttpUser):
    @task
    def go(self): ...
"""
HOST = ("-H", "http://127.0.0.1:9")
WRONG = [
    (("--tags", "nosuch"), "--tags nosuch: leaves no user class a task (allowed: its tags: read, slow, write)"),
    (
        ("--exclude-tags", "read", "slow"),
        "--exclude-tags read slow: leaves no user class a task (allowed: not all of its tags: read, slow, write)",
    ),
    (("Buyer", "--tags=read"), "--tags read: leaves no user class a task (allowed: its tags: slow, write)"),
]


def seen(tmp_path, monkeypatch, *words, text=SHOP, **variables):
    clear_variables(monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(text)
    return survey("mine.py", words, {**os.environ, "PYTHONPATH": str(ROOT), **variables})


@pytest.mark.processes
@pytest.mark.parametrize(("words", "line"), WRONG)
def test_no_task_at_all_is_refused(tmp_path, monkeypatch, words, line):
    with pytest.raises(UsageError) as refused:
        seen(tmp_path, monkeypatch, *HOST, *words)
    assert str(refused.value) == f"-f: mine.py: {line}"


@pytest.mark.processes
def test_a_locustfile_without_tags_says_so(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"allowed: without it: no task has a tag"):
        seen(tmp_path, monkeypatch, *HOST, "--tags", "read", text=UNTAGGED)


@pytest.mark.processes
def test_what_locusts_variable_and_configuration_say_counts_and_is_named(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"mine.py: LOCUST_TAGS nosuch: leaves no user class a task"):
        seen(tmp_path, monkeypatch, *HOST, LOCUST_TAGS="nosuch")
    (tmp_path / "locust.conf").write_text("tags = other\n")
    with pytest.raises(UsageError, match=r"mine.py: --tags of Locust's configuration other: leaves no user class a task"):
        seen(tmp_path, monkeypatch, *HOST)


@pytest.mark.processes
def test_a_class_that_is_left_without_a_task_is_a_line_before_the_load(tmp_path, monkeypatch):
    given = seen(tmp_path, monkeypatch, *HOST, "--tags", "read")
    line = "--tags read: no task is left to Buyer, whose users can only fail (allowed: its tags: slow, write)"
    assert given.without_task == line
    monkeypatch.setattr(model, "survey", lambda *_: given)
    args = understood(["run", "-f", "mine.py", *HOST, "--tags", "read"])
    assert load_request(vars(args), args.words).remarks == (line,)
    assert not seen(tmp_path, monkeypatch, *HOST, "--tags", "read", "slow").without_task
    assert not seen(tmp_path, monkeypatch, *HOST).without_task


@pytest.mark.processes
def test_tags_are_nothing_to_what_makes_no_load_here(tmp_path, monkeypatch):
    assert not seen(tmp_path, monkeypatch, "--worker", "--tags", "nosuch").without_task
    assert not seen(tmp_path, monkeypatch, "--list", "--tags", "nosuch").without_task


IDLE = """
from locust import FastHttpUser, User, task

class Idle(FastHttpUser): ...
class Greeter(User):
    def on_start(self): ...
class Runner(User):
    def run(self): ...
class Busy(User):
    @task
    def go(self): ...
"""


@pytest.mark.processes
def test_a_class_without_any_task_is_refused_where_there_is_no_other_and_else_named(tmp_path, monkeypatch):
    a_task = "allowed: a method with @task, or tasks = [...]"
    with pytest.raises(UsageError) as refused:
        seen(tmp_path, monkeypatch, *HOST, "Idle", text=IDLE)
    assert str(refused.value) == f"-f: mine.py: no task in Idle ({a_task})"
    lines = [
        seen(tmp_path, monkeypatch, *HOST, *names, text=IDLE).without_task for names in ((), ("Greeter", "Runner", "Busy"))
    ]
    assert lines == [f"no task in Idle, whose users can only fail ({a_task})", ""]
