"""What a command loads before it has anything to do: nothing that takes longer than to explain itself."""

import importlib.metadata
import os
import subprocess
import sys

import pytest

from bizra_load.cli.main import VERBS

HEAVY = {
    *("numpy", "scipy", "locust", "gevent", "requests", "urllib3", "jinja2", "orjson", "yaml", "rich", "psutil", "nacl"),
    *("uvloop", "httptools", "prometheus_client", "prometheus_api_client", "hdrh", "defusedxml", "flask", "asyncio", "ssl"),
}
LOADED = """
import sys
from bizra_load.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert end.code == 0, end.code
print(*sys.modules, file=sys.stderr)
"""

WORKER = """
import sys
import bizra_load.runtime.attached, bizra_load.poi.user
from bizra_load.judging.agreements import named_operations
from bizra_load.products import default_agreement, settings_of
from dataclasses import replace
assert named_operations(replace(settings_of(None), agreement=default_agreement("poi")))
print(*sys.modules)
"""
NOT_A_WORKERS = {
    *("scipy", "pandas", "rich", "prometheus_client", "prometheus_api_client", "defusedxml", "hdrh", "pyhdrh", "reports"),
    *(
        "sla.estimators",
        "sla.judgement.evaluate",
        "sla.judgement.sequential",
        "bizra_load.judging.judge",
        "bizra_load.monitoring.panels",
    ),
    *(
        "bizra_load.judging.evidence",
        "bizra_load.archive.store",
        "bizra_load.runtime.master_events",
        "bizra_load.server_metrics",
    ),
}

THREADS = """
import os, sys
from bizra_load.cli.main import main
assert main() == 6
import scipy.stats
print(len(os.listdir("/proc/self/task")))
"""


def run(*words):
    """(what the command shows, top-level names of the modules that it has loaded)."""
    command = [sys.executable, "-c", LOADED, *words]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}  # it loads gevent
    done = subprocess.run(command, env=unmeasured, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout, {name.partition(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_the_command_alone_loads_none_of_its_rooms_libraries(words):
    assert run(*words)[1] & HEAVY == set()


@pytest.mark.parametrize("verb", ["assess", "compare", "metrics", "node", "report"])
def test_the_options_of_a_verb_load_no_library_either(verb):
    shown, loaded = run(verb, "--help")
    assert f"bizra-load {verb}" in shown
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("verb", VERBS)
def test_no_verbs_options_load_what_makes_load_or_judges_it(verb):
    assert run(verb, "--help")[1] & {"scipy", "locust", "gevent", "requests", "jinja2", "uvloop", "psutil"} == set()


@pytest.mark.parametrize(
    ("module", "not_yet"),
    [
        ("bizra_load.cli.run", {"bizra_load.judging.judge", "gevent", "rich", "scipy", "locust"}),
        ("bizra_load.runtime.plugin", {"bizra_load.judging.judge", "scipy"}),  # in Locust's process, before its workers
    ],
)
def test_what_only_the_judgement_needs_is_not_loaded_before_the_first_request(module, not_yet):
    command = [sys.executable, "-c", f"import sys, {module}\nprint(*sys.modules)"]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}  # it loads gevent
    done = subprocess.run(command, env=unmeasured, capture_output=True, text=True, timeout=60, check=True)
    assert set(done.stdout.split()) & not_yet == set()


def test_a_worker_loads_nothing_that_only_judging_web_pages_dashboards_or_metrics_need():
    """What it reads of its agreement, when its run begins, too. Of the web UI it has what Locust itself imports."""
    command = [sys.executable, "-c", WORKER]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, env=unmeasured, capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert {"bizra_load.poi.product", "bizra_load.runtime.worker_run"} <= loaded
    assert loaded & NOT_A_WORKERS == set()


def test_a_command_starts_no_threads_that_only_spin():
    """Each would cost 0.05 to 0.2 s of CPU time at every start."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "OPENBLAS"))}
    command = [sys.executable, "-c", THREADS, "assess", "no such run"]
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "1\n"


def test_the_version_is_that_of_the_package():
    assert run("--version")[0] == f"bizra-load {importlib.metadata.version('bizra-load')}\n"
