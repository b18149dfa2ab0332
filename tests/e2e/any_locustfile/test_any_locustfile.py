"""`bizra-load run -f` with locustfiles that know nothing of us: what Locust counts, we count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from bizra_load.archive.latest import run_folders
from sla.judgement.checks.allowable import ALLOWABLE
from tests.e2e.any_locustfile.echo import echoing
from tests.e2e.any_locustfile.grpc_shop import serving_grpc
from tests.e2e.any_locustfile.shop import serving
from tests.e2e.running import ROOT, Ended

FILES = Path(__file__).parent / "files"


@dataclass(frozen=True)
class Case:
    """One locustfile: further words, names that Locust's statistics have, those of operations where they differ, and its tasks
    that one user is still at when the time to end is over.
    """

    words: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = (("GET", "/items"),)
    operations: tuple[str, ...] = ()
    target: bool = True
    cut_off: tuple[str, ...] = ()


CASES = {
    "fast_http": Case(names=(("GET", "/items"), ("POST", "checkout"))),
    "lean_http": Case(names=(("GET", "/broken"), ("GET", "/items"), ("POST", "checkout"))),
    "http_user": Case(names=(("GET", "/items"), ("POST", "/login"))),
    "sequential": Case(names=(("GET", "/items"), ("POST", "1 add"), ("POST", "2 pay"))),
    "catch_response": Case(names=tuple(("GET", name) for name in ("plain", "raised", "right", "wrong"))),
    "custom_shape": Case(),
    "listeners": Case(words=("--seen", "seen.txt", "--", "--duration", "9")),
    "custom_client": Case(names=(("line", "broken"), ("line", "items"))),
    "gevent_pool": Case(names=tuple(("GET", name) for name in ("/a.css", "/b.js", "/c.png", "/d.png", "page"))),
    "tagged": Case(words=("Reader", "--tags", "read")),
    "several_classes": Case(names=(("GET", "/health"), ("GET", "/items")), target=False),
    "slow_import": Case(),
    "tenants": Case(names=(("GET", "/items"), ("GET", "/ping"))),
    "ids": Case(names=(), operations=("GET /items/{id}", "POST /items/{id}")),
    "stops_itself": Case(names=(("GET", "/items"), ("GET", "/slow")), cut_off=("task wait",)),
}


@pytest.fixture
def shop():
    with serving() as shop:
        yield shop


def locust(folder, *words, **variables):
    """Plain Locust, for 3 s by its own clock, which begins before its imports: on a busy machine little is left of one."""
    command = [sys.executable, "-m", "locust", *words, "--headless", "-u", "3", "-r", "3", "-t", "3s", "--json-file", "plain"]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=False, timeout=60
    )


def through_us(folder, *words, **variables):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    environment.pop("WORKERS", None)
    # what a busy machine does to a load is not what these tests are on
    allowed = () if "--worker" in words else ("--allow", ",".join(ALLOWABLE))
    command = [sys.executable, "-m", "bizra_load.cli.main", "run", *allowed, *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240)
    folders = run_folders(folder / "runs")
    return Ended(done.returncode, done.stdout, done.stderr, folders[-1] if folders else None)


def totals(path):
    """{(method, name): (requests, failures)} of Locust's own statistics."""
    return {(e["method"], e["name"]): (e["num_requests"], e["num_failures"]) for e in json.loads(path.read_text())}


def our_totals(ended):
    counts: dict[str, Counter[str]] = {}
    for w in ended.measurements.windows:
        count = counts.setdefault(w.operation, Counter())
        count["requests"] += w.finished
        count["failures"] += w.failures
    return {name: (c["requests"], c["failures"]) for name, c in counts.items()}


@pytest.mark.parametrize("name", CASES)
def test_a_locustfile_runs_unchanged_and_everybody_counts_the_same(tmp_path, shop, name):
    case, file = CASES[name], str(FILES / f"{name}.py")
    target = ("-H", shop.url) if case.target else ()
    plain = locust(tmp_path, "-f", file, *target, *(word for word in case.words if word != "--"), SHOP=shop.url)
    assert "plain.json" in os.listdir(tmp_path), plain.stderr
    alone = totals(tmp_path / "plain.json")
    before = shop.total()
    ended = through_us(tmp_path, "-f", file, *target, "-u", "3", "-r", "3", "-t", "7s", *case.words, SHOP=shop.url)
    assert ended.code == 0, ended.out + ended.err
    assert "NOT JUDGED: no objectives were given: nothing was judged" in ended.out
    theirs = totals(ended.folder / "locust-stats.json")
    of_requests = {name: counts for name, counts in our_totals(ended).items() if name not in case.cut_off}
    if case.names:
        assert set(alone) <= set(case.names)
        assert set(theirs) == set(case.names)
        assert of_requests == {f"{method} {called}": counts for (method, called), counts in theirs.items()}
        assert {our_totals(ended)[name] for name in case.cut_off} <= {(1, 1)}
    else:
        assert set(our_totals(ended)) == set(case.operations)
    finished = sum(requests for requests, _ in of_requests.values())
    assert finished == sum(requests for requests, _ in theirs.values()) == shop.total() - before
    assert finished > 20


def test_listeners_and_tasks_share_what_is_in_memory_and_a_task_may_end_the_test(tmp_path, shop):
    """As with plain Locust in one process; with --processes each has its own."""
    ended = through_us(tmp_path, "-f", str(FILES / "one_process.py"), "-H", shop.url, "-u", "3", "-r", "3", "-t", "5m")
    assert ended.code == 0, ended.out + ended.err
    [(finished, failed)] = our_totals(ended).values()
    assert (tmp_path / "counted.txt").read_text() == f"{finished} LocalRunner\n"
    assert finished == shop.total()
    assert 60 <= finished <= 66  # a user's task may be under way
    assert failed == 0


def test_locusts_warning_of_a_shape_is_printed_once_and_not_by_its_workers_too(tmp_path, shop):
    words = ("-f", str(FILES / "custom_shape.py"), "-H", shop.url, "-u", "3", "--processes", "2")
    ended = through_us(tmp_path, *words)
    assert ended.code == 0, ended.out + ended.err
    assert ended.err.count("have no impact on LoadShapes") == ended.err.count("option(s) will be ignored") == 1


def test_failures_keep_their_messages_and_are_grouped(tmp_path, shop):
    ended = through_us(tmp_path, "-f", str(FILES / "catch_response.py"), "-H", shop.url, "-u", "3", "-r", "3", "-t", "7s")
    failures = {(f["operation"], f["category"]): f for f in ended.assessment["failures"]}
    assert set(failures) == {("GET wrong", "not_valid"), ("GET raised", "not_valid"), ("GET plain", "http_5xx")}
    assert failures["GET wrong", "not_valid"]["reason"] == "CatchResponseError: the basket is empty"
    assert failures["GET wrong", "not_valid"]["count"] == our_totals(ended)["GET wrong"][1]


RAISES = """
from locust import HttpUser, constant, task

class Shopper(HttpUser):
    wait_time = constant(0.05)
    @task
    def browse(self):
        self.client.get("/items")
        raise ValueError("no seat")
"""


def test_exceptions_of_its_own_code_are_counted_in_a_note(tmp_path, shop):
    (tmp_path / "mine.py").write_text(RAISES)
    ended = through_us(tmp_path, "-f", "mine.py", "-H", shop.url, "-u", "2", "-r", "2", "-t", "7s")
    [note] = [n for n in ended.assessment["notes"] if "exceptions in the locustfile's code" in n]
    count, _, more = note.partition(" ")
    assert more.startswith("exceptions in the locustfile's code, such as in browse, line 9 of mine.py: no seat")
    assert abs(int(count.replace(",", "")) - our_totals(ended)["GET /items"][0]) <= 2  # a user may be cut off between the two


def test_requests_of_one_name_are_told_apart_by_their_context_and_agreed_together(tmp_path, shop):
    words = ("--group-by", "tenant", "--objective", "GET /items p50 < 2 s", "--objective", "GET /items [tenant=zeta] p50 < 1 s")
    target = ("-f", str(FILES / "tenants.py"), "-H", shop.url, "-u", "2", "-r", "2", "-t", "10s")
    ended = through_us(tmp_path, *target, *words)
    assert ended.code == 0, ended.out + ended.err
    groups = {"GET /items [tenant=acme]", "GET /items [tenant=zeta]"}
    assert set(our_totals(ended)) == {*groups, "GET /ping [tenant=(none)]"}
    both, zeta = ended.assessment["objectives"]
    assert (set(both["operations"]), zeta["operations"]) == (groups, ["GET /items [tenant=zeta]"])


def test_a_locustfile_keeps_its_listeners_and_an_option_that_has_the_name_of_one_of_ours(tmp_path, shop):
    words = ("-u", "2", "-r", "2", "-t", "6s", "--seen", str(tmp_path / "seen"), "--", "--duration", "9")
    ended = through_us(tmp_path, "-f", str(FILES / "listeners.py"), "-H", shop.url, "--processes", "2", *words)
    seen = [json.loads(line) for line in (tmp_path / "seen").read_text().splitlines()]
    assert [(s["init"], s["test_start"], s["duration"]) for s in seen] == [(1, 1, 9), (1, 1, 9)]
    assert sum(s["requests"] for s in seen) == sum(requests for requests, _ in our_totals(ended).values())


def test_a_run_lasts_as_long_as_was_asked_however_long_its_file_takes_to_import(tmp_path, shop):
    ended = through_us(tmp_path, "-f", str(FILES / "slow_import.py"), "-H", shop.url, "-u", "2", "-r", "2", "-t", "6s")
    facts = ended.measurements.facts
    assert 5.5 <= (facts.load_ended_ns - facts.load_started_ns) / 1e9 <= 12


def test_users_are_judged_from_when_all_of_them_are_there_and_of_a_shape_the_longest_step(tmp_path, shop):
    stairs = through_us(tmp_path, "-f", str(FILES / "custom_shape.py"), "-H", shop.url)
    users = [count.users for count in stairs.measurements.facts.users if count.users]
    assert users[:2] == [2, 6]
    assert stairs.assessment["steady"]["ramp_s"] >= 1.5
    assert "until all users were there" in stairs.assessment["steady"]["reason"]


def test_locusts_configuration_keeps_working_and_its_files_are_written(tmp_path, shop):
    (tmp_path / "locust.conf").write_text(f"host = {shop.url}\nrun-time = 6s\n")
    words = ("-f", str(FILES / "fast_http.py"), "-r", "5", "--csv", "out", "--html", "out.html")
    ended = through_us(tmp_path, *words, LOCUST_USERS="5")
    assert ended.code == 0, ended.err
    assert {"out_stats.csv", "out_failures.csv", "out.html"} <= set(os.listdir(tmp_path))
    assert max(count.users for count in ended.measurements.facts.users) == 5
    assert ended.assessment["run"]["target"] == shop.url


def test_a_websocket_client_is_measured_by_the_events_that_it_fires(tmp_path):
    with echoing() as url:
        ended = through_us(tmp_path, "-f", str(FILES / "websocket_user.py"), "-H", url, "-u", "2", "-r", "2", "-t", "6s")
    assert ended.code == 0, ended.err
    assert set(our_totals(ended)) == {"WS echo"}
    assert our_totals(ended) == {"WS echo": totals(ended.folder / "locust-stats.json")["WS", "echo"]}


def test_a_grpc_client_is_measured_and_its_codes_are_the_reasons_of_failures(tmp_path):
    with serving_grpc() as address:
        ended = through_us(tmp_path, "-f", str(FILES / "grpc_user.py"), "-H", address, "-u", "2", "-r", "2", "-t", "6s")
    assert ended.code == 0, ended.out + ended.err
    theirs = totals(ended.folder / "locust-stats.json")
    assert our_totals(ended) == {f"{method} {name}": counts for (method, name), counts in theirs.items()}
    [failure] = ended.assessment["failures"]
    assert failure["operation"] == "grpc /shop.Shop/Order"
    assert failure["count"] == theirs["grpc", "/shop.Shop/Order"][1] > 0
    assert "RESOURCE_EXHAUSTED" in failure["reason"]
    assert "out of stock" in failure["reason"]


WRONG = {
    "an option that nobody has": (("--durration", "5s"), "--durration: is no option, did you mean --duration?"),
    "a user class that is not there": (("Vistor",), "user class 'Vistor' is unknown, did you mean 'Visitor'?"),
    "no number of users": (("-u", "many"), "argument -u/--users: invalid int value: 'many'"),
    "two lengths": (("-t", "5s", "--duration", "5s"), "--duration and -t/--run-time: give only one of them"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_words_are_one_line_before_anything_is_started(tmp_path, case):
    words, text = WRONG[case]
    ended = through_us(tmp_path, "-f", str(FILES / "fast_http.py"), "-H", "http://127.0.0.1:9", *words)
    assert (ended.code, ended.folder) == (6, None)
    assert text in ended.err
    assert ended.err.count("\n") == 1


BROKEN = {
    "import nothing_there\n": "mine.py, line 1: ModuleNotFoundError: No module named 'nothing_there'",
    "def f(:\n    pass\n": "line 1: SyntaxError: invalid syntax",
    "import sys\nsys.exit(3)\n": "ends its process when it is imported (exit code 3)",
    "x = 1\n": "no user class",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_locustfile_is_one_line(tmp_path, text):
    (tmp_path / "mine.py").write_text(text)
    ended = through_us(tmp_path, "-f", "mine.py", "-H", "http://127.0.0.1:9")
    assert (ended.code, ended.folder) == (6, None)
    assert BROKEN[text] in ended.err
    assert ended.err.count("\n") == 1
    assert "Traceback" not in ended.err


def test_what_locust_prints_of_a_locustfile_is_printed(tmp_path):
    ended = through_us(tmp_path, "-f", str(FILES / "tagged.py"), "--list")
    assert (ended.code, ended.folder) == (0, None)
    assert ended.out.split() == ["Available", "Users:", "Reader", "Never"]
