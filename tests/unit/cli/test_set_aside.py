"""A verb that ends before it writes its documents leaves none of the time before in their place."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bizra_load.cli import validate
from bizra_load.cli.main import main
from bizra_load.exit_codes import INVALID, USAGE, InvalidRunError
from bizra_load.io.files import BEFORE, alone_in, set_aside
from bizra_load.io.ports import free_port
from bizra_load.judging.artifacts import DOCUMENTS
from bizra_load.rehearsal import drill
from bizra_load.validation import suite

OLD = "of the time before: GO"


@pytest.fixture
def no_api():
    """The address of a server that is neither a Prometheus nor a Grafana: 501 to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(501)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def left_by_the_time_before(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).write_text(OLD)


def moved(folder, *names):
    assert {p.name: p.read_text() for p in (folder / BEFORE).iterdir()} == dict.fromkeys(names, OLD)
    assert not [p for p in folder.iterdir() if p.is_file() and OLD in p.read_text()]


def test_metrics_that_cannot_be_asked_for(tmp_path, no_api):
    out = tmp_path / "artifacts"
    left_by_the_time_before(out, "metrics-validation-report.json")
    assert main(["metrics", "--prometheus-url", no_api, "--artifacts", str(out)]) == INVALID
    moved(out, "metrics-validation-report.json")


def test_documents_of_a_run_that_is_not_one(tmp_path):
    out = tmp_path / "artifacts"
    left_by_the_time_before(out, *DOCUMENTS)
    assert main(["report", str(tmp_path), "--artifacts", str(out)]) == USAGE
    moved(out, *DOCUMENTS)


def test_a_dashboard_that_cannot_be_imported(tmp_path, no_api, monkeypatch):
    out = tmp_path / "artifacts"
    left_by_the_time_before(out, "grafana-dashboard-url.txt", "dashboard-check.json")
    monkeypatch.setenv("GRAFANA_URL", no_api)
    monkeypatch.setenv("GRAFANA_API_KEY", "a-key")
    assert main(["dashboard", "import", "--out", str(out)]) == INVALID
    moved(out, "grafana-dashboard-url.txt", "dashboard-check.json")


def test_a_validation_that_never_begins(tmp_path, capsys):
    """The tests of the node crashed, and their file is not there: nobody may take the last decision for this one's."""
    out, kept = tmp_path / "artifacts", "rules-check.json"
    left_by_the_time_before(out, *DOCUMENTS, "validated.json", kept)
    evidence = ["--evidence", f"tests={tmp_path / 'missing.xml'}", "--evidence", f"rules={out / kept}"]
    assert main(["validate", "--artifacts", str(out), *evidence]) == USAGE
    assert "missing.xml" in capsys.readouterr().err
    assert {p.name for p in (out / BEFORE).iterdir()} == {*DOCUMENTS, "validated.json"}
    assert [p.name for p in out.iterdir() if p.is_file()] == [kept]


def test_a_validation_beside_another_one_in_the_same_folder_is_refused_and_moves_nothing(tmp_path, capsys):
    out = tmp_path / "artifacts"
    left_by_the_time_before(out, *DOCUMENTS, "validated.json")
    before = {p: p.read_text() for p in out.iterdir()}
    with alone_in(out, "the other one"):
        assert main(["validate", "--artifacts", str(out)]) == USAGE
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith(f"--artifacts: {out}: another process writes there now (allowed: a folder of its own)")
    assert {p: p.read_text() for p in out.iterdir()} == before
    with alone_in(out, "the next one"):
        pass


def test_panels_that_cannot_be_checked(tmp_path, no_api):
    out = tmp_path / "artifacts"
    left_by_the_time_before(out, "dashboard-check.json")
    assert main(["dashboard", "check", "--prometheus-url", no_api, "--out", str(out)]) == INVALID
    moved(out, "dashboard-check.json")


def test_a_drill_that_does_not_get_going(tmp_path, monkeypatch):
    def ends(_):
        raise InvalidRunError("the node did not start")

    out = tmp_path / "artifacts"
    left_by_the_time_before(out, "alert-drill.json")
    monkeypatch.setattr(drill, "measure", ends)
    assert main(["alerts", "drill", "--out", str(out)]) == INVALID
    moved(out, "alert-drill.json")


@pytest.mark.processes
def test_a_validation_whose_own_prometheus_ends_at_once(tmp_path, monkeypatch, capsys):
    out, programs = tmp_path / "artifacts", tmp_path / "bin"
    names = ("GO-NO-GO-DECISION.md", "metrics-validation-report.json", "rules-check.json", "validated.json")
    left_by_the_time_before(out, *names)
    programs.mkdir()
    (programs / "prometheus").write_text("#!/bin/sh\nexit 1\n")
    (programs / "prometheus").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    for variable in ("ENDPOINT", "PROMETHEUS_URL", "GRAFANA_URL"):
        monkeypatch.delenv(variable, raising=False)
    assert main(["validate", "--artifacts", str(out)]) == INVALID
    assert "prometheus did not start" in capsys.readouterr().err
    moved(out, *names)
    assert json.loads((out / "validated.json").read_text())["decision"] == "INVALID"


def test_a_validation_is_one_suite_from_its_beginning_to_its_end(tmp_path, monkeypatch):
    made = []

    class CountedSuite(suite.Suite):
        def __init__(self, *given):
            made.append(self)
            super().__init__(*given)

    monkeypatch.setattr(validate, "Suite", CountedSuite)
    for variable in ("PROMETHEUS_URL", "GRAFANA_URL"):
        monkeypatch.delenv(variable, raising=False)
    away = f"http://127.0.0.1:{free_port()}"
    assert main(["validate", "-H", away, "--out", str(tmp_path / "runs"), "--artifacts", str(tmp_path)]) == INVALID
    assert len(made) == 1


def test_what_is_given_as_evidence_stays(tmp_path):
    left_by_the_time_before(tmp_path / "out", "a.json", "b.json")
    set_aside(tmp_path / "out", ["a.json", "b.json", "c.json"], "--out", [(tmp_path / "out" / "b.json").resolve()])
    assert (tmp_path / "out" / "b.json").read_text() == OLD
    assert [p.name for p in (tmp_path / "out" / BEFORE).iterdir()] == ["a.json"]
