"""The reference node's faults, switched on and off while it runs."""

import http.client
import select
import socket
import time
from urllib.parse import urlsplit

import pytest
import requests

from bizra_load.poi.chain import block_hash
from bizra_load.rehearsal.node_process import start_node
from tests.e2e.running import metric_values, until
from tests.e2e.talking import FINALITY, GENERATE, HISTOGRAMS, VERIFY, added, counts, pipelined, post, set_faults


@pytest.fixture
def node(calm_node):
    return calm_node


def test_added_latency_is_inside_the_operation_and_ends_when_cleared(node):
    name = HISTOGRAMS["generate"]
    before = metric_values(node)
    set_faults(node, generate__latency="20ms")
    for _ in range(10):
        post(node, GENERATE, {"evidence": "a"})
    with_fault = metric_values(node)
    assert with_fault[f"{name}_bucket", "0.01"] == before[f"{name}_bucket", "0.01"]
    assert with_fault[f"{name}_sum", None] - before[f"{name}_sum", None] >= 10 * 0.02
    requests.delete(node.admin_url + "/faults", timeout=10)
    for _ in range(10):
        post(node, GENERATE, {"evidence": "a"})
    assert metric_values(node)[f"{name}_bucket", "0.01"] > before[f"{name}_bucket", "0.01"]


def test_added_latency_of_one_operation_leaves_the_others_alone(node):
    made = post(node, GENERATE, {"evidence": "a"}).json()
    set_faults(node, generate__latency="uniform(10m,11m)")  # longer than the client waits
    assert post(node, FINALITY, {"block_hash": block_hash(1)}).status_code == 200
    assert post(node, VERIFY, made).json()["valid"] is True


def test_pipelined_requests_are_answered_in_order_though_some_are_slowed_down(node):
    set_faults(node, generate__latency="uniform(0ms,5ms)")
    asked = [(GENERATE, {"evidence": str(i)}) if i % 3 else (FINALITY, {"block_hash": block_hash(i)}) for i in range(60)]
    before = counts(node)
    with pipelined(node, asked) as next_answer:
        responses = [next_answer() for _ in asked]
    result = [response["body"]["evidence"] if "body" in response else response["finalized"] for response in responses]
    assert result == [content.get("evidence", True) for _, content in asked]
    assert added(before, counts(node)) == {"generate": 40, "finality": 20}


def test_injected_errors_are_500_and_count_as_failed_only(node):
    set_faults(node, generate__error_rate="100%")
    before = counts(node)
    responses = [post(node, GENERATE, {"evidence": "a"}) for _ in range(5)]
    assert {a.status_code for a in responses} == {500}
    assert "error" in responses[0].json()
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
    set_faults(node, stall="60s")
    place = urlsplit(node.url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as waiting:
        waiting.sendall(b"GET /health HTTP/1.1\r\nHost: node\r\n\r\n")
        for _ in range(3):
            assert counts(node)
        assert select.select([waiting], [], [], 0)[0] == []


def test_a_stall_ends_by_itself_when_its_time_is_over(node):
    begin = time.monotonic()
    set_faults(node, stall="500ms")
    assert requests.get(node.url + "/health", timeout=10).status_code == 200
    assert time.monotonic() - begin >= 0.5
    assert requests.get(node.admin_url + "/faults", timeout=10).json() == {}


def test_clearing_ends_a_running_stall(node):
    left = set_faults(node, stall="60s")["stall"]
    assert 50 < float(left.removesuffix("s")) <= 60
    place = urlsplit(node.url)
    waiting = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    waiting.request("GET", "/health")
    requests.delete(node.admin_url + "/faults", timeout=10)
    assert waiting.getresponse().status == 200
    waiting.close()


def test_a_stall_holds_back_what_is_pipelined_and_its_end_releases_it_in_order(node):
    set_faults(node, stall="60s")
    before = counts(node)
    with pipelined(node, [(GENERATE, {"evidence": str(i)}) for i in range(30)]) as next_answer:
        until(lambda: added(before, counts(node)), "the first to be carried out")
        requests.delete(node.admin_url + "/faults", timeout=10)
        assert [next_answer()["body"]["evidence"] for _ in range(30)] == [str(i) for i in range(30)]
    assert added(before, counts(node)) == {"generate": 30}


def test_metrics_down_and_slow(node):
    set_faults(node, metrics__down=True)
    assert requests.get(node.metrics_url, timeout=10).status_code == 503
    assert post(node, GENERATE, {"evidence": "a"}).status_code == 200
    set_faults(node, metrics__down=False, metrics__latency="300ms")
    begin = time.monotonic()
    assert requests.get(node.metrics_url, timeout=10).status_code == 200
    assert time.monotonic() - begin >= 0.3


def test_an_empty_page_has_the_process_and_nothing_else(node):
    set_faults(node, metrics__empty=True)
    names = {name for name, _ in metric_values(node)}
    assert "process_resident_memory_bytes" in names
    assert not [n for n in names if n.startswith("bizra_")]


def test_memory_and_cpu_are_used_until_cleared_and_answers_go_on(node):
    def used(name):
        return metric_values(node)[name, None]

    idle = used("process_resident_memory_bytes")
    set_faults(node, memory="200MiB", cpu="60%")
    assert used("process_resident_memory_bytes") - idle > 190 * 2**20
    busy, begin = used("process_cpu_seconds_total"), time.monotonic()
    until(lambda: used("process_cpu_seconds_total") - busy > 0.5, "half a second of CPU")
    # not a whole core; how much of its share it gets is the machine's matter
    assert used("process_cpu_seconds_total") - busy < 0.9 * (time.monotonic() - begin)
    assert post(node, GENERATE, {"evidence": "a"}).status_code == 200
    requests.delete(node.admin_url + "/faults", timeout=10)
    until(lambda: used("process_resident_memory_bytes") - idle < 100 * 2**20, "memory given back")


def test_the_admin_interface_shows_sets_and_clears(node):
    url = node.admin_url + "/faults"
    assert requests.get(url, timeout=10).json() == {}
    assert set_faults(node, error_rate=0.03) == {"error_rate": "0.03"}
    for wrong in ({"error_rate": "1%", "nonsense": "1"}, {"stall": "long"}, []):
        response = requests.post(url, json=wrong, timeout=10)
        assert (response.status_code, list(response.json())) == (400, ["error"])
    assert requests.get(url, timeout=10).json() == {"error_rate": "0.03"}
    assert requests.delete(url, timeout=10).json() == {}
    assert requests.put(url, timeout=10).status_code == 405
    assert requests.get(node.admin_url + "/", timeout=10).status_code == 404


def test_the_admin_interface_listens_on_loopback_only_wherever_the_service_listens():
    with start_node(["--host", "0.0.0.0"]) as node:
        ports = {name: urlsplit(url).port for name, url in (("service", node.url), ("admin", node.admin_url))}
        socket.create_connection(("127.0.0.2", ports["service"]), timeout=5).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", ports["admin"]), timeout=5)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_web_page_can_not_set_faults(calm_node, headers):
    """Through the browser of somebody on the node's machine, or by a name that leads there."""
    url, fault = calm_node.admin_url + "/faults", {"generate.error_rate": "100%"}
    for send in (requests.post, requests.delete, requests.put):
        response = send(url, json=fault, headers=headers, timeout=10)
        assert response.status_code == 403, headers
        assert response.json()["error"].startswith("refused: ")
    if "Host" in headers:
        assert requests.get(url, headers=headers, timeout=10).status_code == 403
        assert (
            requests.get(calm_node.url + "/health", headers=headers, timeout=10).status_code == 200
        )  # under test: any client's
    assert requests.get(url, timeout=10).json() == {}


def test_own_pages_and_scripts_set_faults(calm_node):
    url, fault = calm_node.admin_url + "/faults", {"generate.error_rate": "100%"}
    port = calm_node.admin_url.rpartition(":")[2]
    for headers in ({}, {"Origin": calm_node.admin_url}, {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}):
        assert requests.post(url, json=fault, headers=headers, timeout=10).json() == fault
        assert requests.delete(url, headers=headers, timeout=10).json() == {}
