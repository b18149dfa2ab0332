"""What users and workers hand over: listeners' samples, reports, messages, run folders, spools."""

from __future__ import annotations

import atexit
import decimal
import json
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import msgpack
import numpy as np
import orjson

from bizra_load.archive import spool
from bizra_load.archive.names import CHECKSUMS
from bizra_load.archive.store import RunWriter, read_run
from bizra_load.exit_codes import UsageError
from bizra_load.judging.judge import judge_folder
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import REPORT, Receiver, Sender, read_start
from bizra_load.measure.hdr_codec import WireError
from bizra_load.measure.recorder import Recorder, milliseconds_to_ns
from bizra_load.measure.report import decode_report, encode_report
from sla.values.failure import FailureReason
from tests.fuzzing import changes
from tests.fuzzing.target import Target, answer_of
from tests.unit.cli.bad_files import run
from tests.unit.sla.synthetic import measurements

_PLACE = Path(tempfile.mkdtemp(prefix="bizra-load-fuzz-"))
atexit.register(shutil.rmtree, _PLACE, ignore_errors=True)


class Hostile:
    """An object of somebody's code in which nothing works."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("no")

    def __float__(self) -> float:
        raise ZeroDivisionError

    def __str__(self) -> str:
        raise RuntimeError("no")

    __eq__ = __hash__ = __bool__ = __len__ = __float__  # type: ignore[assignment]


class HostileError(Exception):
    """An exception whose attributes raise."""

    @property
    def response(self) -> Any:
        raise ZeroDivisionError

    @property
    def category(self) -> Any:
        raise RuntimeError("no")


class Name(str):
    """A text that lies about itself."""

    def isascii(self) -> bool:
        raise RuntimeError("no")

    def __hash__(self) -> int:
        raise TypeError("no")


TIMES = (1, 1.5, 0, -1, float("nan"), float("inf"), -float("inf"), None, "5", b"5", True, 10**400, 1e308, np.float64(2.5),
         np.float32("nan"), np.int64(3), np.array([1.0]), np.array([1.0, 2.0]), decimal.Decimal("1.5"), decimal.Decimal("sNaN"),
         1j, [], {}, Hostile(), SimpleNamespace())  # fmt: skip
NAMES = (*changes.TEXTS, None, 5, b"x", [], Hostile(), Name("n"), "\udcff" * 300, "x" * 10**5)
ERRORS = (None, None, None, False, True, 0, "", "text", ValueError("x"), TimeoutError(), HostileError(), Hostile(),
          SimpleNamespace(response=SimpleNamespace(status_code=503)), SimpleNamespace(category=[]),
          SimpleNamespace(code=10**30), SimpleNamespace(category=np.array([1, 2])))  # fmt: skip


def events(rng: Random) -> list[dict[str, Any]]:
    request_events = []
    for _ in range(rng.randint(1, 6)):
        event = {"name": "a", "response_time": 1.5, "exception": None, "request_type": "GET", "response_length": 5}
        for key, values in (("response_time", TIMES), ("name", NAMES), ("exception", ERRORS)):
            if rng.random() < 0.4:
                event[key] = rng.choice(values)
        if rng.random() < 0.1:
            del event[rng.choice(list(event))]
        request_events.append(event)
    return request_events


def _failed(exception: object) -> bool:
    """As Locust tells it, by its truth; an object's own code is not asked."""
    return bool(exception) if type(exception) in (bool, int, float, str, bytes, tuple, list, dict) else exception is not None


@cache
def _worker_run() -> Any:
    from locust.env import Environment

    from bizra_load.runtime.worker_run import WorkerRun
    from bizra_load.settings.settings import resolve

    return WorkerRun.start(Environment(), resolve(None), "w", 0, "r", None, lambda _: None, ClusterKey(), SteadyClock())


def events_check(request_events: list[dict[str, Any]]) -> str:
    worker = _worker_run()
    from bizra_load.runtime.request_names import RequestNames
    from bizra_load.runtime.request_samples import RequestSamples

    now_ns = time.perf_counter_ns()
    worker.recorder = Recorder(now_ns, time.time_ns())
    worker.requests = RequestSamples(worker.recorder, RequestNames(worker.settings.fold_names), False, lambda: None)
    for event in request_events:
        worker.on_request(time.perf_counter_ns(), **event)
    windows = worker.recorder.take(time.perf_counter_ns() + 10**9, everything=True)
    failed = sum(_failed(event.get("exception")) for event in request_events)
    bad = sum(e.get("response_time") is not None and milliseconds_to_ns(e["response_time"]) is None for e in request_events)
    assert sum(w.failures for w in windows) == failed, "a failure was taken for another end"
    assert sum(w.ok for w in windows) == len(request_events) - failed, "an operation was lost, or counted twice"
    assert sum(w.started for w in windows) == len(request_events)
    assert worker.requests.take_bad() >= bad, "a time that is none was not counted as bad"
    reasons = worker.recorder.reasons.take(0)
    assert sum(r.count for r in reasons) == failed, "a reason was lost"
    report = decode_report("w", 0, False, encode_report(windows, [], reasons))
    assert (report.windows, report.failures) == (tuple(windows), tuple(reasons))
    return ""


@cache
def _measured() -> Any:
    return measurements(rate=5, hold_s=4)


@cache
def _report_data() -> bytes:
    reasons = [FailureReason("generate", "http_5xx", "503 busy", 3, 10**18, 10**18 + 5)]
    return encode_report(_measured().windows[:6], _measured().health[:2], reasons)


def report_data(rng: Random) -> bytes:
    data = _report_data()
    if rng.random() < 0.7:
        data = msgpack.packb(_packable(changes.changed(rng, msgpack.unpackb(data, strict_map_key=False))))
    return changes.damaged(rng, data) if rng.random() < 0.4 else data


def _packable(document: Any) -> Any:
    if isinstance(document, dict):
        return {_packable(key): _packable(v) for key, v in document.items()}
    if isinstance(document, list):
        return [_packable(v) for v in document]
    if isinstance(document, int) and not -(2**63) <= document < 2**64:
        return 2**64 - 1
    return document.encode("utf-8", "replace").decode() if isinstance(document, str) else document


def report_check(data: bytes) -> str:
    report, refusal = answer_of(lambda: decode_report("w", 0, False, data), WireError)
    if report is not None:
        for w in report.windows:
            assert w.response.total == w.service.total == w.ok - w.untimed + w.failed.get("timeout", 0)
            assert min(w.planned, w.unsent, w.started, w.ok, *w.failed.values()) >= 0
        assert all(f.count >= 0 and f.reason for f in report.failures)
        again = orjson.loads(orjson.dumps([report.window_rows, report.health_rows]))
        assert len(again[0]) == len(report.windows)
    return refusal


KEY = ClusterKey(b"k" * 32)


def messages(rng: Random) -> list[Any]:
    right = {
        "run": "r",
        "worker": "w",
        "sequence": 0,
        "final": False,
        "data": b"1",
        "elapsed_ns": 5,
        "unix_ns": 5,
        "hello_ns": 0,
    }
    reports = []
    for sequence in range(rng.randint(1, 5)):
        message = right | {"sequence": sequence, "mac": KEY.sign(REPORT, "r", "w", sequence, False, b"1")}
        reports.append(changes.changed(rng, message) if rng.random() < 0.7 else message)
    return reports


def messages_check(reports: Any) -> str:
    reports = reports if isinstance(reports, list) else [reports]
    kept: list[Any] = []
    receiver = Receiver("r", lambda *report: kept.append(report), KEY)
    responses = [receiver.receive(message) for message in reports]
    assert len(kept) == len(set(kept)) <= sum(a is not None for a in responses)
    assert all(report[0] == "w" and report[3] == b"1" for report in kept), "believed what was not signed"
    assert receiver.missing() >= 0
    sender = Sender("r", "w", lambda _: None, KEY)
    for message in reports:
        sender.acknowledged(message)
        answer_of(lambda m=message: read_start(m, "w", KEY), ValueError)  # type: ignore[misc]
    return "" if len(kept) == len(reports) else f"{len(reports) - len(kept)} of {len(reports)} refused"


@cache
def _right_run() -> dict[str, bytes]:
    folder = _PLACE / "right"
    run(folder, RunWriter, _measured())
    names = ("run.json", "windows.jsonl", "health.jsonl", "server.jsonl", "target.jsonl", "agreement.yaml", "baseline.json")
    files = {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}
    files["run.json"] = json.dumps(json.loads(files["run.json"]) | {"sealed": False}).encode()
    files["failures.jsonl"] = b'{"operation":"a","category":"timeout","reason":"x","count":3,"first_ns":1,"last_ns":2}\n' * 2
    for name in ("windows.jsonl", "health.jsonl", "server.jsonl"):
        files[name] = b"".join(line + b"\n" for line in files[name].splitlines()[:9])
    sender = Sender("right", "w", lambda _: None)
    sender.report(_report_data(), final=True)
    files["spool-w.jsonl"] = spool.leave([folder], "right", "w", 5, sender.waiting(), sender.spool_key).read_bytes()
    shutil.rmtree(folder)
    return files


def folder_files(rng: Random) -> dict[str, bytes]:
    files = dict(_right_run())
    if rng.random() < 0.6:
        del files["spool-w.jsonl"]
    for name in rng.sample(list(files), rng.choice((1, 1, 2))):
        if name.endswith(".jsonl") and rng.random() < 0.7:
            lines = files[name].splitlines()
            at = rng.randrange(len(lines))
            row = orjson.loads(lines[at])
            lines[at] = json.dumps(changes.changed(rng, row, json_only=True)).encode("utf-8", "surrogatepass")
            if name.startswith("spool"):
                lines[0] = _with_right_checksum(lines)
            files[name] = b"\n".join(lines) + b"\n"
        elif name.endswith(".json") and rng.random() < 0.7:
            changed = changes.changed(rng, json.loads(files[name]), json_only=True)
            files[name] = json.dumps(changed).replace('"sealed": true', '"sealed": false').encode("utf-8", "surrogatepass")
        else:
            files[name] = changes.damaged(rng, files[name])
    return files


def _with_right_checksum(lines: list[bytes]) -> bytes:
    """A spool whose rows were changed by somebody who knows how it is made."""
    try:
        head = orjson.loads(lines[0])
        head.pop("sha256", None)
        signature = head.pop("signature", "")
        return orjson.dumps({**spool._with_checksum(head, b"\n".join(lines[1:]) + b"\n"), "signature": signature})
    except (ValueError, TypeError, AttributeError):
        return lines[0]


def _written(files: dict[str, bytes]) -> Path:
    folder = _PLACE / "run"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def folder_check(files: dict[str, bytes]) -> str:
    folder = _written(files)
    saved_run, refusal = answer_of(lambda: read_run(folder), UsageError)
    if saved_run is not None:
        measured, record = saved_run
        assert not record.sealed or not (folder / CHECKSUMS).exists()
        for w in measured.windows:
            assert w.response.total <= w.ok + w.failures
            assert min(w.planned, w.unsent, w.started, w.ok, w.in_flight_ns) >= 0
    return refusal


def judged_check(files: dict[str, bytes]) -> str:
    folder = _written(files)
    judged, refusal = answer_of(lambda: judge_folder(folder), UsageError)
    if judged is not None:
        assert judged[0].decision.value != "GO", "four seconds of a run that was not closed are no GO"
    return refusal


TARGETS = (
    Target("listener", 40_000, events, events_check, locust=True),
    Target("report", 50_000, report_data, report_check, changes.damaged),
    Target("messages", 60_000, messages, messages_check, changes.changed),
    Target("run-folder", 10_000, folder_files, folder_check),
    Target("run-judged", 1_000, folder_files, judged_check),
)
