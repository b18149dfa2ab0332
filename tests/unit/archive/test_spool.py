"""What a worker left comes back as it was, or not at all."""

import pytest

from bizra_load.archive import spool
from bizra_load.exit_codes import UsageError
from bizra_load.measure.report import encode_report
from tests.unit.sla.synthetic import measurements

RUN, WORKER = "20261126T010000Z-a", "w1"


@pytest.fixture
def left(tmp_path):
    """Path of a spool of two reports, and what is in them."""
    m = measurements(rate=5, hold_s=4)
    halves = [(m.windows[:2], m.health[:1]), (m.windows[2:5], m.health[1:2])]
    messages = [
        {"sequence": 7 + n, "final": n == 1, "data": encode_report(windows, health)}
        for n, (windows, health) in enumerate(halves)
    ]
    return spool.leave([tmp_path], RUN, WORKER, 123, messages), halves


def test_what_was_left_is_read_back(left):
    path, halves = left
    found = spool.read(path)
    assert (found.run, found.worker, found.stopped_ns) == (RUN, WORKER, 123)
    assert [(r.sequence, r.final) for r in found.reports] == [(7, False), (8, True)]
    assert [(r.windows, r.health) for r in found.reports] == [(tuple(w), tuple(h)) for w, h in halves]


@pytest.mark.parametrize(
    ("before", "after"),
    [('"unsent":0', '"unsent":1'), ('"stopped_ns":123', '"stopped_ns":124'), (',"sha256":"', ',"sha257":"')],
)
def test_one_that_was_altered_is_refused_though_it_is_well_formed(left, before, after):
    path, _ = left
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(UsageError, match="SHA-256"):
        spool.read(path)


def test_one_that_was_cut_short_is_refused(left):
    path, _ = left
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UsageError, match="1 of 2 reports"):
        spool.read(path)


def test_it_is_copied_into_its_run_byte_by_byte(left, tmp_path):
    path, _ = left
    folder = tmp_path / RUN
    folder.mkdir()
    spool.take_in(folder, [path])
    assert (folder / spool.name_of(WORKER)).read_bytes() == path.read_bytes()
