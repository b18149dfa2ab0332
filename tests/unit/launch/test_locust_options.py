"""Values of Locust's own options that it can make nothing of: one line with exit code 6, before anything is started."""

import os
import socket

import pytest

from bizra_load.cli.main import main
from bizra_load.exit_codes import USAGE
from bizra_load.io.ports import free_port
from bizra_load.launch.locust_options import check_master_address
from tests.unit.environment import clear_variables
from tests.unit.launch.test_web_ui import MINE

MISTAKES = [
    (("--master", "--master-bind-port", "99999"), "--master-bind-port: 99999 (allowed: 1 to 65535)"),
    (("--master", "--master-bind-host", "300.1.1.1"), "--master-bind-host: '300.1.1.1' (allowed: an address of this machine"),
    (("--master", "--master-bind-host", "192.0.2.1"), "--master-bind-host: 192.0.2.1: Cannot assign requested address"),
    (("-u", "-3"), "-u/--users: -3 (allowed: 1 to 100000)"),
    (("-u", "0", "--target-ops", "10"), "-u/--users: 0 (allowed: 1 to 100000)"),
    (("-u", "99999999999"), "-u/--users: 99999999999 (allowed: 1 to 100000)"),
    (("-r", "0"), "-r/--spawn-rate: must be > 0"),
    (("-r", "-1"), "-r/--spawn-rate: must be > 0"),
    (("-r", "nan"), "-r/--spawn-rate: must be a finite number"),
    (("-t", "0"), "-t/--run-time: 0 s (allowed: more than 0, up to 31 days)"),
    (("-t", "99999999999999999999"), "-t/--run-time: 99999999999999999999 s (allowed: more than 0, up to 31 days)"),
    (("-t", "99999999999999999999h"), "such as of -t/--run-time (allowed: more than 0, up to 31 days)"),
    (("--expect-workers", "2"), "--expect-workers: workers on this machine know it themselves (allowed: with --master)"),
    (("--expect-workers-max-wait=5",), "--expect-workers-max-wait: workers on this machine know it themselves (allowed: with"),
    (("--master-port", "5557"), "--master-port: workers on this machine know it themselves (allowed: with --worker)"),
    (("--master", "--master-host", "x"), "--master-host: workers on this machine know it themselves (allowed: with --worker)"),
    (("--html", "."), "--html: .: Is a directory (allowed: a file that can be written)"),
    (("--html", "mine.py/x.html"), "--html: mine.py/x.html: Not a directory (allowed: a file that can be written)"),
    (("--html", "/proc/x"), "--html: /proc/x: No such file or directory (allowed: a file that can be written)"),
    (("--csv", "/proc/x"), "--csv: /proc/x: No such file or directory (allowed: a file that can be written)"),
    (("--json-file", "/proc/x/y"), "--json-file: /proc/x/y: No such file or directory (allowed: a file that can be written)"),
    (("--logfile", "."), "--logfile: .: Is a directory (allowed: a file that can be written)"),
    (("--worker", "--master-port", "0"), "--master-port: 0 (allowed: 1 to 65535)"),
]
VARIABLES = [
    ("LOCUST_MASTER_BIND_PORT", "70000", (), "--master-bind-port: 70000 (allowed: 1 to 65535)"),
    ("LOCUST_MASTER_NODE_PORT", "-1", (), "--master-port: -1 (allowed: 1 to 65535)"),
    ("LOCUST_USERS", "0", (), "-u/--users: 0 (allowed: 1 to 100000)"),
    ("LOCUST_RUN_TIME", "0s", (), "-t/--run-time: 0 s (allowed: more than 0, up to 31 days)"),
    ("LOCUST_WEB_PORT", "70000", ("--web-ui",), "--web-port: 70000 (allowed: 1 to 65535)"),
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    clear_variables(monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)


def refused_with(capsys, *words):
    assert main(["run", "-f", "mine.py", "-H", "http://127.0.0.1:9", *words]) == USAGE
    message = capsys.readouterr().err
    assert len(message.splitlines()) == 1
    assert not os.path.exists("runs")
    return message


@pytest.mark.processes
@pytest.mark.parametrize(("words", "line"), MISTAKES)
def test_a_value_that_is_none_is_refused(capsys, words, line):
    assert line in refused_with(capsys, *words)


@pytest.mark.parametrize("words", [("-V",), ("--version",), ("--", "--help")])
def test_what_locust_prints_of_itself_is_asked_of_it(capsys, words):
    assert f"{words[-1]}: is Locust's own (allowed: locust --{'help' if 'help' in words[-1] else 'version'}" in refused_with(
        capsys, *words
    )


@pytest.mark.processes
@pytest.mark.parametrize(("variable", "text", "words", "line"), VARIABLES)
def test_so_is_one_of_a_variable(capsys, monkeypatch, variable, text, words, line):
    monkeypatch.setenv(variable, text)
    assert line in refused_with(capsys, *words)


@pytest.mark.processes
def test_a_masters_port_that_is_taken_is_named(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port)
        assert f"--master-bind-port: {port}: Address already in use" in refused_with(capsys, *words)


def test_a_master_may_listen_on_an_interface_and_on_ipv6():
    for host in ("*", "127.0.0.1", "::1", socket.if_nameindex()[0][1]):
        check_master_address({"master_bind_host": host, "master_bind_port": free_port()})
