"""The run record: what is written is read back; what decides a verdict is checked, what is only repeated may be missing."""

import json
import sys
from argparse import Namespace
from datetime import UTC, datetime

import pytest

from bizra_load.archive import run_record
from bizra_load.archive.run_record import AgreementName, Host, RunRecord, from_json
from bizra_load.engine import core
from bizra_load.settings.settings import resolve
from sla.values.shown_facts import ShownFacts

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def of_load(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/locust", "--token", "abc", "-H", "http://me:abc@host:1/p"])
    options = Namespace(agreement="local", metrics_url="http://me:abc@host:2/metrics", insecure=True, allow="clock-skew")
    return run_record.of_load(resolve(options), STARTED, "http://me:abc@host:1/p", "0" * 64)


def test_the_file_names_what_is_needed_to_make_the_run_again_in_a_fixed_order(of_load):
    written = json.dumps(of_load.as_json())
    assert list(json.loads(written)) == [
        *("schema", "name", "started", "command", "target", "agreement", "versions", "host", "environment", "baseline"),
        *("fail_on_warn", "insecure", "allow", "fold_names", "arrivals", "ops_per_user", "server_metrics"),
    ]
    assert json.loads(written)["versions"]["engine"] == core.KIND
    assert "abc" not in written
    assert of_load.started == "2026-01-02T03:04:05Z"
    assert of_load.command == ("locust", "--token", "***", "-H", "http://host:1/p")


def test_a_rehearsal_is_recorded_read_back_and_repeated_by_an_assessment():
    record = run_record.of_load(resolve(Namespace(agreement="local")), STARTED, "http://host:1", "0" * 64, rehearsal=True)
    assert from_json(json.loads(json.dumps(record.as_json()))).repeated().rehearsal is True


def test_an_import_has_no_options_of_a_load():
    record = run_record.of_import("k6", STARTED, None, "k6 CSV", "counted from the actual send")
    written = record.as_json()
    assert list(written)[-2:] == ["imported", "notes"]
    assert (written["agreement"], written["notes"]) == ({}, ["k6 CSV: counted from the actual send"])
    assert not {"environment", "arrivals", "allow"} & set(written)


def test_a_load_without_our_schedule_has_no_arrivals():
    record = run_record.of_load(resolve(Namespace(agreement="local")), STARTED, "http://host:1", "", scheduled=False)
    assert (record.arrivals, record.ops_per_user) == (None, None)


def test_what_was_written_is_read_back(of_load):
    read = from_json(json.loads(json.dumps(of_load.as_json())))
    assert read.as_json() == of_load.as_json() | {"notes": [], "sealed": False}
    assert (read.agreement, read.host, read.allow) == (of_load.agreement, Host.this(), ("clock-skew",))


def test_a_record_of_an_older_version_lacks_what_it_did_not_know():
    read = from_json({"schema": run_record.SCHEMA, "agreement": {"name": "local"}, "host": {"cores": 8}, "later": [1]})
    assert read.agreement == AgreementName("local", "")
    assert read.host == Host(cores=8)
    assert (read.environment, read.allow, read.fail_on_warn) == (None, (), False)
    assert read.repeated() == ShownFacts(host={"cores": 8})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("environment", 5, r"environment: 5 \(allowed: str\)"),
        ("agreement", [1], r"agreement: \[1\] \(allowed: dict\)"),
        ("notes", "x", r"notes: 'x' \(allowed: list\)"),
        ("allow", [1], "allow: must hold names"),
        ("schema", "other", r"schema is 'other' \(allowed: bizra-load/run/1\)"),
    ],
)
def test_what_decides_is_refused_where_it_has_another_type(key, value, message):
    with pytest.raises(ValueError, match=message):
        from_json({"schema": run_record.SCHEMA, key: value})


@pytest.mark.parametrize("value", [5, None, [5], {"python": 5}, float("nan"), 10**400, [[[]]]])
def test_what_is_only_repeated_counts_as_missing_where_it_has_another_type(value):
    document = dict.fromkeys(("name", "started", "target", "command", "versions", "host", "arrivals"), value)
    read = from_json({"schema": run_record.SCHEMA, **document})
    assert read.host in (None, Host())
    assert read.repeated() in (ShownFacts(), ShownFacts(host={}))
    assert isinstance(read, RunRecord)
