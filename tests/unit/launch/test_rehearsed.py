"""The last words of a run without a target."""

import contextlib
import types

import pytest

from bizra_load.archive.names import RECORD
from bizra_load.cli.main import parser
from bizra_load.exit_codes import InvalidRunError
from bizra_load.launch import load
from bizra_load.launch.request import load_request


@pytest.mark.parametrize(("host", "judged"), [(None, True), (None, False), ("http://127.0.0.1:9", True)])
def test_only_a_run_on_the_reference_node_that_was_judged_says_that_it_judged_that_node(
    host, judged, monkeypatch, tmp_path, capsys
):
    """A locustfile that can't be imported judges nothing."""

    def fake_load(*_):
        if judged:
            [folder] = [path for path in tmp_path.iterdir() if path.name != "latest"]
            (folder / RECORD).write_text("{}")
            (folder / "assessment.json").write_text('{"decision": "GO", "exit_code": 0}')
        return 0 if judged else 1

    @contextlib.contextmanager
    def fake_node():
        process = types.SimpleNamespace(pid=0)
        yield types.SimpleNamespace(url="http://127.0.0.1:8", metrics_url="http://127.0.0.1:8/metrics", process=process)

    def fake_nothing(*_):
        return contextlib.nullcontext()

    monkeypatch.setenv("BIZRA_LOAD_STARTED_AS", ".venv/bin/bizra-load")
    monkeypatch.setattr(load, "start_node", fake_node)
    monkeypatch.setattr(load, "measured_beside", fake_nothing)
    monkeypatch.setattr(load, "_check_reachable", fake_nothing)
    monkeypatch.setattr(load, "_check_server_metrics", fake_nothing)
    monkeypatch.setattr(load, "supervise", fake_load)
    words = ["run", "--out", str(tmp_path), "--processes", "1", *(["-H", host] if host else [])]
    with contextlib.nullcontext() if judged else pytest.raises(InvalidRunError):
        load.put_load_on(load_request(vars(parser().parse_args(words))))
    [code] = {path.read_text() for path in tmp_path.glob("*/exit-code")}
    assert code == ("0\n" if judged else "5\n")
    line = "This was a rehearsal. Your own service: .venv/bin/bizra-load run -H URL --metrics-url URL\n"
    assert (line in capsys.readouterr().err) is (host is None and judged)
