"""Secrets of a real run are in no process list, no output and no file."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from bizra_load.io.ports import free_port
from tests.e2e.running import ROOT, Running, attempts

SHORT = ("--target-ops", "600", "--ramp", "2s", "--duration", "8s")


def command_lines():
    """Those of every process of this machine."""
    text = ""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            text += path.read_bytes().decode(errors="replace")
    return text


def left_behind(folder):
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file()).decode(errors="replace")


def test_secrets_reach_nothing_that_the_run_left_behind(tmp_path, node):
    """Token, headers, cluster key, passwords in addresses: each goes where it must, and is never shown or kept."""
    secret = "planted-secret-4711"
    (tmp_path / "headers").write_text(f"X-Key: {secret}\n")
    environment = {
        "BIZRA_LOAD_TOKEN": secret,
        "BIZRA_LOAD_CLUSTER_KEY": secret,
        "PROMETHEUS_TOKEN": secret,
        "HEADERS_FILE": str(tmp_path / "headers"),
        "ENDPOINT": node.url.replace("://", f"://me:{secret}@"),
        "METRICS_URL": node.metrics_url.replace("://", f"://me:{secret}@"),
    }
    running = Running(tmp_path / "runs", *SHORT, environment=environment)
    running.wait_for(100)
    shown = command_lines()
    ended = running.end()
    assert "locust" in shown
    assert secret not in shown + ended.out + ended.err
    for form in ("text", "json", "md", "html"):
        command = [sys.executable, "-m", "bizra_load.cli.main", "report", str(ended.folder), "--format", form]
        assert secret not in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert secret not in left_behind(ended.folder)
    assert ended.finished() == attempts(node)
    assert ended.check("workers")["status"] == "PASS"


@pytest.mark.parametrize("variable", ["ENDPOINT", "METRICS_URL", "PROMETHEUS_URL"])
@pytest.mark.parametrize("scheme", ["http", "ftp"])
def test_a_password_in_an_address_is_in_no_message(tmp_path, node, variable, scheme):
    environment = {"ENDPOINT": node.url, variable: f"{scheme}://me:planted-4711@127.0.0.1:{free_port()}/x"}
    ended = Running(tmp_path, *SHORT, environment=environment).end()
    assert ended.code in (5, 6)
    assert "planted" not in ended.out + ended.err
    assert len(ended.err.strip().splitlines()) == 1, ended.err
