"""The reference node as a real process: its endpoints and its metrics."""

import http.client
import shutil
import subprocess
import threading
from urllib.parse import urlsplit

import pytest
import requests

from bizra_load.poi.chain import FINALIZED, block_hash
from tests.e2e.running import metric_values
from tests.e2e.talking import FINALITY, GENERATE, HISTOGRAMS, VERIFY, added, counts, post

TOO_DEEP = b'{"body":%s1%s,"signature":"%s","public_key":"%s"}' % (b'{"a":' * 400, b"}" * 400, b"0" * 128, b"0" * 64)


@pytest.fixture
def node(calm_node):
    return calm_node


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
    response = post(node, VERIFY, made)
    assert (response.status_code, response.json()["valid"]) == (200, False)
    assert added(before, counts(node)) == {"verify": 1}


def test_finality_knows_the_published_blocks_only(node):
    known = post(node, FINALITY, {"block_hash": block_hash(7)})
    unknown = post(node, FINALITY, {"block_hash": block_hash(FINALIZED)})
    assert (known.json()["finalized"], unknown.json()["finalized"]) == (True, False)
    assert known.json()["latency_us"] > 0


def test_health(node):
    response = requests.get(node.url + "/health", timeout=10)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (GENERATE, b""),
        (GENERATE, b"{"),
        (GENERATE, b"\xff\xfe"),
        (GENERATE, b"[1]"),
        (GENERATE, b'{"evidence":5}'),
        (GENERATE, b'{"evidence":"' + b"x" * 65_537 + b'"}'),
        (VERIFY, b"{}"),
        (VERIFY, b'{"body":{},"signature":"00","public_key":"00"}'),
        (VERIFY, TOO_DEEP),
        (FINALITY, b'{"block_hash":"0x12"}'),
    ],
)
def test_bad_input_is_400_with_a_reason_and_counts_nowhere(node, path, content):
    before = counts(node)
    response = requests.post(node.url + path, data=content, timeout=10)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert response.json()["error"]
    assert counts(node) == before


@pytest.mark.parametrize("content", [b"x" * (1024 * 1024 + 1), [b"x" * 65_536] * 64], ids=["known length", "unknown length"])
def test_a_request_over_the_limit_is_413_and_counts_nowhere(node, content):
    before = counts(node)
    for address in (node.url + GENERATE, node.admin_url + "/faults"):
        response = requests.post(address, data=iter(content) if isinstance(content, list) else content, timeout=10)
        assert response.status_code == 413
        assert "longer" in response.json()["error"]
    assert counts(node) == before


def test_head_is_answered_as_get_is_without_the_content(node):
    for address in (node.url + "/health", node.metrics_url, node.admin_url + "/faults"):
        head, get = requests.head(address, timeout=10), requests.get(address, timeout=10)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
        assert int(head.headers["content-length"]) > 0
    assert requests.head(node.url + GENERATE, timeout=10).status_code == 405


def test_a_chunked_request_is_read_whole(node):
    response = requests.post(node.url + GENERATE, data=iter([b'{"evid', b'ence":', b'"a"}']), timeout=10)
    assert response.json()["body"]["evidence"] == "a"


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [("GET", "/nothing", 404, None), ("GET", GENERATE, 405, "POST"), ("POST", "/health", 405, "GET, HEAD")],
)
def test_unknown_paths_and_methods_are_answered_in_json(node, method, path, status, allow):
    response = requests.request(method, node.url + path, timeout=10)
    assert (response.status_code, list(response.json()), response.headers.get("allow")) == (status, ["error"], allow)


def test_hundreds_of_connections_are_served_at_once(node):
    """One Locust user holds one connection."""
    place = urlsplit(node.url)
    connections = [http.client.HTTPConnection(place.hostname, place.port, timeout=10) for _ in range(400)]
    for connection in connections:
        connection.request("GET", "/health")
    assert [c.getresponse().status for c in connections] == [200] * 400
    for connection in connections:
        connection.close()


def test_counters_and_histograms_equal_what_was_sent_exactly(node):
    before, histograms = counts(node), metric_values(node)
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
    after = metric_values(node)
    for operation, name in HISTOGRAMS.items():
        assert after[f"{name}_count", None] - histograms[f"{name}_count", None] == expected[operation]
        assert after[f"{name}_bucket", "+Inf"] == after[f"{name}_count", None]


def test_promtool_finds_nothing_to_complain_about(node):
    assert shutil.which("promtool"), "promtool is missing: apt-get install -y --no-install-recommends prometheus"
    text = requests.get(node.metrics_url, timeout=10).content
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_the_metrics_port_serves_metrics_only(node):
    assert requests.get(node.metrics_url.removesuffix("/metrics") + GENERATE, timeout=10).status_code == 404
