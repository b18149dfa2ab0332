"""The last words of a run without a target."""

import contextlib
import types

import pytest

from bizra_load.cli.main import parser
from bizra_load.launch import load
from bizra_load.launch.request import load_request


@pytest.mark.parametrize("host", [None, "http://127.0.0.1:9"])
def test_only_a_run_on_the_reference_node_says_that_it_judged_that_node(host, monkeypatch, tmp_path, capsys):
    @contextlib.contextmanager
    def fake_node():
        process = types.SimpleNamespace(pid=0)
        yield types.SimpleNamespace(url="http://127.0.0.1:8", metrics_url="http://127.0.0.1:8/metrics", process=process)

    def fake_nothing(*_):
        return contextlib.nullcontext()

    monkeypatch.setattr(load, "start_node", fake_node)
    monkeypatch.setattr(load, "measured_beside", fake_nothing)
    monkeypatch.setattr(load, "_check_reachable", fake_nothing)
    monkeypatch.setattr(load, "_check_server_metrics", fake_nothing)
    monkeypatch.setattr(load, "supervise", lambda *_: 0)
    words = ["run", "--out", str(tmp_path), "--processes", "1", *(["-H", host] if host else [])]
    code, _ = load.put_load_on(load_request(vars(parser().parse_args(words))))
    assert code == 0
    assert (load.REHEARSED in capsys.readouterr().err) is (host is None)
    assert "bizra-load run -H URL --metrics-url URL" in load.REHEARSED
