"""`bizra-load init` writes an agreement that is right, and that the run it was made of keeps."""

import dataclasses
import json
import re

import pytest
import yaml

from bizra_load.archive.run_record import RunRecord
from bizra_load.archive.store import RunWriter
from bizra_load.cli.main import main
from sla.values.histogram import EMPTY
from sla.values.window import merge_windows
from tests.unit.cli.test_compare import saved
from tests.unit.sla.synthetic import START, measurements

OPENAPI = """\
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /items/{id}:
    parameters: []
    get: {responses: {"200": {description: an item}}}
    delete: {responses: {"204": {description: gone}}}
  /checkout:
    post: {responses: {"200": {description: "at 12:30"}}}
  /elsewhere: {$ref: other.yaml}
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def written(path="agreement.yaml"):
    with open(path) as file:
        return yaml.safe_load(file)


def a_run(tmp_path, change=lambda w: w, **options):
    folder = tmp_path / "20270115T080000Z-a"
    folder.mkdir()
    m = measurements(rate=100, **options)
    writer = RunWriter(folder)
    writer.windows(merge_windows([change(w) for w in m.windows]))
    writer.health(m.health)
    writer.record(RunRecord(name="a"), m.facts)
    writer.close()
    return str(folder)


def refused(w):
    """The same requests, all of which failed."""
    took = {"failed_response": w.response, "failed_service": w.service, "response": EMPTY, "service": EMPTY}
    return dataclasses.replace(w, ok=0, failed={"http_5xx": w.ok}, **took)


@pytest.mark.parametrize("failing", [0.0, 0.03, 0.4])
def test_the_run_that_it_is_made_of_keeps_it(tmp_path, capsys, failing):
    run = saved(tmp_path, "20270115T080000Z-a", hold_s=40, failures={"verify": failing})
    assert main(["init", run]) == 0
    assert main(["agreement", "check", "agreement.yaml"]) == 0
    assert main(["assess", run, "--agreement", "agreement.yaml"]) == 0
    assessment = json.loads((tmp_path / "20270115T080000Z-a" / "assessment.json").read_text())
    assert assessment["decision"] == "GO"
    assert {name for o in assessment["objectives"] for name in o["operations"]} == {"generate", "verify", "finality"}
    [rate] = [o for o in assessment["objectives"] if o["kind"] == "errors"]
    assert rate["estimate"]["high"] <= rate["target"] <= max(0.01, 2 * rate["estimate"]["high"])


def test_targets_are_what_was_measured_with_room_and_the_figure_stands_beside_them(tmp_path, capsys):
    assert main(["init", saved(tmp_path, "20270115T080000Z-a", hold_s=40)]) == 0
    text = (tmp_path / "agreement.yaml").read_text()
    measured_us, promised_us = re.search(
        r"# measured: 3\d\d us \[.* to (\d+) us\]\n  - .generate p99 < (\d+) us.\n", text
    ).groups()
    assert 1.5 * int(measured_us) <= int(promised_us) < 2 * int(measured_us)
    assert written()["objectives"][-2:] == ["error rate < 1 %", "throughput >= 95 % of plan"]
    assert "# Made of the run 20270115T080000Z-a: what 40 s of it showed, times 1.5, rounded up." in text
    shown = capsys.readouterr().out
    assert "agreement.yaml: 5 objectives" in shown
    assert "Next: put in what you promise, then bizra-load assess" in shown


def test_a_closed_model_without_a_plan_gets_a_rate_in_numbers(tmp_path):
    m = measurements(rate=100, hold_s=40)
    folder = tmp_path / "closed"
    folder.mkdir()
    writer = RunWriter(folder)
    writer.windows(m.windows)
    writer.health(m.health)
    writer.record(RunRecord(name="closed"), dataclasses.replace(m.facts, plan=()))
    writer.close()
    assert main(["init", str(folder)]) == 0
    assert written()["objectives"][-1] == "throughput >= 200 ops/s"
    assert main(["assess", str(folder), "--agreement", "agreement.yaml"]) == 0


@pytest.mark.parametrize(
    "name", ["GET /items/{id}?a=<b>, c", "checkout service", "p95", "error rate", 'a "quoted" # name', "über"]
)
def test_operations_of_any_name_are_named(tmp_path, name):
    run = a_run(
        tmp_path, lambda w: dataclasses.replace(w, operation=name if w.operation == "verify" else w.operation), hold_s=40
    )
    assert main(["init", run]) == 0
    assert main(["assess", run, "--agreement", "agreement.yaml"]) == 0
    operations = {
        n for o in json.loads((tmp_path / run / "assessment.json").read_text())["objectives"] for n in o["operations"]
    }
    assert name in operations


def test_a_name_that_no_words_have_is_left_out_and_said(tmp_path, capsys):
    run = a_run(
        tmp_path, lambda w: dataclasses.replace(w, operation="all" if w.operation == "verify" else w.operation), hold_s=40
    )
    assert main(["init", run]) == 0
    assert "Left out: 'all': no words name it" in capsys.readouterr().out
    assert main(["agreement", "check", "agreement.yaml"]) == 0


def test_a_run_without_a_successful_request_is_refused_whatever_its_tasks_did(tmp_path, capsys):
    tasks = {"generate": "task generate"}
    run = a_run(
        tmp_path,
        lambda w: dataclasses.replace(w, operation=tasks[w.operation]) if w.operation in tasks else refused(w),
        hold_s=20,
    )
    assert main(["init", run]) == 6
    shown = capsys.readouterr().err
    why = "no request was successful, 4,000 failed, 4,000 with http_5xx (allowed: a run with successful ones)"
    assert shown == f"bizra-load init: {run}: shows nothing that could be promised: {why}\n"
    assert not (tmp_path / "agreement.yaml").exists()


def test_an_error_rate_that_no_run_should_have_is_the_usual_one_with_what_was_measured(tmp_path, capsys):
    run = a_run(tmp_path, lambda w: w if w.operation == "generate" else refused(w), hold_s=40)
    assert main(["init", run]) == 0
    assert written()["objectives"][-1] == "error rate < 1 %"
    text = (tmp_path / "agreement.yaml").read_text()
    assert re.search(r"# measured: 66\.\d+ % \[.*\] of all requests, 8,000 of 12,000 failed: this run does not keep it\n", text)
    failed = "'verify': no request of it was successful: 4,000 failed, 4,000 with http_5xx"
    assert f"# left out: {failed}\n" in text
    shown = capsys.readouterr().out
    assert f"Left out: {failed}\n" in shown
    assert "The run is no GO by it: " in shown


def test_an_operation_of_the_ramp_alone_is_left_out_and_the_reason_says_so(tmp_path, capsys):
    def logins(w):
        return dataclasses.replace(w, second=min(w.second, START), operation="login") if w.operation == "verify" else w

    assert main(["init", a_run(tmp_path, logins, hold_s=40)]) == 0
    shown = capsys.readouterr().out
    assert "Left out: 'login': all 4,500 requests of it are outside the judged part: 4,500 before it (5 s of ramp " in shown


def test_a_file_that_is_there_is_kept_unless_it_is_forced(tmp_path, capsys):
    run = saved(tmp_path, "20270115T080000Z-a", hold_s=20)
    (tmp_path / "agreement.yaml").write_text("mine")
    assert main(["init", run]) == 6
    assert (
        capsys.readouterr().err == "bizra-load init: -o: agreement.yaml: is there already (allowed: another name, or --force)\n"
    )
    assert (tmp_path / "agreement.yaml").read_text() == "mine"
    assert main(["init", run, "-o", "other.yaml"]) == 0
    assert main(["init", run, "--force"]) == 0
    assert written() == written("other.yaml")


def test_a_draft_goes_to_standard_output_where_a_dash_is_its_file(tmp_path, capsys):
    run = saved(tmp_path, "20270115T080000Z-a", hold_s=20)
    assert main(["init", run, "-o", "-"]) == 0
    printed = capsys.readouterr()
    assert yaml.safe_load(printed.out)["objectives"]
    assert printed.err.startswith("Standard output: ")
    assert main(["init", run]) == 0
    assert yaml.safe_load(printed.out) == written()
    assert not (tmp_path / "-").exists()


def test_an_openapi_document_gives_the_names_of_its_operations(tmp_path, capsys):
    (tmp_path / "shop.yaml").write_text(OPENAPI)
    assert main(["init", "--openapi", "shop.yaml"]) == 0
    assert written()["name"] == "Shop"
    assert written()["objectives"] == [
        "GET /items/{id} p95 < 500 ms", "DELETE /items/{id} p95 < 500 ms", "POST /checkout p95 < 500 ms",
        "error rate < 1 %", "throughput >= 95 % of plan",
    ]  # fmt: skip
    assert main(["agreement", "check", "agreement.yaml"]) == 0
    (tmp_path / "shop.json").write_text(json.dumps(yaml.safe_load(OPENAPI)))
    assert main(["init", "--openapi", "shop.json", "-o", "json.yaml"]) == 0
    assert written("json.yaml") == written()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("openapi: 3.0.0\nservers: [{url: 'https://shop.example/v1/'}]", "GET /v1/pets/{id}"),
        ("openapi: 3.0.0\nservers: [{url: /v2}, {url: /v3}]", "GET /v2/pets/{id}"),
        ("openapi: 3.0.0\nservers: [{url: 'https://{region}.shop.example/v1'}]", "GET /pets/{id}"),
        ("openapi: 3.0.0\nservers: [{url: 'http://[x'}]", "GET /pets/{id}"),
        ("openapi: 3.0.0\nservers: 7", "GET /pets/{id}"),
        ("swagger: '2.0'\nbasePath: /v1", "GET /v1/pets/{id}"),
    ],
)
def test_names_of_an_openapi_document_are_those_that_a_run_has(tmp_path, text, name):
    (tmp_path / "api.yaml").write_text(f"{text}\npaths: {{'/pets/{{petId}}': {{get: {{}}}}}}\n")
    assert main(["init", "--openapi", "api.yaml"]) == 0
    assert written()["objectives"][0] == f"{name} p95 < 500 ms"


REFERRED = """
openapi: 3.1.0
paths:
  /a: {get: {}}
  /shared: {$ref: '#/components/pathItems/P'}
  /b/{x}: {$ref: '#/paths/~1a', delete: {}}
  /c%d: {$ref: '#/paths/~1b~1%7Bx%7D'}
  /elsewhere: {$ref: 'other.yaml#/a'}
  /broken: {$ref: '#/components/pathItems/Q'}
  /circle: {$ref: '#/paths/~1circle'}
  /none: 7
components: {pathItems: {P: {post: {}}}}
"""


def test_paths_by_reference_are_followed_and_those_that_lead_nowhere_are_said(tmp_path, capsys):
    (tmp_path / "api.yaml").write_text(REFERRED)
    assert main(["init", "--openapi", "api.yaml"]) == 0
    names = [words.removesuffix(" p95 < 500 ms") for words in written()["objectives"][:-2]]
    assert names == ["GET /a", "POST /shared", "GET /b/{id}", "DELETE /b/{id}", "GET /c%d", "DELETE /c%d"]
    shown = capsys.readouterr().out
    lines = (
        "Left out: '/elsewhere': $ref: 'other.yaml#/a' is in another file",
        "Left out: '/broken': $ref: '#/components/pathItems/Q' leads to no path item",
        "Left out: '/circle': $ref: '#/paths/~1circle' leads in a circle",
    )
    assert [line for line in shown.splitlines() if line.startswith("Left out")] == list(lines)
    assert "bizra-load run -H URL -f LOCUSTFILE --target-ops RATE --agreement agreement.yaml" in shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1", "no OpenAPI document (allowed: one with the key openapi, or swagger)"),
        ("openapi: 3.0.0\npaths: {}", "paths: holds no operation (allowed: one method of one path, or more)"),
        ("openapi: 3.0.0\npaths: [1]", "paths: holds no operation"),
        ("openapi: 3.0.0\npaths: {/a: {summary: x, parameters: []}}", "paths: holds no operation"),
        ("openapi: 3.0.0\npaths: {/a: {$ref: x.yaml}}", "paths: holds no operation; '/a': $ref: 'x.yaml' is in another file"),
        ("openapi: [", "not YAML"),
    ],
)
def test_what_is_no_openapi_document_is_refused(tmp_path, capsys, text, message):
    (tmp_path / "x.yaml").write_text(text)
    assert main(["init", "--openapi", "x.yaml"]) == 6
    shown = capsys.readouterr().err
    assert f"--openapi: x.yaml: {message}" in shown
    assert shown.count("\n") == 1
    assert not (tmp_path / "agreement.yaml").exists()


@pytest.mark.parametrize("name", ["a{b}.py", "a{0}.py", "{}.py"])
def test_a_file_may_have_braces_in_its_name(tmp_path, capsys, name):
    (tmp_path / name).write_text("def go(self):\n    self.client.get('/items')\n")
    assert main(["init", "-f", name, "-o", "{mine}.yaml"]) == 0
    assert f"bizra-load run -H URL -f {name} --target-ops RATE --agreement {{mine}}.yaml" in capsys.readouterr().out
