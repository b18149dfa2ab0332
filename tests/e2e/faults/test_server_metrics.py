"""The server's metrics go away at the start, in the middle, at the end: /metrics itself, or the Prometheus that reads it."""

import os
import signal

import psutil
import pytest
import requests

from bizra_load.io.ports import free_port
from tests.e2e.faults.cluster import SHORT, assert_counted, counted, failed_checks, reported, target, the_line
from tests.e2e.real_prometheus import prometheus
from tests.e2e.running import Running, load, until


@pytest.mark.slow
def test_metrics_that_go_down_and_stay_down_are_missing_server_data(tmp_path, node):
    running = Running(tmp_path, *target(node), *SHORT, "--duration", "12s")
    running.wait_for(300)
    requests.post(f"{node.admin_url}/faults", json={"metrics.down": "true"}, timeout=5).raise_for_status()
    ended = running.end()
    requests.delete(f"{node.admin_url}/faults", timeout=5).raise_for_status()
    assert_counted(ended, node)
    assert ended.code == 5
    assert failed_checks(ended) == {"server_data"}, ended.out
    assert "of the part that is judged" in ended.check("server_data")["reason"]
    assert ended.check("scrapes")["status"] == "WARN"
    assert reported(ended) == []


@pytest.mark.slow
def test_a_prometheus_that_is_down_at_the_start_in_the_middle_or_at_the_end_is_said_and_never_a_pass(tmp_path, node):
    (tmp_path / "prometheus").mkdir()
    with prometheus(tmp_path / "prometheus", node.metrics_url.split("/")[2], "500ms") as url:
        asked = ("-H", node.url, "--prometheus-url", url, "--agreement", "local", *SHORT)
        server = next(
            p for p in psutil.process_iter(["cmdline"]) if url.removeprefix("http://") in "".join(p.info["cmdline"] or ())
        )
        running = Running(tmp_path / "middle", *asked)
        running.wait_for(300)
        server.suspend()
        running.wait_for(800)
        server.resume()
        middle = running.end()
        assert_counted(middle, node)
        assert middle.check("server_data")["status"] == "PASS", middle.out
        assert {middle.check(f"counters_{o}")["status"] for o in ("generate", "verify")} == {"PASS"}

        running = Running(tmp_path / "end", *asked)
        running.wait_for(300)
        server.send_signal(signal.SIGKILL)
        until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE, "Prometheus is gone")
        end = running.end()
        assert end.code == 5
        assert failed_checks(end) == {"server_data"}, end.out
        assert "could not be read" in end.check("server_data")["reason"]
        assert sum(end.finished().values()) == sum(counted(node).values()) - sum(middle.finished().values())

        start = load(tmp_path / "start", None, *asked)
        assert start.code == 5
        assert start.folder is None
        line = the_line(start)
        assert line.startswith("bizra-load run: the server's metrics can't be read: ")


def test_metrics_down_at_the_start_end_the_run_before_the_load(tmp_path, node):
    down = load(tmp_path, None, "-H", node.url, "--metrics-url", f"http://127.0.0.1:{free_port()}/metrics", *SHORT)
    assert (down.code, down.folder, len(reported(down))) == (5, None, 1)
    assert sum(counted(node).values()) == 0
    assert os.listdir(tmp_path) == []
