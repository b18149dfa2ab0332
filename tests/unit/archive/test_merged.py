"""A large run that was sealed is judged by what its rows add up to, which is the same."""

import dataclasses
import json
import tracemalloc

import pytest

from bizra_load.archive import checksums, merged, row_files, spool
from bizra_load.archive.run_record import RunRecord
from bizra_load.archive.store import RunWriter, read_run
from bizra_load.exit_codes import UsageError
from bizra_load.measure.report import decode_report, encode_report
from bizra_load.measure.run_sums import RunSums
from bizra_load.measure.spool_key import SpoolKey
from sla.values.failure import FailureReason
from sla.values.machine import MachineSecond
from tests.unit.sla.synthetic import START, measurements

M = measurements(rate=5, hold_s=6, failures={"finality": 0.5})
KEY = SpoolKey()
REASON = FailureReason("generate", "http_5xx", "HTTP 500", 3, START * 10**9, START * 10**9 + 5)


@pytest.fixture
def sealed(tmp_path, monkeypatch):
    """A run of two workers, large as this test sees it; report 4 of w1 is in a spool as well, and 5 only there."""
    monkeypatch.setattr(row_files, "LARGE_BYTES", 1)
    folder = tmp_path / "20261126T010000Z-a"
    folder.mkdir()
    writer, sums = RunWriter(folder), RunSums()
    for worker in ("w2", "w1"):
        rows = [dataclasses.replace(h, machine=MachineSecond(h.second, worker, 2, 0.1)) for h in M.health if h.worker == worker]
        for sequence in range(5):
            data = encode_report(M.windows[sequence : sequence + 2], rows[sequence : sequence + 1], [REASON])
            report = decode_report(worker, sequence, sequence == 4, data)
            writer.report(report)
            sums.add(report)
    messages = [{"sequence": n, "final": False, "data": encode_report(M.windows[:1], M.health[:1])} for n in (4, 5)]
    record = RunRecord("x", spool_keys={"w1": KEY.public.hex()})
    writer.record(record, M.facts)
    spool.leave([folder], folder.name, "w1", 1, messages, KEY)
    writer.close()
    writer.seal(record, M.facts, sums)
    return folder


def figures(measured):
    health = measured.health_rows
    return (
        measured.windows,
        list(measured.health),
        health.sums,
        health.list_of("longest_lag_ns"),
        measured.failures,
        measured.facts,
    )


def test_what_the_rows_add_up_to_is_what_is_read_with_and_without_the_merged_files(sealed):
    quick, record = read_run(sealed)
    assert set(merged.NAMES) <= set(checksums.covered(sealed))
    for name in merged.NAMES:
        (sealed / name).unlink()
    checksums.seal(sealed, [spool.name_of("w1")])
    slow, again = read_run(sealed)
    assert figures(quick) == figures(slow)
    assert sum(w.failed_service.total for w in quick.windows) == sum(w.failures for w in quick.windows) > 0
    assert record == again
    assert quick.failures[0].count == 10 * REASON.count


def test_the_rows_are_not_read_where_they_are_merged(sealed, monkeypatch):
    monkeypatch.setattr(RunSums, "add_window_row", None)
    assert read_run(sealed)[0].windows


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("merged.jsonl", lambda data: data.replace(b"merged/1", b"merged/2")),
        ("merged.jsonl", lambda data: data.replace(b'"ok":', b'"ko":')),
        ("merged.jsonl", lambda data: b"{}\n"),
        ("merged.bin", lambda data: data[:-1]),
        ("merged.bin", lambda data: b"\xff" * len(data)),
    ],
)
def test_damage_is_one_line_though_somebody_has_sealed_it(sealed, name, damage):
    path = sealed / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UsageError, match="is not what it was"):
        read_run(sealed)
    checksums.seal(sealed)
    with pytest.raises(UsageError, match=r"merged\.jsonl: line \d+: "):
        read_run(sealed)


def with_head(folder, sequences, last=5):
    """The run's merged rows, with other reports of w1, sealed again."""
    path = folder / "merged.jsonl"
    head, rest = path.read_bytes().split(b"\n", 1)
    document = json.loads(head)
    document["received"]["w1"] = {"last": last, "sequences": sequences}
    path.write_bytes(json.dumps(document).encode() + b"\n" + rest)
    checksums.seal(folder)


@pytest.mark.parametrize(
    ("sequences", "last"),
    [
        ([[0, 1 << 31]], 5),
        ([[-1, 4]], 5),
        ([[4, 0]], 5),
        ([[4, 4], [0, 1]], 5),
        ([["0", "4"]], 5),
        ([[0, 4.5]], 5),
        ([[0, 4]], "5"),
        ([[0, 4]], 1 << 31),
    ],
)
def test_reports_that_no_worker_can_have_sent_are_refused(sealed, sequences, last):
    with_head(sealed, sequences, last)
    with pytest.raises(UsageError, match=r"merged\.jsonl: line 1: (sequences|last) .*allowed"):
        read_run(sealed)


def test_a_range_takes_the_memory_of_a_range(sealed):
    with_head(sealed, [[0, 1_000_000_000]], last=1_000_000_000)
    tracemalloc.start()
    try:
        read_run(sealed)
        assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_line_without_an_end_is_refused(sealed, monkeypatch):
    monkeypatch.setattr(merged, "MAX_LINE_BYTES", 100)
    with pytest.raises(UsageError, match=r"merged\.jsonl: line 1: longer than 100 bytes"):
        read_run(sealed)


def test_a_small_run_has_its_rows_alone(sealed, tmp_path, monkeypatch):
    monkeypatch.setattr(row_files, "LARGE_BYTES", 1 << 26)
    folder = tmp_path / "small"
    folder.mkdir()
    writer = RunWriter(folder)
    writer.close()
    writer.seal(RunRecord("x"), M.facts, RunSums())
    assert not {p.name for p in folder.iterdir()} & set(merged.NAMES)
