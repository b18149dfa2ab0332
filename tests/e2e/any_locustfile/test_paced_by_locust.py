"""Plain `locust` with register(): a planned rate paces the tasks of any user class, as `bizra-load run` does, or is refused."""

import json
import os
import subprocess
import sys

import pytest

from bizra_load.archive.latest import run_folders
from sla.judgement.checks.allowable import ALLOWABLE
from tests.e2e.any_locustfile.shop import serving
from tests.e2e.any_locustfile.test_any_locustfile import through_us
from tests.e2e.running import ROOT, Ended

MINE = """
from locust import FastHttpUser, LoadTestShape, constant, task
from bizra_load import register

register()

class Mine(FastHttpUser):
    wait_time = constant(9)

    @task
    def look(self):
        self.client.get("/items")
"""
SHAPE = (
    MINE
    + """
class Mountain(LoadTestShape):
    def tick(self):
        return None
"""
)
NOTHING_DRIVEN = (
    MINE.replace("import register", "import StagesShape, register")
    + """
class Plan(StagesShape):
    pass
"""
)
SHORT = ("--ramp", "0s", "--duration", "2s")


@pytest.fixture(scope="module")
def shop():
    with serving() as shop:
        yield shop


def by_locust(folder, shop, *words, text=MINE, **variables):
    (folder / "mine.py").write_text(text)
    command = [sys.executable, "-m", "locust", "-f", "mine.py", "--headless", "--loglevel", "ERROR", "-H", shop.url]
    allowed = ("--allow", ",".join(ALLOWABLE), "--agreement", "none")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    done = subprocess.run(
        [*command, *allowed, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    folders = run_folders(folder / "runs")
    return Ended(done.returncode, done.stdout, done.stderr, folders[-1] if folders else None)


def load_of(ended):
    """(how many arrivals were planned, for how many users)."""
    assert ended.folder is not None, ended.err
    facts = json.loads((ended.folder / "run.json").read_text())["facts"]
    return sum(w.planned for w in ended.measurements.windows), facts["slots"]


@pytest.mark.parametrize(
    ("words", "users", "variables"),
    [
        (("--target-ops", "30"), 30, {}),
        (("--target-ops", "30", "-u", "7"), 7, {}),
        (("--target-ops", "30", "-u", "61", "--pace-tasks"), 61, {}),
        (("--target-ops", "30", "--ops-per-user", "10"), 3, {}),
        ((), 5, {"TARGET_OPS_SEC": "30", "OPS_PER_USER": "6"}),
    ],
)
def test_a_planned_rate_is_that_of_tasks_and_of_as_many_users_as_were_asked_for(tmp_path, shop, words, users, variables):
    before = shop.total()
    ended = by_locust(tmp_path, shop, *SHORT, *words, **variables)
    planned, slots = load_of(ended)
    assert slots == users
    assert abs(planned - 60) <= users
    unsent = sum(w.unsent for w in ended.measurements.windows)
    assert shop.total() - before == planned - unsent
    assert ended.code == 0


def test_on_workers_too(tmp_path, shop):
    before = shop.total()
    ended = by_locust(tmp_path, shop, *SHORT, "--target-ops", "30", "-u", "8", "--processes", "2")
    planned, slots = load_of(ended)
    assert slots == 8
    assert shop.total() - before == planned - sum(w.unsent for w in ended.measurements.windows) > 40


def test_without_a_rate_users_work_as_they_please(tmp_path, shop):
    before = shop.total()
    ended = by_locust(tmp_path, shop, "-u", "3", "-r", "3", "-t", "2s", "--duration", "2s")
    assert load_of(ended) == (0, 0)
    assert shop.total() - before == 3


WRONG = [
    (("--arrivals", "saturate", "--pace-tasks"), {}, MINE, "--arrivals: saturate is for users of ours"),
    (("--target-ops", "10"), {"ARRIVALS": "saturate"}, MINE, "--arrivals: saturate is for users of ours"),
    (
        ("--target-ops", "10", "-u", "3", "--ops-per-user", "3"),
        {},
        MINE,
        "-u/--users and --ops-per-user: give only one of them",
    ),
    (("--target-ops", "10", "-u", "3"), {"OPS_PER_USER": "3"}, MINE, "-u/--users and --ops-per-user: give only one of them"),
    (("--target-ops", "10", "-t", "3s"), {}, MINE, "and ends with --duration (allowed: --duration 3s)"),
    (("--stages", "spike", "-r", "3"), {}, MINE, "-r/--spawn-rate: the planned rate begins with all users"),
    (("--target-ops", "10"), {}, SHAPE, "--target-ops: the locustfile's shape Mountain decides the load"),
    (("--target-ops", "10"), {}, NOTHING_DRIVEN, "--target-ops: the locustfile's shape Plan decides the load"),
    (
        (),
        {},
        NOTHING_DRIVEN,
        "locustfile: Plan is a StagesShape, and no user class is one that it drives (allowed: an OpenModel",
    ),
]


@pytest.mark.parametrize(("words", "variables", "text", "line"), WRONG)
def test_what_a_planned_rate_has_no_use_for_is_one_line(tmp_path, shop, words, variables, text, line):
    ended = by_locust(tmp_path, shop, *words, text=text, **variables)
    assert (ended.code, ended.folder) == (6, None)
    assert line in ended.err
    assert len(ended.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "variables", "line"),
    [
        ((), {"ARRIVALS": "saturate"}, "--arrivals: saturate is for users of ours"),
        (("-u", "3"), {"OPS_PER_USER": "3"}, "-u/--users and --ops-per-user: give only one of them"),
    ],
)
def test_a_variable_counts_like_its_option_in_a_run_of_ours(tmp_path, shop, words, variables, line):
    (tmp_path / "mine.py").write_text(MINE)
    ended = through_us(tmp_path, "-f", "mine.py", "-H", shop.url, "--target-ops", "10", *words, **variables)
    assert (ended.code, ended.folder) == (6, None)
    assert line in ended.err
