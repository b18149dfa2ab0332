"""Every way to fail that is ours: one line without a traceback, and a code that says what it was, never Locust's 1 or 2."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from bizra_load.io.ports import free_port
from tests.e2e.running import ROOT, Running, load, until

SHORT = ("--ramp", "1s", "--duration", "6s", "--target-ops", "50")
PLAIN = """
from locust import HttpUser, task

class Shopper(HttpUser):
    host = "http://127.0.0.1:9"

    @task
    def look(self):
        self.client.get("/")
"""
# by what is wrong: words of a command line, exit code, a part of the line; CLOSED is an address that nobody listens on
REFUSED = {
    "an unreachable target": (["run", "-H", "CLOSED"], 5, "can't be reached: Connection refused"),
    "a target whose name nobody knows": (["run", "-H", "http://nowhere.invalid"], 5, "can't be reached"),
    "a refused Prometheus": (["run", "-H", "NODE", "--prometheus-url", "CLOSED"], 5, "Connection refused"),
    "a refused /metrics": (["run", "-H", "NODE", "--metrics-url", "CLOSED/metrics"], 5, "Connection refused"),
    "a refused Prometheus of real traffic": (["metrics", "--prometheus-url", "CLOSED"], 5, "Connection refused"),
    "a refused Prometheus of a dashboard": (["dashboard", "check", "--prometheus-url", "CLOSED"], 5, "Connection refused"),
    "no verb": ([], 6, "VERB"),
    "an unknown verb": (["rnu"], 6, "did you mean 'run'"),
    "an unknown option": (["run", "--target-opps", "5"], 6, "did you mean '--target-ops'"),
    "an unknown option of a plain locustfile": (["run", "-f", "plain.py", "--target-opps", "5"], 6, "--target-opps"),
    "an option without its value": (["run", "--duration"], 6, "--duration"),
    "a value that is none": (["run", "--duration", "long"], 6, "--duration"),
    "a choice that is none": (["report", "EMPTY", "--format", "pdf"], 6, "--format"),
    "two that exclude each other": (["run", "-q", "-v"], 6, "not allowed with"),
    "a run that is missing": (["report", "nowhere"], 6, "nowhere: neither here nor"),
    "a folder that is no run": (["assess", "EMPTY"], 6, "run.json"),
    "a locustfile that is missing": (["run", "-f", "missing.py"], 6, "missing.py: no such file"),
    "a locustfile that is no Python": (["run", "-f", "WRONG.py", "-H", "NODE"], 6, "SyntaxError"),
    "an agreement that is no YAML": (["run", "--agreement", "WRONG.yaml"], 6, "WRONG.yaml"),
    "an objective that is none": (["run", "--objective", "p95 is good"], 6, "--objective"),
    "a folder that can't be made": (["run", "--out", "WRONG.py/runs"], 6, "--out"),
    "a file for JSON that can't be made": (["run", "--json", "WRONG.py/a.json"], 6, "--json"),
    "a port that is taken": (["run", "--generator-metrics-port", "TAKEN"], 6, "--generator-metrics-port"),
    "a shell that there is none of": (["completion", "fish"], 6, "SHELL"),
}


def ended(words, cwd, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # the working directory is another one
    command = [sys.executable, "-m", "bizra_load.cli.main", *words]
    return subprocess.run(
        command, cwd=cwd, env=environment, stderr=subprocess.PIPE, text=True, timeout=90, check=False, **options
    )


@pytest.fixture
def place(tmp_path):
    (tmp_path / "plain.py").write_text(PLAIN)
    (tmp_path / "WRONG.py").write_text("this is no Python\n")
    (tmp_path / "WRONG.yaml").write_text("a: [\n")
    (tmp_path / "EMPTY").mkdir()
    return tmp_path


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_is_one_line_and_a_code_of_ours(place, node, why):
    words, code, message = REFUSED[why]
    taken = node.metrics_url.split(":")[2].partition("/")[0]
    known = {"CLOSED": f"http://127.0.0.1:{free_port()}", "NODE": node.url, "TAKEN": f"127.0.0.1:{taken}"}
    for name, value in known.items():
        words = [word.replace(name, value) for word in words]
    done = ended(words, place, stdout=subprocess.PIPE)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_ctrl_c_ends_a_run_with_a_verdict_on_what_was_measured(tmp_path, node):
    running = Running(
        tmp_path, "-H", node.url, "--metrics-url", node.metrics_url, "--agreement", "local", *SHORT[:2], "--duration", "60s"
    )
    running.wait_for(50)
    running.interrupt()
    done = running.end()
    assert done.code in (3, 4, 5)
    assert "Traceback" not in done.out + done.err
    assert (done.folder / "exit-code").read_text() == f"{done.code}\n"


def test_ctrl_c_before_the_load_is_no_verdict(tmp_path, node):
    running = Running(tmp_path, "-H", node.url, *SHORT)
    until(lambda: any(tmp_path.iterdir()), "the run's folder")
    running.interrupt()
    done = running.end()
    assert done.code in (4, 5, 128 + signal.SIGINT)
    assert "Traceback" not in done.out + done.err


@pytest.mark.parametrize("way", ["a reader that went away", "a full disk"])
def test_a_verdict_does_not_depend_on_whether_it_could_be_printed(tmp_path, node, way):
    words = ["run", "-H", node.url, "--metrics-url", node.metrics_url, "--agreement", "local", "--out", str(tmp_path), *SHORT]
    if way == "a full disk":
        with open("/dev/full", "w") as nowhere:
            done = ended([*words, "-q"], ROOT, stdout=nowhere)
        assert f"standard output can't be written: {os.strerror(errno.ENOSPC)}" in done.stderr
    else:
        reading, writing = os.pipe()
        os.close(reading)
        done = ended([*words, "-q"], ROOT, stdout=writing)
        os.close(writing)
        assert done.stderr == ""
    assert "Traceback" not in done.stderr
    assert done.returncode == int((tmp_path / "latest/exit-code").read_text())
    assert done.returncode in (0, 3, 4)


def test_one_run_in_one_line_and_one_object(tmp_path, node):
    """--quiet and --json: nothing else on either stream."""
    done = load(tmp_path / "runs", node, *SHORT, "-q", "--json", "-")
    assert done.out == (done.folder / "assessment.json").read_text()
    assert done.err == f"{done.assessment['decision']}: {done.assessment['summary']}\n"
