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
OURS = """
from locust import task
from bizra_load import OpenModelUser, StagesShape

class Shape(StagesShape):
    pass

class Reader(OpenModelUser):
    @task
    def read(self):
        self.perform(self.operation("read"), self.connection.prepare("GET", "/items", {}), b"", lambda _: True)
"""


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


def test_a_worker_needs_neither_the_masters_patterns_nor_its_folder_of_runs(tmp_path, shop, monkeypatch):
    """Its folder is another one, as another machine's would be."""
    (tmp_path / "names").write_text("/items/.* -> item\n")
    (tmp_path / "out").mkdir()
    words = ("-H", shop.url, "-u", "4", "-r", "4", "-t", "6s", "--fold-names", "names")
    ended, codes = apart(tmp_path, str(FILES / "ids.py"), *words, "--out", "out")
    ended.folder = next(path for path in (tmp_path / "out").iterdir() if not path.is_symlink())
    assert (ended.code, codes) == (0, [0, 0]), ended.err + (tmp_path / "a/output").read_text()
    assert {"GET item", "POST item"} <= set(our_totals(ended))


def test_a_worker_that_lacks_a_file_of_secrets_says_so_and_loads_nothing(tmp_path, shop):
    (tmp_path / "headers").write_text("X-Tenant: acme\n")
    (tmp_path / "ours.py").write_text(OURS)
    words = ("-H", shop.url, "--target-ops", "20", "--ramp", "0s", "--duration", "5s", "--headers-file", "headers")
    ended, codes = apart(tmp_path, str(tmp_path / "ours.py"), *words)
    assert (ended.code, codes) == (5, [6, 6]), ended.err + (tmp_path / "a/output").read_text()
    line = "takes no part: --headers-file: headers: No such file or directory"
    assert ended.err.count(line) == 2
    output = (tmp_path / "a/output").read_text()
    assert f"bizra-load: this worker {line}" in output
    assert "Traceback" not in output + ended.err
    assert shop.total() == 0
