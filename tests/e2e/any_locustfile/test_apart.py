"""`bizra-load run --master` and `--worker`: the parts of a load started by themselves, as for several machines."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from bizra_load.io.ports import free_port
from sla.values.window import SCHEDULE
from tests.e2e.any_locustfile.shop import serving
from tests.e2e.any_locustfile.test_any_locustfile import FILES, our_totals, through_us, totals
from tests.e2e.running import ROOT

RUN = (sys.executable, "-m", "bizra_load.cli.main", "run")


@pytest.fixture
def shop():
    with serving() as shop:
        yield shop


@contextmanager
def worker(folder, port, *words):
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [*RUN, "--worker", "--master-host", "127.0.0.1", "--master-port", str(port), *words]
    with open(folder / "output", "w") as output:
        started = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        try:
            yield started
        finally:
            started.terminate()
            started.wait(60)


def apart(tmp_path, file, *words):
    """A master and two workers: (the run, exit codes of the workers). The workers have a folder of their own each."""
    port = free_port()
    master = ("--master", "--expect-workers", "2", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port))
    with worker(tmp_path / "a", port, "-f", file) as first, worker(tmp_path / "b", port, "-f", file) as second:
        ended = through_us(tmp_path, "-f", file, *master, *words)
        codes = [first.wait(60), second.wait(60)]
    assert not list(tmp_path.glob("[ab]/runs"))
    return ended, codes


def test_users_that_work_as_they_please(tmp_path, shop):
    file = str(FILES / "catch_response.py")
    ended, codes = apart(tmp_path, file, "-H", shop.url, "-u", "4", "-r", "4", "-t", "6s")
    assert (ended.code, codes) == (0, [0, 0]), ended.err + (tmp_path / "a/output").read_text()
    theirs = totals(ended.folder / "locust-stats.json")
    ours = {name: counts for name, counts in our_totals(ended).items() if name != SCHEDULE}
    assert {f"{method} {name}": counts for (method, name), counts in theirs.items()} == ours
    assert sum(requests for requests, _ in ours.values()) == shop.total() > 0
    assert sum(failures for _, failures in ours.values()) > 0  # after which Locust's own workers end with 1
    assert len({h.worker for h in ended.measurements.health}) == 2


def test_tasks_at_a_planned_rate(tmp_path, shop):
    file = str(FILES / "fast_http.py")
    ended, codes = apart(tmp_path, file, "-H", shop.url, "--target-ops", "40", "--ramp", "0s", "--duration", "6s")
    assert (ended.code, codes) == (0, [0, 0]), ended.err + (tmp_path / "a/output").read_text()
    tasks = sum(requests for name, (requests, _) in our_totals(ended).items() if name.startswith("task "))
    planned = sum(w.planned for w in ended.measurements.windows)
    assert tasks == planned - sum(w.unsent for w in ended.measurements.windows)
    assert abs(planned - 240) <= 40  # a slot has a phase of its own


WRONG = {
    ("--worker", "-u", "3"): "-u: the master decides (allowed with --worker: -f, -H, --processes, --loglevel)",
    ("--worker", "--target-ops", "3"): "--target-ops: the master decides",
    ("--worker", "--insecure"): "--insecure: the master decides",
    ("--worker", "--objective", "all p50 < 1 s"): "--objective: the master decides",
    ("--master", "--processes", "2"): "--processes: workers come from elsewhere with --master (allowed: --expect-workers N",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_the_other_part_decides_is_refused(tmp_path, words):
    ended = through_us(tmp_path, "-f", str(FILES / "fast_http.py"), "-H", "http://127.0.0.1:9", *words)
    assert (ended.code, ended.folder) == (6, None)
    assert WRONG[words] in ended.err
