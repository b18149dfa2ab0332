"""What a server and a Prometheus say: /metrics as text, OpenMetrics and protobuf; answers to queries, rules, alerts."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from random import Random
from types import SimpleNamespace
from typing import Any

from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring.panel_check import check_panels
from bizra_load.monitoring.panels import Panel
from bizra_load.monitoring.rule_check import check_rules
from bizra_load.products import product_of
from bizra_load.server_metrics.exposition import ScrapeError, parse
from bizra_load.server_metrics.prometheus import PrometheusSource
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from sla.judgement.monitored import judge_monitored
from sla.values.snapshot import Snapshot, series_key
from tests.fuzzing import changes
from tests.fuzzing.target import Target, answer_of

METRICS = ("bizra_poi_generate_total", "bizra_poi_generate_fail_total", "bizra_poi_generate_seconds")
FILE = read_agreement("v2.2.0-rc1")
START = 1_800_000_000
_PROTOBUF = b"\x6d\x0a\x08go_total\x12\x01x\x18\x00\x22\x0a\x1a\x08\x09\x00\x00\x00\x00\x00\x00\x14\x40"


def page(rng: Random) -> tuple[str, tuple[str, str] | None]:
    """A page of metrics, and (the series of which a counter's value was replaced, by what)."""
    openmetrics, lines, replaced = rng.random() < 0.4, [], None
    for name in ("bizra_poi_generate_total", "bizra_poi_generate_fail_total", "go_other_total"):
        lines.append(f"# TYPE {name.removesuffix('_total') if openmetrics else name} counter")
        for labels in rng.choice(([{}], [{"method": "a"}, {"method": 'b"\\\n,}{=#'}])):
            value = str(rng.randint(0, 10**9))
            if replaced is None and rng.random() < 0.3:
                value = rng.choice([n for n in changes.NUMBERS if n.strip()])  # without one, a time stamp is the value
                replaced = (series_key(name, labels), value)
            lines.append(_line(name, labels, value) + _tail(rng, openmetrics))
    count = rng.randint(0, 1000)
    lines.append("# TYPE bizra_poi_generate_seconds histogram")
    for edge, part in (("0.0001", count // 2), ("0.001", count), ("+Inf", count)):
        lines.append(_line("bizra_poi_generate_seconds_bucket", {"le": edge}, str(part)) + _tail(rng, openmetrics))
    lines += [f"bizra_poi_generate_seconds_sum {count / 1e3}", f"bizra_poi_generate_seconds_count {count}"]
    lines += ["# HELP process_resident_memory_bytes memory", "process_resident_memory_bytes 1e6"]
    lines += ["# EOF"] if openmetrics else []
    return "\n".join(lines) + "\n", replaced


def _line(name: str, labels: Mapping[str, str], value: str) -> str:
    return f"{series_key(name, labels)} {value}"


def _tail(rng: Random, openmetrics: bool) -> str:
    stamp = rng.choice(("", "", " 1800000000000")) if not openmetrics else rng.choice(("", " 1800000000.123"))
    exemplar = ' # {trace_id="x y"} 0.5 1800000000.1' if openmetrics and rng.random() < 0.2 else ""
    return stamp + exemplar


def page_check(made: tuple[str, tuple[str, str] | None]) -> str:
    text, replaced = made
    data = text.encode("utf-8", "surrogatepass")
    snapshot, refusal = answer_of(lambda: parse(data, "http://x/metrics", 1, 1, METRICS), ScrapeError)
    if snapshot is not None:
        _is_sound(snapshot)
        if replaced is not None and not replaced[0].startswith("go_other"):
            key, value = replaced
            assert key in snapshot.counters, f"{key} {value!r} is silently absent"
            assert snapshot.counters[key] == float(value.split()[0]), f"{value!r} is another number"
    return refusal


def _is_sound(s: Snapshot) -> None:
    assert all(0 <= v < math.inf for v in s.counters.values()), "a counter that is none"
    for h in s.histograms.values():
        assert list(h.cumulative) == sorted(h.cumulative), "a histogram that goes back"
        assert h.edges_s[-1] == math.inf
        assert list(h.edges_s) == sorted(set(h.edges_s))


def damaged_page(rng: Random) -> bytes:
    if rng.random() < 0.05:
        return changes.damaged(rng, _PROTOBUF)
    return changes.damaged(rng, page(rng)[0].encode())


def damaged_page_check(data: bytes) -> str:
    snapshot, refusal = answer_of(lambda: parse(data, "http://x/metrics", 1, 1), ScrapeError)
    if snapshot is not None:
        _is_sound(snapshot)
    return refusal


class CannedSession:
    """A mock of the connection to a Prometheus: the same content for every request."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def get(self, *_: Any, **__: Any) -> Any:
        return SimpleNamespace(status_code=200, content=self._content)


def _client(content: bytes) -> PrometheusClient:
    client = PrometheusClient("http://x")
    client._session = CannedSession(content)  # type: ignore[assignment]
    return client


def _content(rng: Random, document: Any) -> bytes:
    if rng.random() < 0.7:
        document = changes.changed(rng, document, json_only=True)
    data = json.dumps(document).encode("utf-8", "surrogatepass")
    return changes.damaged(rng, data) if rng.random() < 0.2 else data


def _series(rng: Random, name: str, **labels: str) -> dict[str, Any]:
    at, value, points = START + rng.random(), 0.0, []
    for _ in range(rng.randint(0, 5)):
        at, value = at + 5, value + rng.randint(0, 100)
        points.append([round(at, 3), str(value)])
    return {"metric": {"__name__": name, "instance": "a:1", "job": "node", **labels}, "values": points}


def query_answer(rng: Random) -> bytes:
    series = [_series(rng, m, **rng.choice(({}, {"method": "a"}))) for m in METRICS[:2]]
    series += [_series(rng, METRICS[2] + "_bucket", le=edge) for edge in ("0.001", "+Inf")]
    if rng.random() < 0.3:
        h = {"count": "3", "sum": "1.5", "buckets": [[0, "0.5", "1", "2"], [0, "1", "2", "1"]]}
        series.append({"metric": {"__name__": METRICS[2], "instance": "a:1", "job": "node"}, "histograms": [[START + 5, h]]})
    document: dict[str, Any] = {"status": "success", "data": {"resultType": "matrix", "result": series}}
    document |= rng.choice(({}, {}, {}, {"isPartial": True}, {"warnings": ["x"]}, {"infos": ["i"]}, {"status": "error"}))
    return _content(rng, document)


def query_check(data: bytes) -> str:
    source = PrometheusSource("http://x", METRICS)
    source._client = _client(data)
    snapshots, refusal = answer_of(lambda: source.snapshots(START * 10**9, (START + 60) * 10**9), ScrapeError)
    if snapshots is None:
        return refusal
    for snapshot in snapshots:
        _is_sound(snapshot)
    document = json.loads(data)
    assert document.get("status", "success") == "success"
    assert not document.get("warnings"), "a part was taken for the whole"
    assert document.get("isPartial") is not True, "a part was taken for the whole"
    if len(data) % 10 == 0:
        judge_monitored(snapshots, START * 10**9, (START + 60) * 10**9, FILE.agreement, FILE.baseline)
    return ""


RULES = product_of(FILE.judged).alert_rules(FILE.judged, "bizra-node")


def rules_answer(rng: Random) -> bytes:
    """The rules of the packaged agreement, as a Prometheus shows them."""
    shown = [
        {"type": "alerting", "name": r.name, "query": r.expr, "duration": r.for_s, "health": "ok", "alerts": [], "labels": {}}
        for r in RULES
    ]
    groups = [{"name": "g", "file": "f", "interval": 15, "rules": shown}]
    return _content(rng, {"status": "success", "data": {"groups": groups}})


def rules_check(data: bytes) -> str:
    check = check_rules(_client(data), RULES, "x", "0" * 64, "bizra-node", "job bizra-node")
    assert "\n" not in check.unread, "a refusal of several lines"
    if check.unread:
        return check.unread
    shown: list[dict[str, Any]] = [r for g in json.loads(data)["data"]["groups"] for r in g["rules"]]
    for rule, rule_check in zip(RULES, check.rules, strict=True):
        same = [
            r
            for r in shown
            if r.get("name") == rule.name and r["type"] == "alerting" and abs(float(r["duration"]) - rule.for_s) < 0.001
        ]
        working = any(r.get("health") in ("ok", "unknown") for r in same)
        assert rule_check.reason or working, f"{rule.name} is taken for loaded"
    return "" if check.passed else "; ".join(r.reason for r in check.rules if r.reason)[:100]


def vector_answer(rng: Random) -> bytes:
    series = [{"metric": {"job": "node"}, "value": [START, "0.25"]} for _ in range(rng.randint(0, 2))]
    return _content(rng, {"status": "success", "data": {"resultType": "vector", "result": series}})


PANELS = (Panel("Latency", "", "s", {"p50": "a", "p99": "b"}),)


def vector_check(data: bytes) -> str:
    client = _client(data)
    check, refusal = answer_of(lambda: check_panels(client.query, PANELS, FILE.agreement, "x"), ScrapeError)
    if check is None:
        return refusal
    values = [float(s["value"][1]) for s in json.loads(data)["data"]["result"]]
    finite = any(map(math.isfinite, values))
    assert check.panels[0].passed == finite, "a panel without data passes, or one with data does not"
    assert not check.passed or (check.scrape_s is not None and 0 <= check.scrape_s < FILE.agreement.process.scrape_s)
    answer_of(client.alerts, ScrapeError)
    return ""


TARGETS = (
    Target("metrics-values", 130_000, page, page_check),
    Target("metrics-damaged", 150_000, damaged_page, damaged_page_check, changes.damaged),
    Target("prometheus-query", 90_000, query_answer, query_check, changes.damaged),
    Target("prometheus-rules", 35_000, rules_answer, rules_check, changes.damaged),
    Target("prometheus-vector", 80_000, vector_answer, vector_check, changes.damaged),
)
