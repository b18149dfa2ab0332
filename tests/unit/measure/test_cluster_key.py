"""With a cluster key, only what was signed with it is believed, in both directions."""

import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.measure.cluster_key import ClusterKey, cluster_key_of_environment
from bizra_load.measure.exchange import MAX_REPORT_BYTES, MAX_WORKERS, Receiver, Sender
from bizra_load.measure.sequences import MAX_AHEAD, Sequences

KEY, OTHER = ClusterKey(b"k" * 32), ClusterKey(b"o" * 32)


def exchanged(worker_key, master_key, change=lambda message: message):
    """(data kept, messages refused, whether the worker was acknowledged)"""
    kept, sent = [], []
    receiver = Receiver("r", lambda _w, _n, _f, data: kept.append(data), master_key)
    sender = Sender("r", "w", sent.append, worker_key)
    sender.report(b"1", final=True)
    response = receiver.receive(change(sent[0]))
    if response is not None:
        sender.acknowledged(response)
    return kept, receiver.unsigned, sender.flush(0)


def test_a_signed_report_is_kept_and_its_acknowledgement_believed():
    assert exchanged(KEY, KEY) == ([b"1"], 0, True)
    assert exchanged(ClusterKey(), ClusterKey()) == ([b"1"], 0, True)


@pytest.mark.parametrize("worker_key", [OTHER, ClusterKey()])
def test_a_report_with_another_key_or_none_is_refused_and_counted(worker_key):
    assert exchanged(worker_key, KEY) == ([], 1, False)


@pytest.mark.parametrize(
    "change",
    [{"data": b"2"}, {"worker": "x"}, {"sequence": 7}, {"final": False}, {"mac": b""}, {"mac": None}, {"mac": "text"}],
    ids=str,
)
def test_a_report_changed_on_the_way_is_refused(change):
    assert exchanged(KEY, KEY, lambda message: {**message, **change}) == ([], 1, False)


def test_a_forged_acknowledgement_is_not_believed():
    sender = Sender("r", "w", lambda _: None, KEY)
    sender.report(b"1")
    plain = {"run": "r", "sequence": 0, "master_ns": 1}
    assert not KEY.holds(b"x", "bizra_ack", "r", "w", 2**64)  # a number that no message can carry
    for forged in ({}, plain, {**plain, "mac": OTHER.sign("bizra_ack", "r", "w", 0, 1)}):
        sender.acknowledged(forged)
        assert not sender.flush(0)


def test_no_number_of_names_fills_the_master():
    receiver = Receiver("r", lambda *_: None)
    for n in range(MAX_WORKERS + 10):
        receiver.receive({"run": "r", "worker": str(n), "sequence": 0, "final": True, "data": b""})
    assert receiver.receive({"run": "r", "worker": "n" * 300, "sequence": 0, "final": True, "data": b""}) is None
    assert len(receiver.workers) == MAX_WORKERS


def test_the_key_comes_from_the_environment_or_a_file_and_is_never_shown(monkeypatch, tmp_path):
    path = tmp_path / "key"
    path.write_text("k" * 32 + "\n")
    monkeypatch.setenv("BIZRA_LOAD_CLUSTER_KEY", "k" * 32)
    direct = cluster_key_of_environment()
    monkeypatch.setenv("BIZRA_LOAD_CLUSTER_KEY_FILE", str(path))
    assert cluster_key_of_environment().sign("a") == direct.sign("a") == KEY.sign("a")
    assert "kkk" not in repr(direct)
    monkeypatch.setenv("BIZRA_LOAD_CLUSTER_KEY_FILE", str(tmp_path / "missing"))
    with pytest.raises(UsageError, match="missing"):
        cluster_key_of_environment()
    path.write_text("short-secret")
    monkeypatch.setenv("BIZRA_LOAD_CLUSTER_KEY_FILE", str(path))
    with pytest.raises(UsageError, match="too short") as error:
        cluster_key_of_environment()
    assert "short-secret" not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": -1},
        {"sequence": 2**200},
        {"sequence": 2**31},
        {"sequence": True},
        {"sequence": "0"},
        {"sequence": MAX_AHEAD + 1},
        {"data": b"x" * (MAX_REPORT_BYTES + 1)},
        {"data": "text"},
        {"worker": ""},
        {"worker": None},
        {"worker": ["w"]},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_message_that_no_worker_makes_is_refused_counted_and_not_fatal(change):
    kept = []
    receiver = Receiver("r", lambda *report: kept.append(report))
    good = {"run": "r", "worker": "w", "sequence": 0, "final": False, "data": b"1", "mac": b""}
    assert receiver.receive(good) is not None
    assert receiver.receive({**good, **change}) is None
    assert receiver.receive({**good, "sequence": 1}) is not None
    assert (len(kept), receiver.malformed, receiver.missing()) == (2, 1, 0)


def test_a_replayed_report_is_acknowledged_and_not_stored_again():
    kept, sent = [], []
    receiver = Receiver("r", lambda *report: kept.append(report), KEY)
    Sender("r", "w", sent.append, KEY).report(b"1")
    for _ in range(1000):
        assert receiver.receive(sent[0]) is not None
    assert len(kept) == 1


@pytest.mark.slow
def test_sequence_numbers_take_memory_for_the_gaps_that_may_still_close_and_no_more():
    numbers = Sequences()
    for n in range(0, 10 * MAX_AHEAD, 2):  # every second one is lost
        assert numbers.acceptable(n)
        numbers.add(n)
    assert len(numbers._beyond) <= MAX_AHEAD
    assert numbers.highest + 1 - len(numbers) == 5 * MAX_AHEAD - 1
    straight = Sequences()
    for n in range(100_000):
        straight.add(n)
    assert not straight._beyond
    assert len(straight) == 100_000
