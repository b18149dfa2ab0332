"""What a worker believes of a START."""

import pytest

from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import START, Start, read_start

KEY = ClusterKey(b"k" * 32)


def message(**change):
    data = {"run": "r", "elapsed_ns": 5, "unix_ns": 10**18, "hello_ns": 0} | change
    fields = [data[k] for k in ("run", "elapsed_ns", "unix_ns")]
    return {"mac": KEY.sign(START, fields[0], "w", *fields[1:])} | data


def test_a_signed_start_is_believed_by_the_worker_it_was_sent_to():
    assert read_start(message(), "w", KEY) == Start("r", 5, 10**18, 0)
    with pytest.raises(ValueError, match="not signed"):
        read_start(message(), "another", KEY)


def test_a_start_may_leave_open_when_the_schedule_begins_and_that_is_signed_too():
    assert read_start(message(elapsed_ns=None), "w", KEY) == Start("r", None, 10**18, 0)
    with pytest.raises(ValueError, match="not signed"):
        read_start({**message(elapsed_ns=None), "elapsed_ns": -1}, "w", KEY)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (None, "no master makes"),
        (b"x", "no master makes"),
        ({}, "no master makes"),
        (message(elapsed_ns="soon"), "no master makes"),
        (message(unix_ns=None), "no master makes"),
        (message(hello_ns=[]), "no master makes"),
        (message(run="../../etc"), "impossible name"),
        (message(run=""), "impossible name"),
        (message(mac=b"forged"), "not signed"),
        (message(mac=None), "not signed"),
        ({k: v for k, v in message().items() if k != "mac"}, "not signed"),
    ],
)
def test_any_other_start_is_refused(data, text):
    with pytest.raises(ValueError, match=text):
        read_start(data, "w", KEY)
