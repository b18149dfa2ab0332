"""What a worker believes of a START."""

import logging
from types import SimpleNamespace

import pytest

from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import START
from bizra_load.measuring_side import MeasuringSide

KEY = ClusterKey(b"k" * 32)


def side(key=KEY):
    return MeasuringSide(SimpleNamespace(runner=None, parsed_options=None), key)


def message(**change):
    data = {"run": "r", "elapsed_ns": 5, "unix_ns": 10**18, "hello_ns": 0} | change
    fields = [data.get(k) for k in ("run", "elapsed_ns", "unix_ns")]
    mac = KEY.sign(START, fields[0], "", *fields[1:]) if all(isinstance(f, int | str) for f in fields) else b""
    return SimpleNamespace(data={"mac": mac} | data)


def test_a_signed_start_is_believed():
    one = side()
    one._on_start(None, message())
    assert (one._started.run, one._started.elapsed_ns) == ("r", 5)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (SimpleNamespace(data=None), "no master makes"),
        (SimpleNamespace(data=b"x"), "no master makes"),
        (SimpleNamespace(data={}), "no master makes"),
        (message(elapsed_ns="soon"), "no master makes"),
        (message(unix_ns=None), "no master makes"),
        (message(hello_ns=[]), "no master makes"),
        (message(run="../../etc"), "impossible name"),
        (message(mac=b"forged"), "not signed"),
        (message(mac=None), "not signed"),
    ],
)
def test_any_other_start_is_refused_with_one_line_and_is_not_fatal(told, said, caplog):
    one = side()
    with caplog.at_level(logging.ERROR):
        one._on_start(None, told)
    assert one._started is None
    [record] = caplog.records
    assert said in record.message
