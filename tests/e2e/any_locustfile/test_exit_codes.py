"""Whose exit code it is: a verdict's is ours, whatever the locustfile sets; without a verdict it may be the locustfile's."""

import pytest

from bizra_load.io.ports import free_port
from tests.e2e.any_locustfile.shop import serving
from tests.e2e.any_locustfile.test_any_locustfile import FILES, through_us
from tests.e2e.any_locustfile.test_apart import apart

FILE = str(FILES / "exit_code.py")
SHORT = ("-u", "2", "-r", "2", "-t", "7s")
MISSED, KEPT = ("--objective", "all p50 < 1 us"), ("--objective", "all p50 < 9 s")


@pytest.fixture
def shop():
    with serving() as shop:
        yield shop


@pytest.mark.parametrize(
    ("objective", "variables"), [(MISSED, {"EXIT_CODE": "0"}), (MISSED, {"LEAVE": "0"}), (KEPT, {"EXIT_CODE": "1"})]
)
def test_a_locustfile_does_not_change_the_code_of_a_verdict(tmp_path, shop, objective, variables):
    ended = through_us(tmp_path, "-f", FILE, "-H", shop.url, *SHORT, *objective, **variables)
    assert str(ended.code) not in variables.values()
    assert ended.code == ended.assessment["exit_code"], ended.out + ended.err
    assert (tmp_path / "runs/latest/exit-code").read_text() == f"{ended.code}\n"


@pytest.mark.parametrize("code", ["1", ""])
def test_without_a_verdict_it_may_set_one(tmp_path, shop, code):
    ended = through_us(tmp_path, "-f", FILE, "-H", shop.url, *SHORT, EXIT_CODE=code)
    assert ended.code == int(code or 0), ended.out + ended.err
    assert ended.err.count("exit code 1: the locustfile's own (environment.process_exit_code)") == bool(code)
    assert (tmp_path / "runs/latest/exit-code").read_text() == f"{ended.code}\n"


def test_a_worker_ends_with_0_whatever_it_sets(tmp_path, shop, monkeypatch):
    monkeypatch.setenv("EXIT_CODE", "1")
    ended, codes = apart(tmp_path, FILE, "-H", shop.url, *SHORT)
    assert (ended.code, codes) == (1, [0, 0]), ended.out + ended.err


DIES = (
    "\n@events.init.add_listener\ndef on_init(environment, **_):\n    if type(environment.runner).__name__ == 'WorkerRunner':\n"
)
NO_WORKERS = {"none come": ("--master", "--expect-workers", "2", "--master-bind-port", "0"), "they die": ("--processes", "2")}


@pytest.mark.parametrize("words", NO_WORKERS.values(), ids=NO_WORKERS)
def test_a_load_whose_workers_do_not_come_ends_with_5_within_the_time_that_is_configured(tmp_path, words):
    (tmp_path / "mine.py").write_text(f"{(FILES / 'exit_code.py').read_text()}{DIES}        sys.exit(1)\n")
    words = [str(free_port()) if word == "0" else word for word in words]
    with serving() as shop:
        ended = through_us(tmp_path, "-f", "mine.py", "-H", shop.url, *SHORT, *words, LOCUST_EXPECT_WORKERS_MAX_WAIT="3")
    assert ended.code == 5, ended.out + ended.err
    assert "Locust ended with exit code 1 before a load began" in ended.err or "every worker is lost" in ended.err
    assert (tmp_path / "runs/latest/exit-code").read_text() == "5\n"


@pytest.mark.parametrize("code", ["0", "1", "2"])
def test_a_locustfile_that_ends_locust_before_the_load_is_no_verdict(tmp_path, code):
    (tmp_path / "mine.py").write_text((FILES / "exit_code.py").read_text().replace("quitting", "init"))
    with serving() as shop:
        ended = through_us(tmp_path, "-f", "mine.py", "-H", shop.url, *SHORT, LEAVE=code)
    assert ended.code == 5, ended.out + ended.err
