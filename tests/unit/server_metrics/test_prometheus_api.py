"""The client of Prometheus' API against a server that follows a script, one request a connection."""

import json

import pytest

from bizra_load.io.ports import free_port
from bizra_load.server_metrics import prometheus_api
from bizra_load.server_metrics.exposition import ScrapeError
from bizra_load.server_metrics.prometheus import PrometheusSource
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from tests.unit.engine.hostile_server import hostile_server

VECTOR = [{"metric": {}, "value": [1.0, "7"]}]


def reply(status, content, requests=None):
    def script(connection):
        request = connection.recv(65_536)
        if requests is not None:
            requests.append(request.decode())
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    return script


def test_a_query_carries_the_token_and_its_time(monkeypatch):
    monkeypatch.setenv("PROMETHEUS_TOKEN", "a-token")
    requests = []
    with hostile_server(reply(200, {"data": {"result": VECTOR}}, requests)) as url:
        assert PrometheusClient.with_token_of_environment(url + "/", timeout_s=3.0).query("up == 1", 12.5) == VECTOR
    assert requests[0].startswith("GET /api/v1/query?query=up+%3D%3D+1&timeout=3s&time=12.500 ")
    assert "Authorization: Bearer a-token" in requests[0]


def test_alerts_and_rules_are_lists():
    with hostile_server(
        reply(200, {"data": {"alerts": [{"state": "firing"}]}}), reply(200, {"data": {"groups": [{"rules": []}]}})
    ) as url:
        client = PrometheusClient(url)
        assert client.alerts() == [{"state": "firing"}]
        assert client.rule_groups() == [{"rules": []}]


def test_a_passing_status_is_tried_again_and_a_wrong_query_is_not(monkeypatch):
    monkeypatch.setattr(prometheus_api, "_TRY_AGAIN_AFTER_S", (0.0, 0.0))
    with hostile_server(reply(503, b"starting"), reply(503, b"starting"), reply(200, {"data": {"result": VECTOR}})) as url:
        assert PrometheusClient(url).query("up") == VECTOR
    with hostile_server(reply(503, b"starting")) as url, pytest.raises(ScrapeError, match="HTTP Status Code 503"):
        PrometheusClient(url).query("up")
    requests = []
    with (
        hostile_server(reply(400, {"error": "parse error"}, requests)) as url,
        pytest.raises(ScrapeError, match=r"HTTP Status Code 400 .*parse error"),
    ):
        PrometheusClient(url).query("up(")
    assert len(requests) == 1


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize("before", ["", "x" * 190])
def test_the_token_is_in_no_message_whatever_the_server_says(monkeypatch, status, before):
    monkeypatch.setenv("PROMETHEUS_TOKEN", "planted-s3cret")
    body = {"status": "error", "error": f"{before} user planted-s3cret may not"}
    with hostile_server(reply(status, body)) as url, pytest.raises(ScrapeError) as refused:
        PrometheusClient.with_token_of_environment(url).query("up")
    assert "plan" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("content", [b"<html>", [], {}, {"data": {}}, {"data": None}])
def test_a_response_of_another_form_is_one_line(content):
    with hostile_server(reply(200, content)) as url, pytest.raises(ScrapeError) as refused:
        PrometheusClient(url).query("up")
    assert str(refused.value).startswith(f"{url}: ")


def test_a_response_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(prometheus_api, "MAX_RESPONSE_BYTES", 1000)
    with hostile_server(reply(200, b" " * 2000)) as url, pytest.raises(ScrapeError, match="more than 1,000 bytes"):
        PrometheusClient(url).query("up")


def test_nobody_there_is_one_line_once_the_tries_are_used_up(monkeypatch):
    monkeypatch.setattr(prometheus_api, "_TRY_AGAIN_AFTER_S", (0.0, 0.0))
    with pytest.raises(ScrapeError, match=": ConnectionError: "):
        PrometheusClient(f"http://127.0.0.1:{free_port()}").query("up")


def test_a_response_that_may_be_a_part_is_refused_with_its_warning():
    """Thanos and Mimir respond with success and a warning when one of their stores did not."""
    part = {"status": "success", "warnings": ["store-3: context deadline exceeded"], "data": {"result": VECTOR}}
    with (
        hostile_server(reply(200, part)) as url,
        pytest.raises(ScrapeError, match=r"response may be incomplete: store-3: context deadline exceeded"),
    ):
        PrometheusClient(url).query("up")
    with hostile_server(reply(200, {**part, "warnings": [], "infos": ["metric might not be a counter"]})) as url:
        assert PrometheusClient(url).query("up") == VECTOR


def test_an_expression_is_formatted_by_prometheus_or_loses_its_white_space():
    with hostile_server(reply(200, {"data": "up == 1"}), reply(404, b"no such page")) as url:
        client = PrometheusClient(url)
        assert client.formatted("up==1") == "up == 1"
        assert client.formatted(" up ==  1\n") == "up==1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"status": "success", "isPartial": True, "data": {"result": VECTOR}},
            "may be incomplete: isPartial",
        ),  # VictoriaMetrics
        ({"status": "success", "warnings": ["a store is down"], "data": {"result": VECTOR}}, "incomplete: a store is down"),
        ({"status": "success", "warnings": 5, "data": {"result": VECTOR}}, "incomplete: 5"),
        ({"status": "error", "error": "too many series", "data": {"result": []}}, "error: too many series"),
        ({"data": {"result": 5}}, "result is no list of objects"),
        ({"data": {"result": {"a": 1}}}, "result is no list of objects"),
        ({"data": {"result": ["a"]}}, "result is no list of objects"),
        (b"[" * 100_000, "RecursionError"),
        ([], "AttributeError"),
    ],
)
def test_what_is_not_the_whole_answer_of_a_prometheus_is_refused(content, message):
    with hostile_server(reply(200, content)) as url, pytest.raises(ScrapeError, match=message) as refused:
        PrometheusClient(url).query("up")
    assert "\n" not in str(refused.value)


def test_what_a_prometheus_merely_remarks_is_no_refusal():
    with hostile_server(
        reply(200, {"status": "success", "infos": ["might not be a counter"], "data": {"result": VECTOR}})
    ) as url:
        assert PrometheusClient(url).query("up") == VECTOR


def stored(*values, name="n_total"):
    return [{"metric": {"__name__": name, "job": "n"}, "values": [[i + 1.0, v] for i, v in enumerate(values)]}]


def test_the_nan_with_which_victoriametrics_ends_a_series_is_no_sample_and_a_series_of_them_is_refused(monkeypatch):
    source = PrometheusSource("http://127.0.0.1:9", ["n_total"])
    monkeypatch.setattr(source._client, "query", lambda *_: stored("5", "7", "NaN"))
    assert [s.counters for s in source.snapshots(0, 9 * 10**9)] == [{"n_total": 5.0}, {"n_total": 7.0}]
    monkeypatch.setattr(source._client, "query", lambda *_: stored("NaN", "NaN", "NaN"))
    with pytest.raises(ScrapeError, match="can't be counted: n_total: nan is no count"):
        source.snapshots(0, 9 * 10**9)


def test_an_instant_vector_where_the_samples_of_a_range_were_asked_for_is_refused(monkeypatch):
    source = PrometheusSource("http://127.0.0.1:9", ["n_total"])
    monkeypatch.setattr(source._client, "query", lambda *_: [{"metric": {"__name__": "n_total"}, "value": [1, "5"]}])
    with pytest.raises(ScrapeError, match="no samples of a range"):
        source.snapshots(0, 9 * 10**9)
