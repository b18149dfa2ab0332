"""--target-ops with a locustfile that knows nothing of us: its tasks are due at the planned rate."""

import json

import pytest

from sla.values.histogram import merge
from sla.values.window import SCHEDULE
from tests.e2e.any_locustfile.shop import serving
from tests.e2e.any_locustfile.test_any_locustfile import FILES, our_totals, through_us, totals
from tests.e2e.faults.cluster import reported

SLOW = """
from locust import HttpUser, between, task

class Slow(HttpUser):
    wait_time = between(10, 20)

    @task
    def slow(self):
        self.client.get("/slow")
        self.client.get("/slow", name="second")

    @task(0)
    def never(self):
        pass
"""

GONE = """
import gevent.pool
from locust import FastHttpUser, task

class Visitor(FastHttpUser):
    @task
    def seen(self):
        with self.client.get("/broken", catch_response=True) as response:
            response.success()

    @task
    def gone(self):
        self.client.get("/items")
        pool = gevent.pool.Pool()
        pool.spawn(self.client.get, "/broken")
        pool.join()

    @task
    def read(self):
        raise KeyError(self.client.get("/broken").text)
"""


@pytest.fixture
def shop():
    with serving() as shop:
        yield shop


def p50_ms(ended, operation, latency="response"):
    merged = merge(getattr(w, latency) for w in ended.measurements.windows if w.operation == operation)
    return merged.quantile_ns(0.5) / 1e6


@pytest.mark.parametrize("processes", ["1", "2"])
def test_tasks_of_any_user_class_are_due_at_the_planned_rate(tmp_path, shop, processes):
    plan = ("--target-ops", "60", "--ramp", "2s", "--duration", "6s", "--processes", processes)
    ended = through_us(tmp_path, "-f", str(FILES / "sequential.py"), "-H", shop.url, *plan)
    assert ended.code == 0, ended.out + ended.err
    assert any("their wait_time is not used" in line for line in reported(ended))
    ours, theirs = our_totals(ended), totals(ended.folder / "locust-stats.json")
    tasks = sum(requests for name, (requests, _) in ours.items() if name.startswith("task "))
    planned = sum(w.planned for w in ended.measurements.windows)
    assert abs(planned - 60 * 7) <= 60  # a slot has a phase of its own
    assert tasks == planned - sum(w.unsent for w in ended.measurements.windows)
    # each task makes one request, and Locust counts those, and no task
    assert sum(requests for requests, _ in theirs.values()) == tasks == shop.total()
    assert {f"{method} {name}": counts for (method, name), counts in theirs.items()} == {
        name: counts for name, counts in ours.items() if not name.startswith(("task ", SCHEDULE))
    }


def test_the_first_request_counts_from_when_its_task_was_due_and_later_ones_from_their_own_send(tmp_path, shop):
    """Two users whose task takes 0.1 s can do 20 a second: of 40, half wait ever longer."""
    (tmp_path / "slow.py").write_text(SLOW)
    words = ("--target-ops", "40", "--ramp", "0s", "--duration", "6s", "-u", "2", "--allow", "")
    ended = through_us(tmp_path, "-f", "slow.py", "-H", shop.url, *words)
    assert ended.code == 5
    assert "planned operations were not sent, for lack of a free connection" in " ".join(ended.out.split())
    assert p50_ms(ended, "GET /slow") > 500
    assert p50_ms(ended, "GET /slow", "service") < 200
    assert p50_ms(ended, "GET second") < 200
    assert p50_ms(ended, "task slow") > p50_ms(ended, "GET /slow")
    assert "task never" not in our_totals(ended)
    unsent = sum(w.unsent for w in ended.measurements.windows)
    assert unsent > 60


def test_a_task_fails_where_a_request_of_it_does(tmp_path, shop):
    """Else a service that refuses every request keeps a throughput: tasks come to their end as planned."""
    (tmp_path / "gone.py").write_text(GONE)
    promises = ("--objective", "throughput >= 95 % of plan", "--objective", "gone error rate < 5 %")
    plan = ("--target-ops", "40", "--ramp", "0s", "--duration", "12s", *promises)
    ended = through_us(tmp_path, "-f", "gone.py", "-H", shop.url, *plan)
    ours = our_totals(ended)
    assert ours["task gone"][0] == ours["task gone"][1] == ours["GET /items"][0] > 100
    assert ours["task seen"][0] > 100
    assert ours["task seen"][1] == 0
    assert "a request of it: " in next(f.reason for f in ended.measurements.failures if f.operation == "task gone")
    # what its code makes of that is no reason of its own
    assert {f.category for f in ended.measurements.failures if f.operation == "task read"} == {"http_5xx"}
    assert [o["status"] for o in ended.assessment["objectives"]] == ["FAIL", "FAIL"]
    assert ended.code == 3


def test_an_agreement_judges_a_task_by_its_plain_name(tmp_path, shop):
    (tmp_path / "agreement.yaml").write_text(json.dumps({
        "schema": "bizra-load/agreement/1", "name": "shop", "operations": {"browse": {}, "buy": {}, "checkout": {}},
        "objectives": {
            "throughput": {"title": "Throughput", "severity": "CRITICAL", "target": ">= 90 % of plan",
                           "measure": {"kind": "throughput", "operations": ["browse", "buy"]}},
            "p50": {"title": "Checkout p50", "severity": "CRITICAL", "target": "< 1 s",
                    "measure": {"kind": "client_quantile", "operations": ["checkout"], "quantile": 0.5, "latency": "response"}},
        },
    }))  # fmt: skip
    plan = ("--target-ops", "50", "--ramp", "0s", "--duration", "12s", "--agreement", "agreement.yaml")
    ended = through_us(tmp_path, "-f", str(FILES / "fast_http.py"), "-H", shop.url, *plan)
    assert {o["key"]: o["status"] for o in ended.assessment["objectives"]} == {"throughput": "PASS", "p50": "PASS"}, ended.out
    assert ended.code == 0


def test_a_share_of_the_plan_is_named_before_a_load_that_has_none(tmp_path, shop):
    share = ("--objective", "throughput >= 95 % of plan")
    ended = through_us(tmp_path, "-f", str(FILES / "fast_http.py"), "-H", shop.url, "-u", "1", "-t", "1s", *share)
    line = "Before the load: throughput >= 95 % of plan: without --target-ops or --stages there is no plan: it can't be judged"
    assert ended.err.count(line) == 1, ended.err


WRONG = {
    ("-t", "1m5s"): "-t: the planned rate begins with all users, and ends with --duration (allowed: --duration 65s)",
    ("-r", "5"): "-r: the planned rate begins with all users, and ends with --duration (allowed: without it)",
    ("-u", "5", "--ops-per-user", "3"): "-u/--users and --ops-per-user: give only one of them",
    ("--arrivals", "saturate"): "--arrivals: saturate is for users of ours",
    ("--stages", "soak", "--duration", "5s"): "--duration: --stages soak decides it (allowed: one of the two)",
}


@pytest.mark.parametrize("words", WRONG)
def test_options_without_a_use_are_refused(tmp_path, words):
    ended = through_us(tmp_path, "-f", str(FILES / "fast_http.py"), "-H", "http://127.0.0.1:9", "--target-ops", "10", *words)
    assert (ended.code, ended.folder) == (6, None)
    assert WRONG[words] in ended.err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--ramp", "2s"), "--ramp: users of this locustfile work as they please: give --target-ops or --stages, too"),
        (("--arrivals", "poisson"), "--arrivals: users of this locustfile work as they please"),
    ],
)
def test_what_only_a_planned_rate_has_is_refused_without_one(tmp_path, words, text):
    ended = through_us(tmp_path, "-f", str(FILES / "fast_http.py"), "-H", "http://127.0.0.1:9", *words)
    assert ended.code == 6
    assert text in ended.err


def test_a_shape_of_the_locustfile_and_a_planned_rate_are_one_too_many(tmp_path):
    ended = through_us(tmp_path, "-f", str(FILES / "custom_shape.py"), "-H", "http://127.0.0.1:9", "--target-ops", "10")
    assert ended.code == 6
    assert "--target-ops: the locustfile's shape Steps decides the load (allowed: one of the two)" in ended.err


def test_a_target_that_only_the_class_names_or_that_speaks_no_http_is_loaded_at_a_planned_rate(tmp_path):
    plan = ("--target-ops", "20", "--ramp", "0s", "--duration", "5s")
    with serving() as shop:
        named = through_us(tmp_path, "-f", str(FILES / "several_classes.py"), *plan, SHOP=shop.url)
        bare = shop.url.removeprefix("http://")  # as a gRPC client has it; here its requests fail
        other = through_us(tmp_path, "-f", str(FILES / "custom_client.py"), "-H", f"tcp://{bare}", *plan)
        grpc = through_us(tmp_path, "-f", str(FILES / "custom_client.py"), "-H", bare, *plan)
    assert grpc.code == 5
    assert "not one operation succeeded" in grpc.out
    for ended in (named, other):
        assert ended.code == 0, ended.out + ended.err
        assert "NOT JUDGED" in ended.out
    assert our_totals(other)["line items"][0] > 0
