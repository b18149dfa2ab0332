"""`bizra-load agreement`: check, show and schema."""

import json

import pytest

from bizra_load.cli.main import main
from sla.values.agreement_schema import agreement_schema

TEXT = """\
schema: bizra-load/agreement/1
name: shop
operations:
  checkout: {histogram: checkout_seconds, total: checkout_total, timer: queueing}
  "GET /items/{id}": {}
objectives:
  quick: checkout p95 < 100 ms
  own: checkout service p99.9 < 1.5 s
  all: error rate < 0.5 %, warning
  rate: throughput >= 95 % of plan
  some: GET /items/{id} throughput >= 1,200 ops/s
  success: success rate >= 99.95 %
  inside:
    title: Checkout inside
    severity: WARNING
    measure: {kind: server_quantile, operations: [checkout], quantile: 0.99}
    target: "< 10 x baseline, at least 1 ms"
    acceptable: "< 20 x baseline"
    baseline: checkout_p99_us
  both:
    title: Both
    severity: CRITICAL
    measure: {kind: client_quantile, operations: [checkout, "GET /items/{id}"], quantile: 0.5, failures: included}
    target: "< 1 s"
evidence: {drill: The failover drill}
environments: {test: {accepted: [all]}, production: {}}
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(TEXT)


def test_a_right_one_is_said_to_be_right(capsys):
    assert main(["agreement", "check", "shop.yaml"]) == 0
    assert capsys.readouterr().out == "shop.yaml: an agreement with 8 objectives, 6 of them critical\n"
    assert main(["agreement", "check", "v2.2.0-rc1"]) == 0


def test_a_wrong_one_is_one_line_with_its_key(tmp_path, capsys):
    (tmp_path / "shop.yaml").write_text(TEXT.replace("error rate", "eror rate"))
    assert main(["agreement", "check", "shop.yaml"]) == 6
    shown = capsys.readouterr()
    assert shown.err.startswith(
        "bizra-load agreement: shop.yaml: objectives.all: 'eror rate < 0.5 %': 'eror rate' is unknown, did"
    )
    assert (shown.out, shown.err.count("\n")) == ("", 1)


def test_a_file_or_a_name_that_is_not_there_is_named_as_it_was_given(capsys):
    assert main(["agreement", "show", "shp.yaml"]) == 6
    assert capsys.readouterr().err == "bizra-load agreement: shp.yaml: No such file or directory\n"
    assert main(["agreement", "check", "locl"]) == 6
    assert "bizra-load agreement: 'locl' is unknown, did you mean 'local'?" in capsys.readouterr().err


def test_every_promise_is_a_sentence_under_what_a_miss_of_it_does(capsys):
    assert main(["agreement", "show", "shop.yaml"]) == 0
    critical, _, warning = capsys.readouterr().out.partition("A warning where one of these is missed:")
    critical, warning = (" ".join(text.split()) for text in (critical, warning))
    for sentence in (
        "shop: 8 objectives on the product service",
        "checkout p95: 95 % of the successful checkout requests take less than 100 ms, from their intended start",
        "checkout service p99.9: 99.9 % of the successful checkout requests take less than 1.50 s, from their sending",
        "throughput: requests of all operations together succeed at 95 % of their planned rate or more",
        "GET /items/{id} throughput: GET /items/{id} requests succeed at 1,200 a second or more",
        "success rate: at least 99.95 % of requests of all operations together are successful",
        "50 % of all checkout, GET /items/{id} requests together take less than 1 s, from their intended start",
    ):
        assert sentence in critical
    for sentence in (
        "error rate: less than 0.5 % of requests of all operations together fail",
        "99 % of checkout requests take less than 10 times the baseline's checkout_p99_us, or 1 ms where that is more inside "
        "the server, with their waiting there (its histogram checkout_seconds); missed, it is WARN up to 20 times",
        "drill: The failover drill",
        "In test a WARN of these does not count: all",
    ):
        assert sentence in warning


def test_the_schema_is_printed_or_written(tmp_path, capsys):
    assert main(["agreement", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == agreement_schema()
    assert main(["agreement", "schema", "-o", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == agreement_schema()
    assert not (tmp_path / "-").exists()
    assert main(["agreement", "schema", "-o", "agreement.schema.json"]) == 0
    assert json.loads((tmp_path / "agreement.schema.json").read_text()) == agreement_schema()
