"""The reference node as a real process, spoken to over HTTP."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from bizra_load.exit_codes import InvalidRunError
from bizra_load.node.chain import FINALIZED, block_hash
from bizra_load.node.embedded import start_node

TOO_DEEP = b'{"body":%s1%s,"signature":"%s","public_key":"%s"}' % (b'{"a":' * 400, b"}" * 400, b"0" * 128, b"0" * 64)
GENERATE, VERIFY, FINALITY = "/api/v1/poi/generate", "/api/v1/poi/verify", "/api/v1/finality"
COUNTERS = {
    "generate": "bizra_poi_generate_total",
    "generate failed": "bizra_poi_generate_fail_total",
    "verify": "bizra_poi_verify_total",
    "verify failed": "bizra_poi_verify_fail_total",
    "finality": "bizra_finality_checks_total",
}
HISTOGRAMS = {
    "generate": "bizra_poi_generate_seconds",
    "verify": "bizra_poi_verify_seconds",
    "finality": "bizra_finality_check_seconds",
}


@pytest.fixture(scope="module")
def shared():
    with start_node(["--seed", "e2e"]) as started:
        yield started


@pytest.fixture
def node(shared):
    """One node for all tests, without faults before and after each."""
    requests.delete(shared.admin_url + "/faults", timeout=10)
    yield shared
    requests.delete(shared.admin_url + "/faults", timeout=10)


def post(node, path, content, **more):
    return requests.post(node.url + path, json=content, timeout=10, **more)


def set_faults(node, **faults):
    answer = requests.post(node.admin_url + "/faults", json={k.replace("__", "."): v for k, v in faults.items()}, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def values(node):
    text = requests.get(node.metrics_url, timeout=10).text
    return {(s.name, s.labels.get("le")): s.value for f in text_string_to_metric_families(text) for s in f.samples}


def counts(node):
    found = values(node)
    return {label: int(found[name, None]) for label, name in COUNTERS.items()}


def added(before, after):
    return {label: after[label] - before[label] for label in after if after[label] != before[label]}


def eventually(condition, what, within_s=20):
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"not within {within_s} s: {what}"
        time.sleep(0.01)


# the endpoints


def test_generate_then_verify(node):
    made = post(node, GENERATE, {"evidence": "trees ✓"})
    assert made.status_code == 200
    assert made.headers["content-type"] == "application/json"
    assert set(made.json()) == {"body", "signature", "public_key", "timestamp"}
    verified = post(node, VERIFY, made.json())
    assert verified.status_code == 200
    assert verified.json()["valid"] is True
    assert verified.json()["latency_us"] > 0


def test_a_wrong_signature_is_an_answer_not_an_error_and_counts_as_verified(node):
    made = post(node, GENERATE, {"evidence": "a"}).json()
    made["body"]["evidence"] = "b"
    before = counts(node)
    answer = post(node, VERIFY, made)
    assert (answer.status_code, answer.json()["valid"]) == (200, False)
    assert added(before, counts(node)) == {"verify": 1}


def test_finality_knows_the_published_blocks_only(node):
    known = post(node, FINALITY, {"block_hash": block_hash(7)})
    unknown = post(node, FINALITY, {"block_hash": block_hash(FINALIZED)})
    assert (known.json()["finalized"], unknown.json()["finalized"]) == (True, False)
    assert known.json()["latency_us"] > 0


def test_health(node):
    answer = requests.get(node.url + "/health", timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (GENERATE, b""),
        (GENERATE, b"{"),
        (GENERATE, b"\xff\xfe"),
        (GENERATE, b"[1]"),
        (GENERATE, b'{"evidence":5}'),
        (GENERATE, b'{"evidence":"' + b"x" * 65_537 + b'"}'),
        (GENERATE, b"x" * (1024 * 1024 + 1)),
        (VERIFY, b"{}"),
        (VERIFY, b'{"body":{},"signature":"00","public_key":"00"}'),
        (VERIFY, TOO_DEEP),
        (FINALITY, b'{"block_hash":"0x12"}'),
    ],
)
def test_bad_input_is_400_with_a_reason_and_counts_nowhere(node, path, content):
    before = counts(node)
    answer = requests.post(node.url + path, data=content, timeout=10)
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"]
    assert counts(node) == before


def test_a_request_of_unknown_length_is_cut_off_at_the_limit_too(node):
    answer = requests.post(node.url + GENERATE, data=iter([b"x" * 65_536] * 64), timeout=10)
    assert answer.status_code == 400
    assert "longer" in answer.json()["error"]


def test_a_chunked_request_is_read_whole(node):
    answer = requests.post(node.url + GENERATE, data=iter([b'{"evid', b'ence":', b'"a"}']), timeout=10)
    assert answer.json()["body"]["evidence"] == "a"


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [("GET", "/nothing", 404, None), ("GET", GENERATE, 405, "POST"), ("POST", "/health", 405, "GET")],
)
def test_unknown_paths_and_methods_are_answered_in_json(node, method, path, status, allow):
    answer = requests.request(method, node.url + path, timeout=10)
    assert (answer.status_code, list(answer.json()), answer.headers.get("allow")) == (status, ["error"], allow)


def test_hundreds_of_connections_are_served_at_once(node):
    """One Locust user holds one connection."""
    place = urlsplit(node.url)
    connections = [http.client.HTTPConnection(place.hostname, place.port, timeout=10) for _ in range(400)]
    for connection in connections:
        connection.request("GET", "/health")
    assert [c.getresponse().status for c in connections] == [200] * 400
    for connection in connections:
        connection.close()


# the metrics


def test_counters_and_histograms_equal_what_was_sent_exactly(node):
    before, histograms = counts(node), values(node)
    sent = {"generate": 90, "verify": 60, "finality": 30}
    with requests.Session() as session:
        made = session.post(node.url + GENERATE, json={"evidence": "a"}, timeout=10).json()
    requests_of = {"generate": (GENERATE, {"evidence": "a"}), "verify": (VERIFY, made)}
    requests_of["finality"] = (FINALITY, {"block_hash": block_hash(1)})

    def send(share):
        with requests.Session() as session:
            for operation, number in sent.items():
                path, content = requests_of[operation]
                for _ in range(number // share):
                    assert session.post(node.url + path, json=content, timeout=10).status_code == 200

    threads = [threading.Thread(target=send, args=(3,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {**sent, "generate": sent["generate"] + 1}
    assert added(before, counts(node)) == expected
    after = values(node)
    for operation, name in HISTOGRAMS.items():
        assert after[f"{name}_count", None] - histograms[f"{name}_count", None] == expected[operation]
        assert after[f"{name}_bucket", "+Inf"] == after[f"{name}_count", None]


def test_promtool_finds_nothing_to_complain_about(node):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    text = requests.get(node.metrics_url, timeout=10).content
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_the_metrics_port_serves_metrics_only(node):
    assert requests.get(node.metrics_url.removesuffix("/metrics") + GENERATE, timeout=10).status_code == 404


# the faults


def test_added_latency_is_inside_the_operation_and_ends_when_cleared(node):
    name = HISTOGRAMS["generate"]
    before = values(node)
    set_faults(node, generate__latency="20ms")
    for _ in range(10):
        post(node, GENERATE, {"evidence": "a"})
    with_fault = values(node)
    assert with_fault[f"{name}_bucket", "0.01"] == before[f"{name}_bucket", "0.01"]
    assert with_fault[f"{name}_sum", None] - before[f"{name}_sum", None] >= 10 * 0.02
    requests.delete(node.admin_url + "/faults", timeout=10)
    for _ in range(10):
        post(node, GENERATE, {"evidence": "a"})
    assert values(node)[f"{name}_bucket", "0.01"] > before[f"{name}_bucket", "0.01"]


def test_added_latency_of_one_operation_leaves_the_others_alone(node):
    set_faults(node, generate__latency="uniform(200ms,201ms)")
    assert post(node, FINALITY, {"block_hash": block_hash(1)}).json()["latency_us"] < 100_000


def test_injected_errors_are_500_and_count_as_failed_only(node):
    set_faults(node, generate__error_rate="100%")
    before = counts(node)
    answers = [post(node, GENERATE, {"evidence": "a"}) for _ in range(5)]
    assert {a.status_code for a in answers} == {500}
    assert "error" in answers[0].json()
    assert post(node, GENERATE, {}).status_code == 400
    assert added(before, counts(node)) == {"generate failed": 5}


def test_an_error_rate_for_all_operations_fails_about_that_share(node):
    set_faults(node, error_rate="50%")
    with requests.Session() as session:
        before = counts(node)
        codes = [session.post(node.url + GENERATE, json={"evidence": "a"}, timeout=10).status_code for _ in range(200)]
    failed = codes.count(500)
    assert 60 < failed < 140
    assert added(before, counts(node)) == {"generate": 200 - failed, "generate failed": failed}


def test_wrong_signatures_are_found_by_verify(node):
    set_faults(node, wrong_signature_rate="100%")
    made = post(node, GENERATE, {"evidence": "a"}).json()
    assert len(made["signature"]) == 128
    assert post(node, VERIFY, made).json()["valid"] is False


def test_a_stall_freezes_the_service_but_not_the_metrics(node):
    set_faults(node, stall="700ms")
    begin = time.monotonic()
    assert counts(node)
    assert time.monotonic() - begin < 0.6
    assert requests.get(node.url + "/health", timeout=10).status_code == 200
    assert time.monotonic() - begin > 0.5


def test_clearing_ends_a_running_stall(node):
    left = set_faults(node, stall="60s")["stall"]
    assert 50 < float(left.removesuffix("s")) <= 60
    place = urlsplit(node.url)
    waiting = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    waiting.request("GET", "/health")
    requests.delete(node.admin_url + "/faults", timeout=10)
    assert waiting.getresponse().status == 200
    waiting.close()


def test_metrics_down_and_slow(node):
    set_faults(node, metrics__down=True)
    assert requests.get(node.metrics_url, timeout=10).status_code == 503
    assert post(node, GENERATE, {"evidence": "a"}).status_code == 200
    set_faults(node, metrics__down=False, metrics__latency="300ms")
    begin = time.monotonic()
    assert requests.get(node.metrics_url, timeout=10).status_code == 200
    assert time.monotonic() - begin >= 0.3


def test_the_admin_interface_shows_sets_and_clears(node):
    url = node.admin_url + "/faults"
    assert requests.get(url, timeout=10).json() == {}
    assert set_faults(node, error_rate=0.03) == {"error_rate": "0.03"}
    for wrong in ({"error_rate": "1%", "nonsense": "1"}, {"stall": "long"}, []):
        answer = requests.post(url, json=wrong, timeout=10)
        assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert requests.get(url, timeout=10).json() == {"error_rate": "0.03"}
    assert requests.delete(url, timeout=10).json() == {}
    assert requests.put(url, timeout=10).status_code == 405
    assert requests.get(node.admin_url + "/", timeout=10).status_code == 404


# the process


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
        eventually(lambda: "stall" in requests.get(started.admin_url + "/faults", timeout=10).json(), "a stall")
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
        "import os, signal; from bizra_load.node.embedded import start_node; node = start_node();"
        "print(node.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    parent = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    pid = int(parent.stdout)
    assert parent.returncode == -signal.SIGKILL
    eventually(lambda: not _running(pid), "the node's end")


def _running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def node_command(*arguments):
    return [sys.executable, "-m", "bizra_load.node", "--port", "0", "--metrics-port", "0", *arguments]


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
        with pytest.raises(InvalidRunError, match="exit code 6"):
            start_node(port=int(port))


def test_a_host_name_will_do_and_without_admin_there_is_none(tmp_path):
    ready = tmp_path / "ready.json"
    command = node_command("--host", "localhost", "--no-admin", "--ready-file", str(ready))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        found = json.loads(ready.read_text())
        assert found["pid"] == process.pid
        assert found["admin_url"] is None
        assert found["url"] in line
        assert requests.get(found["url"] + "/health", timeout=10).status_code == 200
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
