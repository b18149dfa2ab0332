"""Users that make HTTP requests have a host for that; those with a client of their own have any."""

import pytest

from bizra_load.cli.main import main, understood
from bizra_load.exit_codes import USAGE
from bizra_load.launch.request import load_request
from tests.unit.environment import clear_variables

HTTP = """
from locust import FastHttpUser, HttpUser, User, task

class Mine({base}):
    host = {host!r}

    @task
    def go(self):
        pass
"""
BESIDE = """
class Own(User):
    host = "tcp://127.0.0.1:9"

    @task
    def go(self):
        pass
"""
ALLOWED = "(allowed: http://... or https://...)"
REFUSED = [
    ("FastHttpUser", None, ("-H", "ftp://127.0.0.1"), f"-H/--host (for Mine): not a URL: 'ftp://127.0.0.1' {ALLOWED}"),
    ("HttpUser", None, ("-H", "127.0.0.1:9711"), f"-H/--host (for Mine): not a URL: '127.0.0.1:9711' {ALLOWED}"),
    ("HttpUser", "tcp://127.0.0.1:9", (), f"-f: mine.py: Mine.host: not a URL: 'tcp://127.0.0.1:9' {ALLOWED}"),
]
KEPT = [
    ("User", None, ("-H", "tcp://127.0.0.1:9")),
    ("User", None, ("-H", "127.0.0.1:9")),
    ("User", "127.0.0.1:9", ()),
    ("HttpUser", "http://127.0.0.1:9", ()),
    ("FastHttpUser", "none", ("-H", "HTTP://127.0.0.1:9")),
    ("FastHttpUser", "none", ("--list",)),
    ("HttpUser", "none", ("Own",)),  # the one class that runs
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    clear_variables(monkeypatch)
    monkeypatch.chdir(tmp_path)


@pytest.mark.processes
@pytest.mark.parametrize(("base", "host", "words", "line"), REFUSED)
def test_another_scheme_is_refused_in_one_line(tmp_path, capsys, base, host, words, line):
    (tmp_path / "mine.py").write_text(HTTP.format(base=base, host=host) + BESIDE)
    assert main(["run", "-f", "mine.py", *words]) == USAGE
    message = capsys.readouterr().err
    assert line in message
    assert len(message.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.processes
@pytest.mark.parametrize(("base", "host", "words"), KEPT)
def test_what_makes_no_http_requests_has_any_host(tmp_path, base, host, words):
    (tmp_path / "mine.py").write_text(HTTP.format(base=base, host=host) + BESIDE)
    args = understood(["run", "-f", "mine.py", *words])
    assert load_request(vars(args), args.words).surveyed is not None
