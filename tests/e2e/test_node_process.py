"""The reference node as a process: how it starts, and how it ends."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import requests

from bizra_load.exit_codes import InvalidRunError
from bizra_load.rehearsal.node_process import start_node
from tests.e2e.running import until
from tests.e2e.talking import GENERATE, VERIFY, post


def test_the_seed_fixes_the_signing_key_and_none_means_another_each_time():
    keys = []
    for arguments in (["--seed", "e2e"], ["--seed", "e2e"], [], []):
        with start_node(arguments) as started:
            keys.append(post(started, GENERATE, {"evidence": "a"}).json()["public_key"])
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_faults_from_the_command_line_are_on_from_the_start():
    with start_node(["--fault", "verify.error_rate=100%", "--fault", "metrics.down=true"]) as started:
        assert requests.get(started.metrics_url, timeout=10).status_code == 503
        made = post(started, GENERATE, {"evidence": "a"}).json()
        assert post(started, VERIFY, made).status_code == 500


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_even_in_a_stall_and_the_held_answer_is_sent(number):
    with start_node(["--fault", "stall=60s"]) as started:
        place = urlsplit(started.url)
        waiting = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
        waiting.request("GET", "/health")
        until(lambda: "stall" in requests.get(started.admin_url + "/faults", timeout=10).json(), "a stall")
        started.process.send_signal(number)
        assert started.process.wait(timeout=10) == 0
        assert waiting.getresponse().status == 200
        waiting.close()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((place.hostname, place.port), timeout=2)


def test_it_has_no_child_processes_and_leaves_none():
    with start_node() as started:
        pid = started.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            assert file.read() == ""
        started.stop()
        started.stop()
        assert not os.path.exists(f"/proc/{pid}")


def test_it_dies_with_its_parent_however_that_ends(tmp_path):
    script = (
        "import os, signal; from bizra_load.rehearsal.node_process import start_node\n"
        "with start_node() as node: print(node.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    parent = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    pid = int(parent.stdout)
    assert parent.returncode == -signal.SIGKILL
    until(lambda: not _running(pid), "the node's end")


def _running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def node_command(*arguments):
    return [sys.executable, "-m", "bizra_load.cli.main", "node", "--port", "0", "--metrics-port", "0", *arguments]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fault", "nonsense=1"],
        ["--fault", "generate.latency=fast"],
        ["--fault", "nothing"],
        ["--port", "70000"],
        ["--port", "18080", "--metrics-port", "18080"],
        ["--host", "no-such-host.invalid"],
    ],
)
def test_a_wrong_start_is_one_line_and_exit_code_6(arguments):
    ended = subprocess.run(node_command(*arguments), capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout) == (6, "")
    assert ended.stderr.startswith("bizra-load node: ")
    assert ended.stderr.count("\n") == 1


def test_a_taken_port_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = subprocess.run(node_command("--port", port), capture_output=True, text=True, timeout=30)
        assert ended.returncode == 6
        assert port in ended.stderr
        with pytest.raises(InvalidRunError, match="exit code 6"), start_node(port=int(port)):
            pass


def test_it_listens_on_an_ipv6_address_too():
    with start_node(["--host", "::1"]) as started:
        assert started.url.startswith("http://[::1]:")
        assert requests.get(started.url + "/health", timeout=10).status_code == 200
        assert requests.get(started.metrics_url, timeout=10).status_code == 200
        assert requests.get(started.admin_url + "/faults", timeout=10).json() == {}


def test_a_port_is_free_again_at_once_after_a_stop_with_open_connections():
    with start_node() as first, requests.Session() as session:
        assert session.get(first.url + "/health", timeout=10).status_code == 200
        first.stop()
        assert first.process.returncode == 0
        with start_node(port=urlsplit(first.url).port) as second:
            assert requests.get(second.url + "/health", timeout=10).status_code == 200


def test_a_host_name_will_do_and_without_admin_there_is_none(tmp_path):
    ready = tmp_path / "ready.json"
    command = node_command("--host", "localhost", "--no-admin", "--ready-file", str(ready))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        announced = json.loads(ready.read_text())
        assert announced["pid"] == process.pid
        assert announced["admin_url"] is None
        assert announced["url"] in line
        assert requests.get(announced["url"] + "/health", timeout=10).status_code == 200
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
