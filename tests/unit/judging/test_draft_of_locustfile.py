"""What the text of a locustfile says of its requests' names, and what only a run can know."""

import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.judging.draft_of_locustfile import draft_of_locustfile
from tests.e2e.any_locustfile.test_any_locustfile import CASES, FILES

REQUESTS = """
class Visitor:
    def task(self):
        self.client.get("/items/7?page=1")
        {request}
"""


def drafted(tmp_path, text):
    path = tmp_path / "mine.py"
    path.write_text(text)
    return draft_of_locustfile(path)


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ('self.client.post("/pay", name="checkout")', "POST checkout"),
        ('self.client.put(f"/items/{next(count)}?page={page}", json={})', "PUT /items/{id}"),
        ('self.client.delete("/items/" + str(number))', "DELETE /items/{id}"),
        ('self.client.get("/items/" + str(number) + "/parts")', "GET /items/{id}/parts"),
        ('self.client.request("PATCH", "/items")', "PATCH /items"),
        ('self.client.request(method="PUT", url="/items")', "PUT /items"),
        ('with self.rest("POST", "/items", json={}) as response: pass', "POST /items"),
        ('with session.head(url="/items") as response: pass', "HEAD /items"),
        ('the_client.get(path="/a")', "GET /a"),
        ('self.pay = self.operation("pay")', "pay"),
    ],
)
def test_a_name_that_stands_in_the_text(tmp_path, request_, name):
    draft = drafted(tmp_path, REQUESTS.replace("{request}", request_))
    assert draft.words[:-2] == ("GET /items/{id} p95 < 500 ms", f"{name} p95 < 500 ms")
    assert draft.left_out == ()


@pytest.mark.parametrize(
    "request_",
    [
        'self.client.request(self.method, "/a")',
        "self.client.get(self.next_url())",
        'self.client.get(f"/page-{n}")',
        'self.client.get("/a", name=f"page {n}")',
    ],
)
def test_a_name_that_only_a_run_knows_is_left_out_with_its_line(tmp_path, request_):
    draft = drafted(tmp_path, REQUESTS.replace("{request}", request_))
    assert draft.words[:-2] == ("GET /items/{id} p95 < 500 ms",)
    [line] = draft.left_out
    assert line.startswith("line 5: ")
    assert line.endswith("its name is not in the text")


@pytest.mark.parametrize("call", ['cache.get("/items")', 'requests.post("/items")', 'client("/items")', "self.client.close()"])
def test_other_calls_are_no_requests(tmp_path, call):
    assert drafted(tmp_path, REQUESTS.replace("{request}", call)).words[:-2] == ("GET /items/{id} p95 < 500 ms",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = 1", "no request has its name in the text (allowed: a run of it: bizra-load init RUN)"),
        ("def (:", "line 1: invalid syntax (allowed: a locustfile in Python)"),
    ],
)
def test_what_names_nothing_is_refused(tmp_path, text, why):
    with pytest.raises(UsageError) as refused:
        drafted(tmp_path, text)
    assert str(refused.value) == f"-f: {tmp_path / 'mine.py'}: {why}"


@pytest.mark.parametrize("file", ["fast_http", "http_user", "sequential", "catch_response", "tagged", "ids"])
def test_what_it_names_are_the_operations_of_the_run(file):
    """Those that tests/e2e/any_locustfile finds in one."""
    case = CASES[file]
    ran = {f"{method} {name}" for method, name in case.names} | set(case.operations)
    draft = draft_of_locustfile(FILES / f"{file}.py")
    drafted = {words.partition(" p95")[0] for words in draft.words}
    assert all(any(f"{name!r}: in on_start alone" in line for line in draft.left_out) for name in ran - drafted)
    assert (ran - drafted) == ({"POST /login"} if file == "http_user" else set())


@pytest.mark.parametrize(
    ("method", "why"),
    [
        ("on_start", "users call it as they start, in the part of a run that is cut"),
        ("on_stop", "users call it as they stop, after the part of a run that is judged"),
    ],
)
def test_what_users_call_once_alone_is_left_out_with_its_line(tmp_path, method, why):
    once = f"    def {method}(self):\n        self.client.post('/login')\n        self.client.get('/items/1')\n"
    draft = drafted(tmp_path, REQUESTS.replace("{request}", "pass") + once)
    assert draft.words[:-2] == ("GET /items/{id} p95 < 500 ms",)
    assert draft.left_out == (f"line 7: 'POST /login': in {method} alone: {why}",)
    assert f"# left out: {draft.left_out[0]}\n" in draft.text


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    def on_start(self):\n        self.pay = self.operation('POST /login')\n",  # tasks carry it out
        "def on_start(environment):\n    session.post('/login')\n",  # no method of a user
        "class Visit:\n    def on_start(self):\n        self.client.post('/login')\n"
        "    def leave(self):\n        self.interrupt()\n",  # entered again and again
    ],
)
def test_what_is_called_more_than_once_stays(tmp_path, text):
    assert drafted(tmp_path, text).words[:-2] == ("POST /login p95 < 500 ms",)


def test_a_file_whose_requests_are_all_called_once_gets_the_usual_objectives(tmp_path):
    draft = drafted(tmp_path, "class A:\n    def on_start(self):\n        self.client.post('/login')\n")
    assert draft.words == ("error rate < 1 %", "throughput >= 95 % of plan")
    assert 'of a load with --target-ops alone: without it leave this out\n  - "throughput >= 95 % of plan"' in draft.text
    assert len(draft.left_out) == 1


def test_what_an_id_is_taken_for_is_said(tmp_path):
    assert "{id} is taken for a number, UUID or hash" in drafted(tmp_path, REQUESTS.replace("{request}", "pass")).text
    assert "{id}" not in drafted(tmp_path, 'client.get("/items")').text
