"""Task sets under a planned rate: whatever goes wrong in one, no more of its turns begin than arrivals are due."""

import pytest

from tests.e2e.any_locustfile.shop import serving
from tests.e2e.any_locustfile.test_any_locustfile import our_totals, through_us

USERS = 4
PLAN = ("--target-ops", "20", "--ramp", "0s", "--duration", "3s", "-u", str(USERS))
SET = """
from locust import FastHttpUser, TaskSet, task

class Visit(TaskSet):
    entered = 0

    def on_start(self):
        Visit.entered += 1
        self.client.post("/login")
        {on_start}

    @task
    def browse(self):
        self.client.get("/items")
        {browse}

class Visitor(FastHttpUser):
    tasks = [{tasks}]
"""
ONCE = "class Outer(TaskSet):\n    tasks = [Visit]\n\n"
FLOODS = {
    "raises": SET.format(on_start="raise ValueError('no seat')", browse="", tasks="Visit"),
    "leaves for another after a wait": SET.format(on_start="self.interrupt(reschedule=False)", browse="", tasks="Visit"),
    "leaves for another at once": SET.format(on_start="self.interrupt()", browse="", tasks="Visit"),
    "raises in a set of a set": SET.format(on_start="raise ValueError('no seat')", browse="", tasks="Outer").replace(
        "class Visitor", ONCE + "class Visitor"
    ),
}
NONE_TO_CHOOSE = """
from locust import FastHttpUser, TaskSet, task

class Cart(TaskSet):
    @task
    def browse(self):
        self.client.get("/items")

    def get_next_task(self):
        self.client.post("/login")
        raise ValueError("no task left")

class Visitor(FastHttpUser):
    tasks = [Cart]
"""
NO_TASKS = """
from locust import FastHttpUser

class Visitor(FastHttpUser):
    def on_start(self):
        pass  # might go on for ever
"""


@pytest.fixture
def shop():
    with serving() as shop:
        yield shop


def run_of(tmp_path, shop, text):
    """(the run; how many arrivals were planned for its users and not left unsent)."""
    (tmp_path / "mine.py").write_text(text)
    ended = through_us(tmp_path, "-f", "mine.py", "-H", shop.url, *PLAN)
    assert ended.folder is not None, ended.err
    windows = ended.measurements.windows
    return ended, sum(w.planned for w in windows) - sum(w.unsent for w in windows)


@pytest.mark.parametrize("case", FLOODS)
def test_a_set_that_ends_before_its_first_task_is_entered_again_when_an_arrival_is_due(tmp_path, shop, case):
    ended, arrivals = run_of(tmp_path, shop, FLOODS[case])
    logins = shop.asked["POST", "/login"]
    assert arrivals - USERS <= logins <= arrivals + USERS  # each user enters once before its first arrival
    requests, failures = our_totals(ended)["task Visit"]
    assert abs(requests - arrivals) <= USERS
    assert failures == (requests if "raises" in case else 0)
    if "raises" in case:
        assert "no seat" in (ended.folder / "failures.jsonl").read_text()
        assert {c for w in ended.measurements.windows for c in w.failed} == {"exception"}


@pytest.mark.parametrize(
    ("text", "name", "reason"), [(NONE_TO_CHOOSE, "Cart", "no task left"), (NO_TASKS, "Visitor", "No tasks defined on Visitor")]
)
def test_a_set_that_has_no_task_turns_when_an_arrival_is_due(tmp_path, shop, text, name, reason):
    ended, arrivals = run_of(tmp_path, shop, text)
    assert arrivals > USERS
    assert shop.asked["POST", "/login"] <= arrivals + 2 * USERS
    requests, failures = our_totals(ended)[f"task {name}"]
    assert abs(requests - arrivals) <= USERS
    assert failures == requests
    assert reason in (ended.folder / "failures.jsonl").read_text()


def test_an_arrival_that_a_set_was_entered_with_is_that_of_its_first_task(tmp_path, shop):
    """Every other time it can't be entered."""
    text = SET.format(on_start="assert Visit.entered % 2, 'full'", browse="self.interrupt()", tasks="Visit")
    ended, arrivals = run_of(tmp_path, shop, text)
    ours = our_totals(ended)
    assert abs(ours["task Visit"][0] + ours["task browse"][0] - arrivals) <= USERS
    assert ours["task Visit"][0] == ours["task Visit"][1] > 0
    assert ours["task browse"] == (shop.asked["GET", "/items"], 0)
    assert shop.asked["POST", "/login"] <= 2 * arrivals + USERS


def test_a_task_that_waits_by_itself_takes_no_arrival_by_that(tmp_path, shop):
    text = SET.format(on_start="pass", browse="self.wait(); self.wait(); self.user.wait()", tasks="Visit")
    ended, arrivals = run_of(tmp_path, shop, text)
    assert our_totals(ended)["task browse"] == (shop.asked["GET", "/items"], 0)
    assert abs(shop.asked["GET", "/items"] - arrivals) <= USERS
    assert "task Visit" not in our_totals(ended)
