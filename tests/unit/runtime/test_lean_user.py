"""LeanHttpUser beside FastHttpUser: what both make of the same responses, and whom they tell."""

import json
import subprocess
import sys

import pytest

# whole responses alone are given to whoever asked: docs/locustfiles.md
DIFFERENT = {
    "GET /bad-gzip": {"content", "text", "error"},
    "GET /half": {"status", "content", "text", "headers", "error"},
    "GET /half-chunk": {"status", "content", "text", "headers", "error"},
}


def output_of(*words):
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def results():
    """By client: of each case what it raised, and its events."""
    return {client: output_of("-m", "tests.unit.runtime.lean_cases", client) for client in ("Fast", "Lean")}


@pytest.mark.processes
def test_a_table_of_cases_ends_as_with_fast_http_user(results):
    fast, lean = results["Fast"], results["Lean"]
    assert len(fast) > 70
    assert {n: (r["raised"], len(r["events"])) for n, r in lean.items()} == {
        n: (r["raised"], len(r["events"])) for n, r in fast.items()
    }
    different = {
        name: {key for a, b in zip(fast[name]["events"], lean[name]["events"], strict=True) for key in a if a[key] != b[key]}
        for name in fast
    }
    assert {name: keys for name, keys in different.items() if keys} == DIFFERENT


def echoed(results, name):
    """(method, path, headers, body) of each request of a case that the server sent back."""
    contents = [event["content"] for event in results["Lean"][name]["events"]]
    return [json.loads(content) for content in contents if content.startswith("[")]


@pytest.mark.processes
def test_cookies_go_where_they_belong(results):
    cookies = [headers.get("cookie") for _, _, headers, _ in echoed(results, "cookies")]
    assert cookies[0] == cookies[2] == "id=17"
    assert sorted(cookies[1].split("; ")) == ["id=17", "only=here"]
    assert [headers.get("cookie") for _, _, headers, _ in echoed(results, "cookies of redirects")] == ["id=18", "id=18"]


@pytest.mark.processes
def test_credentials_do_not_follow_a_redirect_to_another_origin(results):
    [(_, _, headers, _)] = echoed(results, "redirect with a password")
    assert "authorization" not in headers
    assert echoed(results, "auth")[0][2]["authorization"] == "Basic bWU6cGFzcw=="


@pytest.mark.processes
def test_redirects_keep_or_change_the_method(results):
    assert [(m, body) for m, _, _, body in echoed(results, "POST /307")] == [("POST", "a=b")]
    assert [(m, body) for m, _, _, body in echoed(results, "POST /303")] == [("GET", "")]


REPORTED = """
import json
import gevent
from locust import FastHttpUser, task
from locust.env import Environment
from locust.stats import bucket_response_time
from bizra_load import LeanHttpUser
from locust.stats import RequestStats
from tests.unit.runtime.lean_cases import RESPONSES, Server, response

server = Server()

def visitor(base):
    class Visitor(base):
        host = f"http://127.0.0.1:{server.port}"

        @task
        def nothing(self):
            pass
    return Visitor

def counted(base):
    kind = visitor(base)
    environment = Environment(user_classes=[kind])
    environment.create_local_runner()
    client = kind(environment).client
    for path in ("/ok", "/json", "/404", "/ok", "/gzip"):
        client.get(path)
    with client.get("/404", catch_response=True) as right:
        right.success()
    stats = environment.stats
    rows = {f"{method} {name}": (e.num_requests, e.num_failures, e.total_content_length, sum(e.response_times.values()),
            sum(e.num_reqs_per_sec.values()), e.min_response_time <= e.max_response_time, e.last_request_timestamp > 1e9)
            for (name, method), e in stats.entries.items()}
    rows["total"] = (stats.total.num_requests, stats.total.num_failures, stats.num_requests, len(stats.errors))
    serialized = sum(e["num_requests"] for e in stats.serialize_stats())
    for _ in range(1_500):
        client.get("/ok")
    many = stats.total.num_requests - rows["total"][0]
    client.get("/ok")
    stats.clear_all()
    client.get("/ok")
    return rows, serialized, many, stats.total.num_requests

def listened():
    kind, seen = visitor(LeanHttpUser), []
    environment = Environment(user_classes=[kind])
    environment.create_local_runner()
    client = kind(environment).client
    client.get("/ok")
    def listen(name, **_):
        seen.append(name)
    environment.events.request.add_listener(listen)
    client.get("/ok")
    client.get("/404")
    with client.get("/json", catch_response=True):
        pass
    environment.events.request.remove_listener(listen)
    client.get("/ok")
    return seen, environment.stats.total.num_requests

def pooled():
    kind = visitor(LeanHttpUser)
    kind.concurrency = 3
    environment = Environment(user_classes=[kind])
    environment.create_local_runner()
    client, responses = kind(environment).client, []
    paths = [f"/echo/{i}" for i in range(12)]
    gevent.joinall([gevent.spawn(lambda p=p: responses.append((p, client.get(p).json()[1]))) for p in paths], raise_error=True)
    return all(p == asked for p, asked in responses), len(responses), len(client._base.free)

def changed():
    seen, kind = [], visitor(LeanHttpUser)
    kind.network_timeout = kind.connection_timeout = None
    environment = Environment(user_classes=[kind])
    environment.create_local_runner()
    client = kind(environment).client
    client.get("/ok")
    environment.stats = RequestStats()
    client.get("/ok")
    counted = environment.stats.total.num_requests
    environment.stats = RequestStats()
    environment.stats.log_request = lambda *request: seen.append(request[1])
    client.get("/ok")
    return counted, seen

def at_no_url():
    RESPONSES["/nowhere"] = response(b"", "Location: http://[nowhere", status="302 Found")
    kind, seen = visitor(LeanHttpUser), []
    environment = Environment(user_classes=[kind])
    environment.events.request.add_listener(lambda exception, response, **_: seen.append(
        [type(exception).__name__, type(response).__name__, response.url.rpartition("/")[2]]))
    client = kind(environment).client
    client.get("/nowhere")
    with client.get("/nowhere", catch_response=True):
        pass
    return seen

def closed():
    kind = visitor(LeanHttpUser)
    client = kind(Environment(user_classes=[kind])).client
    client.get("/ok")
    [connection] = client._base.free
    client.client.clientpool.close()
    client.get("/ok")
    return connection.reconnects

print(json.dumps([counted(FastHttpUser), counted(LeanHttpUser), listened(), pooled(), changed(), at_no_url(), closed()]))
"""


@pytest.fixture(scope="module")
def outcomes():
    return output_of("-c", REPORTED)


@pytest.mark.processes
def test_locusts_statistics_are_as_with_fast_http_user_whenever_they_are_read(outcomes):
    fast, lean, *_ = outcomes
    assert lean == fast
    assert lean[0]["total"] == [6, 1, 6, 1]
    assert lean[2] == 1_500
    assert lean[3] == 1


@pytest.mark.processes
def test_a_listener_gets_every_request_while_it_listens(outcomes):
    assert outcomes[2] == [["/ok", "/404", "/json"], 5]


@pytest.mark.processes
def test_greenlets_of_one_user_share_as_many_connections_as_are_allowed(outcomes):
    assert outcomes[3] == [True, 12, 3]


@pytest.mark.processes
def test_statistics_that_the_file_has_put_there_get_every_request(outcomes):
    assert outcomes[4] == [1, ["/ok"]]


@pytest.mark.processes
def test_a_redirect_to_no_url_is_a_failure_within_a_block_too(outcomes):
    assert outcomes[5] == [["ConnectionError", "LeanResponse", "nowhere"]] * 2


@pytest.mark.processes
def test_closing_the_pool_closes_the_connections(outcomes):
    assert outcomes[6] == 1


@pytest.mark.processes
def test_importing_the_package_imports_no_locust():
    code = "import bizra_load, sys; assert 'LeanHttpUser' in dir(bizra_load); print(int('locust' in sys.modules))"
    assert output_of("-c", code) == 0
