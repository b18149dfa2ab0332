"""The compiled core and the pure one: which is chosen, and that all tests of the engine hold over both."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OF_THE_ENGINE = ("tests/unit/engine", "tests/unit/runtime/test_users.py", "tests/unit/measure/test_recorder.py")
BUILD = "the compiled core is missing: apt-get install -y gcc libc6-dev python3-dev; rm .venv/.installed; make setup"


def run(*words, pure):
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "BIZRA_LOAD_PURE": pure, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.processes
@pytest.mark.parametrize(("pure", "kind"), [("", "compiled"), ("0", "compiled"), ("1", "pure Python")])
def test_the_core_is_compiled_unless_the_environment_asks_for_the_pure_one(pure, kind):
    ended = run("-c", "from bizra_load.engine import core; print(core.KIND, core.BaseConnection.__module__)", pure=pure)
    module = "core_compiled" if kind == "compiled" else "core_pure"
    assert ended.stdout.strip() == f"{kind} bizra_load.engine.{module}", BUILD


@pytest.mark.slow
@pytest.mark.processes
def test_the_tests_of_the_engine_pass_over_the_pure_core_too():
    ended = run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "--deselect", "tests/unit/engine/test_core.py", *OF_THE_ENGINE, pure="1"
    )
    assert ended.returncode == 0, ended.stdout[-3000:]


@pytest.mark.processes
@pytest.mark.parametrize("stale", ["core.INTERFACE = 0", "del core.TlsChannel"])
def test_what_was_compiled_from_older_sources_is_not_taken(stale):
    words = f"import bizra_load.engine.core_compiled as core; {stale}; from bizra_load.engine import core; print(core.KIND)"
    assert run("-c", words, pure="").stdout.strip() == "pure Python"
