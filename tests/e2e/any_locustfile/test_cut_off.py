"""Requests that are still under way when a load has ended: counted as failed, by everybody, and no verdict looks past them."""

import csv
import signal
import subprocess
import sys

import pytest

from bizra_load.archive.latest import run_folders
from tests.e2e.any_locustfile.shop import serving
from tests.e2e.any_locustfile.test_any_locustfile import FILES, our_totals, through_us, totals
from tests.e2e.running import Ended, until

HANGING = str(FILES / "hanging.py")
AGREED = ("--objective", "error rate < 2 %", "--objective", "all p95 < 9 s")
SHORT = ("--stop-timeout", "1", "-u", "10", "-r", "10", "-t", "14s")


@pytest.fixture
def shop():
    with serving() as shop:
        yield shop


@pytest.mark.parametrize("kind", ["Fast", "Requests", "Lean"])
@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["one process", "two"])
def test_users_that_wait_to_the_end_are_counted_and_leave_no_go(tmp_path, shop, kind, processes):
    ended = through_us(tmp_path, "-f", HANGING, kind, "-H", shop.url, *SHORT, *processes, *AGREED, HANG_AFTER_S="7")
    assert ended.code == 3, ended.out + ended.err
    requests, failures = our_totals(ended)["GET read"]
    assert (requests, failures) == (shop.total(), 10)
    assert totals(ended.folder / "locust-stats.json")["GET", "read"] == (requests, 10)
    assert "no_response" in {check["key"] for check in ended.assessment["checks"]}
    assert ended.assessment["objectives"][0]["status"] == "FAIL"


@pytest.mark.parametrize("kind", ["Fast", "Lean"])
def test_at_a_planned_rate_a_request_that_never_ends_counts_from_when_it_was_due(tmp_path, shop, kind):
    plan = ("--target-ops", "20", "--ramp", "1s", "--duration", "14s", "-u", "400", "--request-timeout", "1s")
    ended = through_us(tmp_path, "-f", HANGING, kind, "-H", shop.url, *plan, *AGREED, HANG_AFTER_S="9")
    assert ended.code == 3, ended.out + ended.err
    requests, failures = our_totals(ended)["GET read"]
    assert requests == shop.total()
    assert failures == our_totals(ended)["task read"][1] > 50


def test_a_task_that_makes_no_request_that_is_known_is_cut_off_by_its_name(tmp_path, shop):
    (tmp_path / "mine.py").write_text(
        "import gevent\nfrom locust import User, task\nclass Sleeper(User):\n    @task\n    def sleep(self):\n"
        "        gevent.sleep(1000)\n"
    )
    ended = through_us(tmp_path, "-f", "mine.py", "--stop-timeout", "1", "-u", "3", "-r", "3", "-t", "3s")
    assert our_totals(ended)["task sleep"] == (3, 3), ended.out + ended.err
    assert "3 x task sleep, timeout: cut off when the run ended" in ended.out


def test_what_the_locustfile_does_at_the_end_does_not_lose_the_verdict(tmp_path, shop):
    for leaving in ("import sys; sys.exit(0)", "import os; os._exit(0)"):
        folder = tmp_path / leaving[7:9]
        folder.mkdir()
        text = "from locust import events\n\n\n@events.test_stop.add_listener\ndef leave(**_):\n    " + leaving + "\n"
        (folder / "mine.py").write_text((FILES / "fast_http.py").read_text() + text)
        words = ("-f", "mine.py", "-H", shop.url, "-u", "2", "-r", "2", "-t", "7s", "--objective", "throughput >= 9000 ops/s")
        ended = through_us(folder, *words)
        assert ended.code == 3, ended.out + ended.err
        assert ended.out.startswith("NO-GO"), ended.out + ended.err
        assert (folder / "runs/latest/exit-code").read_text() == "3\n"


def test_what_ends_the_process_in_the_middle_is_judged_by_what_was_stored(tmp_path, shop):
    imports = "import os\nimport gevent\nfrom locust import events\n"
    leaving = "\n\n@events.test_start.add_listener\ndef later(**_):\n    gevent.spawn_later(9, os._exit, 0)\n"
    (tmp_path / "mine.py").write_text(imports + (FILES / "fast_http.py").read_text() + leaving)
    words = ("-f", "mine.py", "-H", shop.url, "-u", "2", "-r", "2", "-t", "60s", "--objective", "throughput >= 9000 ops/s")
    ended = through_us(tmp_path, *words)
    assert ended.code == 3, ended.out + ended.err
    assert "the locustfile ended the process (exit code 0)" in ended.err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_was_interrupted_can_not_pass(tmp_path, shop, sent):
    words = ("-f", HANGING, "Fast", "-H", shop.url, "-u", "2", "-r", "2", "-t", "10m", "--objective", "error rate < 50 %")
    command = [sys.executable, "-m", "bizra_load.cli.main", "run", "--allow", "clock-resolution", *words]
    process = subprocess.Popen(command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: shop.total() > 200 or process.poll() is not None, "requests")
    process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    assert process.returncode in (4, 5), out + err
    ended = Ended(process.returncode, out, err, run_folders(tmp_path / "runs")[-1])
    assert "the run was stopped before its plan ended" in ended.assessment["notes"]


def test_locusts_csv_files_have_the_end_of_a_run_with_workers(tmp_path, shop):
    words = ("-H", shop.url, "-u", "4", "-r", "4", "-t", "6s", "--processes", "2", "--csv", "out")
    ended = through_us(tmp_path, "-f", HANGING, "Fast", *words)
    assert ended.code == 0, ended.out + ended.err
    with (tmp_path / "out_stats.csv").open() as file:
        [aggregated] = [row for row in csv.DictReader(file) if row["Name"] == "Aggregated"]
    assert int(aggregated["Request Count"]) == shop.total()
