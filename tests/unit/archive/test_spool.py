"""What a worker left comes back as it was, or not at all; and a run takes in what its own workers left, and nothing else."""

import json
import os
import tempfile

import pytest

from bizra_load.archive import checksums, spool
from bizra_load.archive.run_record import RunRecord
from bizra_load.archive.store import RunWriter, add_spools, read_run
from bizra_load.exit_codes import UsageError
from bizra_load.measure.report import decode_report, encode_report
from bizra_load.measure.spool_key import SpoolKey
from tests.unit.sla.synthetic import measurements

RUN, WORKER = "20261126T010000Z-a", "w1"
M = measurements(rate=5, hold_s=4)
HALVES = [(M.windows[:2], M.health[:1]), (M.windows[2:5], M.health[1:2])]


@pytest.fixture(autouse=True)
def private(tmp_path, monkeypatch):
    """The temporary folder of this test."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place / f"bizra-load-{os.getuid()}"


def messages(numbers=(7, 8)):
    return [
        {"sequence": sequence, "final": n == 1, "data": encode_report(*HALVES[n])}
        for sequence, n in zip(numbers, (0, 1), strict=True)
    ]


def left_by(key, *folders, numbers=(7, 8)):
    return spool.leave(folders, RUN, WORKER, 123, messages(numbers), key)


@pytest.fixture
def key():
    return SpoolKey()


@pytest.fixture
def run(tmp_path, key):
    """A function that makes a run folder, in which report 0 of the worker is stored."""

    def make(sealed, keys=True):
        folder = tmp_path / RUN
        folder.mkdir()
        writer = RunWriter(folder)
        writer.report(decode_report(WORKER, 0, False, encode_report(*HALVES[0])))
        writer.close()
        facts = M.facts if sealed else replace_closed(M.facts)
        record = RunRecord("x", spool_keys={WORKER: key.public.hex()} if keys else {})
        (writer.seal if sealed else writer.record)(record, facts)
        return folder

    return make


def replace_closed(facts):
    return type(facts)(**{**facts.__dict__, "closed": False})


def finished(folder):
    return sum(w.finished for w in read_run(folder)[0].windows)


def of_half(n):
    return sum(w.finished for w in HALVES[n][0])


def test_what_was_left_is_read_back(key):
    spooled = spool.read(left_by(key))
    assert (spooled.run, spooled.worker, spooled.stopped_ns) == (RUN, WORKER, 123)
    assert [(r.sequence, r.final) for r in spooled.reports] == [(7, False), (8, True)]
    assert [(r.windows, r.health) for r in spooled.reports] == [(tuple(w), tuple(h)) for w, h in HALVES]
    assert spooled.is_of(key.public.hex())
    assert not spooled.is_of(SpoolKey().public.hex())


@pytest.mark.parametrize(
    ("before", "after"),
    [('"unsent":0', '"unsent":1'), ('"stopped_ns":123', '"stopped_ns":124'), (',"sha256":"', ',"sha257":"')],
)
def test_one_that_was_altered_is_refused_though_it_is_well_formed(key, before, after):
    path = left_by(key)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(UsageError, match="SHA-256"):
        spool.read(path)


def test_one_that_was_cut_short_is_refused(key):
    path = left_by(key)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UsageError, match="1 of 2 reports"):
        spool.read(path)


def test_a_worker_leaves_it_in_the_run_folder_or_where_nobody_else_can_go(key, run, tmp_path, private):
    folder = run(sealed=False)
    assert left_by(key, tmp_path / "elsewhere", folder) == folder / spool.name_of(WORKER)
    path = left_by(key, tmp_path)  # the folder of all runs is not this run's
    assert path.parent == private
    assert private.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_to_is_not_used_and_nothing_is_taken_from_it(key, run, private):
    folder = run(sealed=False)
    path = left_by(key)
    private.chmod(0o777)
    with pytest.raises(OSError, match="this user alone"):
        left_by(key)
    add_spools(folder, [])
    assert finished(folder) == of_half(0)
    moved = private.rename(private.with_name("other"))
    moved.chmod(0o700)
    private.symlink_to(moved)
    with pytest.raises(OSError, match="this user alone"):
        left_by(key)
    private.unlink()
    moved.rename(private)
    add_spools(folder, [])
    assert (folder / spool.name_of(WORKER)).read_bytes() == path.read_bytes()


def test_a_run_without_its_master_takes_in_what_its_worker_signed(key, run):
    folder = run(sealed=False)
    left_by(key, numbers=(0, 1))  # report 0 was stored and not acknowledged in time
    add_spools(folder, [])
    assert finished(folder) == of_half(0) + of_half(1)
    add_spools(folder, [])
    assert finished(folder) == of_half(0) + of_half(1)


def test_a_damaged_one_of_another_worker_does_not_keep_a_run_from_being_judged(key, run):
    folder = run(sealed=False)
    path = left_by(key, numbers=(0, 1))
    path.with_name(f"{RUN}-spool-x.jsonl").write_text("{")
    add_spools(folder, [])
    assert finished(folder) == of_half(0) + of_half(1)


def test_a_stored_report_is_never_replaced(key, run):
    folder = run(sealed=False)
    other = {"sequence": 0, "final": False, "data": encode_report(*HALVES[1])}
    spool.leave([folder], RUN, WORKER, 123, [other], key)
    assert finished(folder) == of_half(0)


@pytest.mark.parametrize("known", [True, False])
def test_what_a_stranger_left_is_not_taken_in_and_is_named(key, run, known):
    folder = run(sealed=False, keys=known)
    left_by(SpoolKey(), folder)
    left_by(SpoolKey())
    add_spools(folder, [])
    assert finished(folder) == of_half(0)
    assert read_run(folder)[1].left_out == ("spool-w1.jsonl (not signed by a worker of this run)",)


def test_a_sealed_run_changes_only_when_it_is_told_to_and_says_so(key, run):
    folder = run(sealed=True)
    path = left_by(key)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    add_spools(folder, [])
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    inside = left_by(key, folder)
    measured, record = read_run(folder)
    assert sum(w.finished for w in measured.windows) == of_half(0)
    assert "--spool" in record.left_out[0]
    inside.unlink()
    add_spools(folder, [path])
    measured, record = read_run(folder)
    assert sum(w.finished for w in measured.windows) == 2 * of_half(0) + of_half(1)
    [taken_in] = record.taken_in
    assert (taken_in.file, taken_in.signed, record.left_out) == (spool.name_of(WORKER), True, ())
    assert spool.name_of(WORKER) in checksums.covered(folder)
    assert measured.facts.spools == (spool.name_of(WORKER),)
    (folder / spool.name_of(WORKER)).unlink()
    with pytest.raises(UsageError, match="damaged"):
        read_run(folder)


def test_a_spool_that_is_there_when_the_run_is_sealed_is_part_of_it(key, run, tmp_path):
    folder = run(sealed=False)
    left_by(key, folder)
    writer = RunWriter(folder)
    writer.close()
    writer.seal(RunRecord("x", spool_keys={WORKER: key.public.hex()}), M.facts)
    assert finished(folder) == 2 * of_half(0) + of_half(1)
    left_by(SpoolKey(), folder, numbers=(8, 9))
    with pytest.raises(UsageError, match="is not what it was"):
        read_run(folder)


def test_one_that_is_named_is_refused_where_the_worker_s_key_is_known_and_recorded_where_it_is_not(key, run):
    folder = run(sealed=True)
    forged = left_by(SpoolKey())
    with pytest.raises(UsageError, match="not signed by w1"):
        add_spools(folder, [forged])
    document = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**document, "spool_keys": {}}))
    checksums.seal(folder)
    add_spools(folder, [forged])
    [taken_in] = read_run(folder)[1].taken_in
    assert not taken_in.signed
    assert finished(folder) == 2 * of_half(0) + of_half(1)


def test_runs_of_before_there_were_keys_are_read_as_they_were(key, run):
    folder = run(sealed=True)
    document = json.loads((folder / "run.json").read_text())
    del document["spool_keys"]
    (folder / "run.json").write_text(json.dumps(document))
    checksums.seal(folder)
    path = left_by(key, folder)
    head, rest = path.read_bytes().split(b"\n", 1)
    old = {k: v for k, v in json.loads(head).items() if k not in ("signature", "sha256")} | {"schema": spool.UNSIGNED}
    path.write_bytes(json.dumps(spool._with_checksum(old, rest), separators=(",", ":")).encode() + b"\n" + rest)
    assert finished(folder) == 2 * of_half(0) + of_half(1)
