"""Rows of older versions lack what was not measured then; a report is stored without encoding its histograms again."""

import msgpack
import numpy as np

from bizra_load.archive.names import WINDOWS
from bizra_load.archive.store import RunWriter
from bizra_load.measure import hdr_codec
from bizra_load.measure.report import VERSION, decode_report, encode_report
from bizra_load.measure.rows import health_row, window_row
from sla.values.histogram import EMPTY, from_values
from sla.values.window import Health, Window

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
