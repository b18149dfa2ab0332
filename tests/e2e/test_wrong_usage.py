"""What can't be run is refused by real processes in one line, before the first request."""

import subprocess
import sys

import pytest

from tests.e2e.running import ROOT, attempts, load

WRONG = {
    "--target-ops": "-5",
    "--ramp": "10 parsecs",
    "--duration": "0s",
    "--arrivals": "sometimes",
    "--allow": "lost-workers",
    "--verify-share": "150%",
    "--agreement": "nonesuch",
    "--stages": "/nonexistent.yaml",
    "--metrics-url": "ftp://x",
    "--workers": "0",
    "-f": "/nonexistent.py",
    "-H": "127.0.0.1:80",
}


@pytest.mark.parametrize("flag", WRONG)
def test_a_wrong_option_is_one_line_and_exit_code_6(tmp_path, flag):
    ended = load(tmp_path, None, flag, WRONG[flag])
    assert ended.code == 6
    assert "Traceback" not in ended.err
    assert flag in ended.err.replace("--processes", "--workers").replace("-H/--host", "-H")
    assert len(ended.err.strip().splitlines()) == 1, ended.err
    assert ended.folder is None


def test_a_wrong_option_of_ours_in_locusts_own_command_is_one_line_and_exit_code_6(node):
    command = [sys.executable, "-m", "locust", "-f", "locustfiles/poi.py", "-H", node.url, "--headless", "--loglevel", "ERROR"]
    ended = subprocess.run([*command, "--target-ops", "-5"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 6
    assert "--target-ops" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    assert sum(attempts(node).values()) == 0


def test_a_wrong_agreement_is_refused_before_the_first_request(tmp_path, node):
    path = tmp_path / "mine.yaml"
    path.write_text(
        (ROOT / "bizra_load/poi/agreements/local.yaml").read_text().replace('"< 10 x baseline"', '"< 200 parsecs"', 1)
    )
    ended = load(tmp_path / "runs", node, "--agreement", str(path))
    assert ended.code == 6
    assert "mine.yaml: objectives.poi_generate_p99.target" in ended.err
    assert sum(attempts(node).values()) == 0
