"""Rows of older versions lack what was not measured then; a report is stored without encoding its histograms again."""

import dataclasses
import json

import msgpack
import numpy as np
import pytest

from bizra_load.archive.names import HEALTH, WINDOWS
from bizra_load.archive.row_files import read_sums
from bizra_load.archive.store import RunWriter
from bizra_load.measure import hdr_codec
from bizra_load.measure.hdr_codec import WireError
from bizra_load.measure.report import VERSION, decode_report, encode_report
from bizra_load.measure.rows import from_rows, health_row, window_from_row, window_row
from bizra_load.measure.run_sums import RunSums
from bizra_load.measure.stored_rows import stored
from sla.values.histogram import EMPTY, HIGHEST_NS, from_values
from sla.values.machine import MachineSecond
from sla.values.window import HISTOGRAMS, Health, Window

LATENCY = from_values(np.array([120_000, 130_000, 9_000_000]))
WINDOW = Window(7, "generate", started=3, ok=3, response=LATENCY, service=LATENCY)


def test_a_health_row_of_an_older_version_is_stored_with_what_it_lacks_as_zero():
    row = health_row(Health(7, "w", lag=LATENCY, cpu_share=0.5))
    for key in ("own_lag", "own_lag_over_range", "hub", "slots", "gc_pause_ns", "housekeeping_ns", "machine"):
        del row[key]
    report = decode_report("w", 0, False, msgpack.packb([VERSION, [], [row], []]))
    assert report.health == (Health(7, "w", lag=LATENCY, cpu_share=0.5),)
    assert report.health[0].own_lag == EMPTY
    assert report.health_rows == (health_row(report.health[0]),)


FAILED = dataclasses.replace(
    WINDOW,
    failed={"generator": 2, "http_5xx": 3, "timeout": 2},
    response=LATENCY.with_over_range(2),
    service=LATENCY.with_over_range(2),
    failed_response=from_values(np.array([5_000_000_000, 7, HIGHEST_NS + 1])),
    failed_service=from_values(np.array([4_000_000_000, 7])),
    timeout_response=from_values(np.array([10_000_000_000, 10_000_000_001])),
    timeout_service=from_values(np.array([9_999_999_999])),
)
OF_FAILED = {name + end for name in HISTOGRAMS[2:] for end in ("", "_over_range")}


def test_latencies_of_failed_operations_come_back_from_the_wire_and_from_a_row():
    assert window_from_row(json.loads(json.dumps(window_row(FAILED)))) == FAILED
    report = decode_report("w", 0, False, encode_report([WINDOW, FAILED, WINDOW], []))
    assert report.windows == (WINDOW, FAILED, WINDOW)
    assert report.window_rows == tuple(map(window_row, report.windows))


def test_a_row_without_latencies_of_failed_operations_is_that_of_an_older_version_to_the_byte():
    assert window_row(FAILED).keys() >= OF_FAILED
    assert not OF_FAILED & window_row(WINDOW).keys()
    assert list(window_row(WINDOW))[-4:] == ["response_over_range", "service_over_range", "response", "service"]


def test_of_an_older_row_the_latencies_of_failed_operations_are_unknown():
    row = {key: value for key, value in window_row(FAILED).items() if key not in OF_FAILED}
    window = window_from_row(row)
    assert (window.failed_response, window.untimed_failures("response"), window.untimed_failures("service")) == (EMPTY, 3, 3)
    known = window_from_row(window_row(FAILED))
    assert (known.untimed_failures("response"), known.untimed_failures("service")) == (0, 1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"failed_response_over_range": 2}, "generate: failed_* histograms hold 4 of 3 operations"),
        ({"failed": {"http_5xx": 3, "timeout": 2, "generator": 9}, "failed_service_over_range": 2}, "hold 4 of 3 operations"),
        ({"timeout_service_over_range": 2}, "generate: timeout_* histograms hold 3 of 2 operations"),
        ({"timeout_response": "x"}, "damaged histogram"),
        ({"failed_service": None}, "failed_service: must be text"),
        ({"failed_service_over_range": -1}, "failed_service_over_range: must be a whole number"),
    ],
)
def test_more_latencies_than_failures_and_what_is_none_are_refused(changed, message):
    row = window_row(FAILED) | changed
    for take in (window_from_row, RunSums().add_window_row):
        with pytest.raises(WireError) as refusal:
            take(row)
        assert message in str(refusal.value)


def test_what_no_worker_of_ours_adds_to_a_row_is_not_stored():
    row = window_row(WINDOW) | {"extra": "x" * 1000, "worker": "another"}
    report = decode_report("w", 0, False, msgpack.packb([VERSION, [row], [], []]))
    assert report.window_rows == (window_row(WINDOW),)


def test_a_report_is_stored_byte_for_byte_as_its_windows_are_without_encoding_them_again(tmp_path, monkeypatch):
    (tmp_path / "plain").mkdir()
    (tmp_path / "report").mkdir()
    plain = RunWriter(tmp_path / "plain")
    plain.windows([WINDOW])
    plain.close()
    data = encode_report([WINDOW], [])
    monkeypatch.setattr(hdr_codec, "compressed", lambda _: 1 / 0)
    writer = RunWriter(tmp_path / "report")
    writer.report(decode_report("w", 5, False, data))
    writer.close()
    expected = (tmp_path / "plain" / WINDOWS).read_bytes().replace(b"}\n", b',"worker":"w","sequence":5}\n')
    assert (tmp_path / "report" / WINDOWS).read_bytes() == expected


MACHINE = MachineSecond(7, "w", 2, 0.25, 0.001, 0.0, 0.5, -1.0)
QUIET = Health(7, "w", lag=LATENCY, cpu_share=0.5, machine=MACHINE)
FULL = Health(
    **{f.name: n for n, f in enumerate(dataclasses.fields(Health), start=1)}
    | {"worker": "w", "lag": LATENCY.with_over_range(1), "own_lag": LATENCY.with_over_range(2), "hub": LATENCY}
    | {"machine": dataclasses.replace(MACHINE, second=8, process="another")}
)


PACED = dataclasses.replace(WINDOW, planned=7, unsent=4, response_sum_ns=9_250_000, service_sum_ns=9_250_000)


@pytest.mark.parametrize("window", [WINDOW, FAILED, PACED, dataclasses.replace(FAILED, ok=5, untimed=2, unsent=4)])
def test_a_stored_window_says_what_it_did(window):
    assert window_from_row(json.loads(json.dumps(stored(window_row(window))))) == window


@pytest.mark.parametrize("health", [QUIET, FULL, Health(7, "w"), dataclasses.replace(QUIET, machine=FULL.machine)])
def test_stored_health_says_what_it_did(health):
    assert from_rows([], [json.loads(json.dumps(stored(health_row(health))))])[1] == [health]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"planned": None}, "planned: must be a whole number"),
        ({"planned": 1, "unsent": 3}, "started: must be a whole number that is not negative"),
        ({"planned": True}, "planned: must be a whole number"),
        ({"response": 5}, "response: must be text"),
        ({"response_sum_ns": "x"}, "response_sum_ns: must be a whole number"),
    ],
)
def test_what_a_damaged_row_says_indirectly_is_checked_as_if_it_said_it(changed, message):
    row = stored(window_row(PACED)) | changed
    assert not {"started", "service", "service_sum_ns"} & row.keys()
    for take in (window_from_row, RunSums().add_window_row):
        with pytest.raises(WireError) as refusal:
            take(row)
        assert message in str(refusal.value)


def test_what_a_row_has_of_everything_is_all_stored():
    assert stored(health_row(FULL)) == health_row(FULL)
    whole = {f"{name}_over_range": 1 for name in HISTOGRAMS} | {"untimed": 1, "unsent": 1, "service": "x", "service_sum_ns": 1}
    assert stored(window_row(FAILED) | whole) == window_row(FAILED) | whole


def test_what_readers_take_to_be_so_is_not_stored():
    kept = ["second", "operation", "planned", "started", "ok", "failed", "in_flight_ns", "response_sum_ns", "response"]
    assert list(stored(window_row(WINDOW))) == kept  # 3 were started, 0 planned; service times are the response times
    kept.remove("started")
    for all_sent in (dataclasses.replace(WINDOW, planned=3), dataclasses.replace(WINDOW, planned=7, unsent=4)):
        assert [key for key in stored(window_row(all_sent)) if key != "unsent"] == kept
    row = stored({**health_row(QUIET), "final": False})
    assert list(row) == ["second", "worker", "cpu_share", "rss_bytes", "lag", "machine"]
    assert row["machine"].keys() == {"cores", "cpu_s", "waited_s", "steal", "pressure", "throttled_s"}


@pytest.mark.parametrize("key", ["second", "operation", "planned", "ok", "failed", "in_flight_ns", "response"])
def test_nothing_else_of_a_window_may_be_missing(key):
    row = stored(window_row(FAILED))
    del row[key]
    for take in (window_from_row, RunSums().add_window_row):
        with pytest.raises(WireError, match=f"^{key}: must"):
            take(row)


@pytest.mark.parametrize("key", ["second", "worker", "cpu_share", "rss_bytes", "lag"])
def test_nothing_else_of_health_may_be_missing(key):
    row = stored(health_row(QUIET))
    del row[key]
    with pytest.raises(WireError, match=f"^{key}: must"):
        RunSums().add_health_row(row)


@pytest.mark.parametrize("machine", [5, "w", [], {"cores": 2}, {"cores": 2, "process": 5}])
def test_a_machine_that_is_none_is_refused(machine):
    with pytest.raises(WireError):
        from_rows([], [stored(health_row(QUIET)) | {"machine": machine}])


def test_a_report_is_stored_without_it_and_is_read_back(tmp_path):
    """Of 200 workers each byte of a row is 3 MB an hour."""
    (tmp_path / "run").mkdir()
    report = decode_report("w", 0, False, encode_report([WINDOW], [QUIET]))
    writer = RunWriter(tmp_path / "run")
    writer.report(report)
    writer.close()
    rows = [json.loads((tmp_path / "run" / name).read_text()) for name in (WINDOWS, HEALTH)]
    assert not {"untimed", "response_over_range", "reconnects", "hub", "final"} & set().union(*rows)
    sums = read_sums(tmp_path / "run", frozenset(), set())
    assert (sums.windows(), list(sums.health())) == ((WINDOW,), [QUIET])
    assert (sums.has("w", 0), sums.received["w"].complete, sums.lost_rows) == (True, False, 0)
