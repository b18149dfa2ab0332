"""What the web form of an ordinary locustfile refuses: as `bizra-load run` does, in one line, and nothing is started."""

import re

import pytest

from tests.e2e.plain_http import listening
from tests.e2e.running import until
from tests.e2e.test_web_form import nothing_was_started, refused
from tests.e2e.web_ui import RunWebUI

MINE = """
from locust import HttpUser, User, constant, events, task

@events.init_command_line_parser.add_listener
def more(parser):
    parser.add_argument("--shop", choices=["north", "south"], default="north")
    parser.add_argument("--size", type=int, choices=[1, 2])
    parser.add_argument("--days", nargs="*", choices=["mon", "tue"], default=["mon"])

class Mine(HttpUser):
    wait_time = constant(0.1)

    @task
    def go(self):
        self.client.get("/")
"""
USERS = {"user_count": "2", "spawn_rate": "2"}
WRONG = [
    ({"user_count": "0"}, "user_count: '0' (allowed: a whole number, from 1 to 100,000)"),
    ({"host": "nourl"}, "-H/--host: not a URL: 'nourl' (allowed: http://... or https://...)"),
    ({"host": "ftp://shop.example"}, "-H/--host: not a URL: 'ftp://shop.example'"),
    ({"host": ""}, "Mine.host: no target given (allowed: a URL such as http://127.0.0.1:8080)"),
    ({"shop": "nort"}, "shop: 'nort' is unknown, did you mean 'north'? (allowed: north, south)"),
    ({"size": "3"}, "size: '3' is unknown (allowed: 1, 2)"),
    ({"days": "mon,sun"}, "days: 'sun' is unknown (allowed: mon, tue)"),
    ({"days": ["mon", "sun"]}, "days: 'sun' is unknown (allowed: mon, tue)"),
]


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    place = tmp_path_factory.mktemp("web")
    (place / "mine.py").write_text(MINE)
    asked = []
    with listening(asked) as url, RunWebUI(place / "mine.py", place / "runs", target="") as started:
        started.out, started.target = place / "runs", url
        yield started


def fields(ui, **given):
    return {**USERS, "host": ui.target, **given}


@pytest.mark.parametrize(("given", "line"), WRONG)
def test_what_the_command_line_refuses_starts_nothing(ui, given, line):
    assert refused(ui.post("/swarm", fields(ui, **given))).startswith(line)
    nothing_was_started(ui)


def test_a_host_of_one_user_class_is_checked_likewise(ui):
    line = refused(ui.post("/user", '{"user_class_name": "Mine", "host": "nourl"}'))
    assert "not a URL: 'nourl'" in line or "user_class_name" in line  # without the class picker no class can be edited


def test_an_unknown_field_is_told_each_known_one_once(ui):
    allowed = re.search(r"allowed: (.*)\)", refused(ui.post("/swarm", fields(ui, nosuch="1"))))
    names = allowed[1].split(", ")
    assert {"abort_on_fail", "agreement", "user_count", "shop"} <= set(names)
    assert len(names) == len(set(names))


def test_what_is_among_the_choices_is_taken(ui):
    assert ui.post("/swarm", fields(ui, shop="south", size="2", days=["mon", "tue"])).json()["success"]
    until(lambda: list(ui.out.glob("*/run.json")), "a run")
    assert ui.post("/stop").json()["success"]
