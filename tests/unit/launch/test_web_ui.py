"""What asks for Locust's web UI, and what keeps it from opening: one line, before anything is started."""

import json
import socket
import subprocess
import sys

import pytest

from bizra_load.cli.main import main, understood
from bizra_load.exit_codes import USAGE, UsageError
from bizra_load.io.ports import free_port
from bizra_load.launch.locust_process import command_line
from bizra_load.launch.request import load_request
from bizra_load.launch.web_ui import WORDS, is_asked_for
from tests.unit.environment import clear_variables

MINE = """
from locust import HttpUser, task

class Mine(HttpUser):
    @task
    def go(self):
        self.client.get("/")
"""
MISTAKES = [
    (("--web-base-path", "load"), "--web-base-path: 'load' (allowed: a path that starts with /)"),
    (("--autoquit", "3"), "--autoquit: is given without --autostart (allowed: both)"),
    (("--tls-cert", "none.pem", "--tls-key", "none.pem"), "--tls-cert: none.pem: no such file, or one that can't be read"),
    (("--tls-key", __file__), "--tls-cert and --tls-key: give both of them"),
    (("--headless",), "--web-ui and --headless: give only one of them"),
    (("--web-prot", "1"), "--web-prot: is no option, did you mean --web-port? (see bizra-load run --help and locust --help)"),
    (("--web-port", "65536"), "--web-port: 65536 (allowed: 1 to 65535)"),
    (("--web-port", "-1"), "--web-port: -1 (allowed: 1 to 65535)"),
    (("-P", "0"), "--web-port: 0 (allowed: 1 to 65535)"),
    (("--web-port", "x"), "argument --web-port/-P: invalid int value: 'x'"),
]


@pytest.fixture(autouse=True)
def mine(tmp_path, monkeypatch):
    clear_variables(monkeypatch)
    (tmp_path / "mine.py").write_text(MINE)
    return str(tmp_path / "mine.py")


@pytest.fixture(autouse=True)
def free_web_port(monkeypatch):
    """Whoever has Locust's web UI open on this machine has its usual one."""
    monkeypatch.setenv("LOCUST_WEB_PORT", str(free_port()))


def request_of(*words):
    args = understood(["run", *words])
    return load_request(vars(args), args.words)


@pytest.mark.parametrize(
    "word", ["--web-port", "--web-port=80", "--web-login", "--class-picker", "--autostart", "--tls-cert", "--web-names"]
)
def test_what_only_the_web_ui_has_a_use_for_asks_for_it(word):
    assert is_asked_for(False, [word])
    assert is_asked_for(True, [])
    assert not is_asked_for(False, ["--tags", "a", "--depth", "3"])
    with pytest.raises(UsageError, match=f"{word.partition('=')[0]} and --headless"):
        is_asked_for(False, ["--headless", word])


def test_an_option_of_the_locustfiles_own_does_not_whatever_it_begins_with():
    assert not is_asked_for(False, ["--tls-verify", "--web-foo=1", "--autostart-jobs", "--class-picker-of-mine"])


@pytest.mark.processes
def test_they_are_those_that_locust_has():
    script = """
from locust.argument_parser import get_parser
[group] = [g for g in get_parser(default_config_files=())._action_groups if g.title == "Web UI options"]
print(*(flag for action in group._group_actions for flag in action.option_strings))
"""
    of_locust = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    assert set(of_locust.stdout.split()) == {*WORDS, "--headless"} - {"--web-names", "--web-files"}


@pytest.mark.processes
@pytest.mark.parametrize(("words", "line"), MISTAKES)
def test_a_mistake_is_one_line_with_exit_code_6(capsys, mine, words, line):
    assert main(["run", "-f", mine, "--web-ui", *words]) == USAGE
    message = capsys.readouterr().err
    assert line in message
    assert len(message.splitlines()) == 1


@pytest.mark.processes
def test_a_port_that_is_taken_is_named(capsys, mine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["run", "-f", mine, "--web-host", "127.0.0.1", "--web-port", port]) == USAGE
    assert f"--web-port: 127.0.0.1:{port}: Address already in use" in capsys.readouterr().err


@pytest.mark.processes
def test_the_web_ui_has_no_run_folder_no_end_and_no_host_that_it_needs(mine):
    request = request_of("-f", mine, "--web-ui", "-u", "5")
    assert (request.web_ui, request.host, request.open_model) == (True, "", False)
    words, environment = command_line(request, 2, None)
    assert "--headful" in words
    assert not {"--headless", "-t", "--json-file"} & set(words)
    assert words[-2:] == ["-u", "5"]
    assert (environment["BIZRA_LOAD_RUN_FOLDER"], environment["BIZRA_LOAD_WEB_UI"]) == ("", "1")
    assert json.loads(environment["BIZRA_LOAD_OPTIONS"])["agreement"] == "none"
    paced = request_of("-f", mine, "--web-ui", "--target-ops", "40", "--stages", "spike")
    assert (paced.settings.pace_tasks, paced.settings.curve.peak_per_s) == (True, 120)


@pytest.mark.processes
def test_without_a_locustfile_it_is_that_of_the_rehearsal(monkeypatch):
    monkeypatch.setenv("LOCUST_WEB_HOST", "127.0.0.1")
    monkeypatch.setenv("LOCUST_TAGS", "smoke")
    request = request_of("--web-ui")
    assert (request.reference_node, request.settings.agreement, request.open_model) == (True, "local", True)
    _, environment = command_line(request, 1, None)
    assert environment["LOCUST_WEB_HOST"] == "127.0.0.1"
    assert "LOCUST_TAGS" not in environment
    with pytest.raises(UsageError, match="-u: the planned rate decides"):
        request_of("--web-ui", "-u", "3")
