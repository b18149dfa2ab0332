"""make ends with a code of its own: the run's code is what the last line says."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("code", "of_make"), [(0, 0), (3, 2), (6, 2)])
def test_make_loadtest_says_the_code_of_the_run_in_its_last_line(tmp_path, code, of_make):
    program = tmp_path / "bizra-load"
    program.write_text(f'#!/bin/sh\necho "$@"\nexit {code}\n')
    program.chmod(0o755)
    # as if everything were installed already
    command = ["make", "--no-print-directory", "-o", "setup", "loadtest", f"BIN={tmp_path}", "ARGS=--duration 5s"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines() == ["run --duration 5s", f"exit code {code}"], done.stderr
    assert done.returncode == of_make


def test_running_needs_no_tool_for_developing():
    """And so make loadtest installs none: what it installs is what the package itself asks for."""
    shown = subprocess.run(
        ["make", "-n", "-B", "loadtest"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert "requirements/run.txt" in shown
    assert "requirements/dev.txt" not in shown
    assert "requirements/grafana.txt" not in shown
    for target, file in (("validate", "grafana.txt"), ("test", "dev.txt"), ("lint", "dev.txt")):
        shown = subprocess.run(["make", "-n", "-B", target], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
        assert f"requirements/{file}" in shown.stdout


def test_nothing_is_installed_without_a_hash():
    """The package itself is the only one, and takes nothing from outside to be built."""
    shown = subprocess.run(["make", "-n", "-B", "test"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    installs = [line for line in shown.stdout.splitlines() if " pip install " in line]
    assert len(installs) == 4  # run.txt, the package, dev.txt, the core where the compiler came later
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation -e ." in line for line in installs)


def test_benchmarks_of_another_interpreter_have_an_environment_of_their_own_in_the_same_versions():
    command = ["make", "--no-print-directory", "-n", "-B", "-o", "debian-bench", "bench"]  # `make test` runs this, too
    usual, other = (
        subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
        for more in ([], ["BENCH_PYTHON=/usr/bin/python3.11"])
    )
    assert "/usr/bin/python3.11 -m venv .venv-bench-usr-bin-python3.11" in other
    assert other.replace("/usr/bin/python3.11", "python3").replace(".venv-bench-usr-bin-python3.11", ".venv") == usual
    assert "requirements/dev.txt" in usual
    assert usual.splitlines()[-1] == ".venv/bin/python -m benchmarks.tables"
