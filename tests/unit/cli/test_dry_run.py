"""`bizra-load run --dry-run`: what would be done, in words; nothing is started, written or forgotten."""

import pytest

from bizra_load.archive import latest
from bizra_load.cli.main import main
from bizra_load.launch import load, locust_process
from tests.unit.environment import clear_variables

PLAIN = """
from locust import HttpUser, task

class Shopper(HttpUser):
    host = "http://shop.example"

    @task
    def look(self):
        self.client.get("/")
"""


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch, tmp_path):
    def reached(*_: object, **__: object) -> None:
        raise AssertionError("something was started")

    for module, name in ((load, "start_node"), (load, "supervise"), (load, "_check_reachable"), (locust_process, "start")):
        monkeypatch.setattr(module, name, reached)
    clear_variables(monkeypatch)
    monkeypatch.chdir(tmp_path)


def planned(capsys, *words):
    assert main(["run", "--dry-run", *words]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert max(map(len, shown.out.splitlines())) <= 80
    return " ".join(shown.out.split())


def test_a_rehearsal_is_told_with_its_rate_its_node_its_files_and_its_agreement(capsys, tmp_path):
    text = planned(capsys, "--target-ops", "2000", "--ramp", "5s", "--duration", "2m", "--run-name", "mine")
    for message in (
        "Dry run: nothing is started.",
        "Model: open: arrivals are planned (constant)",
        "Rate: 0 to 2,000 ops/s in 5 s, then 2,000 ops/s for 120 s",
        "Length: 125 s; about 245,000 operations",
        "Users: 40, for 50 ops/s each",
        "Target: a reference node, which is started for it",
        "Files: runs/<UTC time>-mine, and runs/latest names it",
        "PoI success rate: at least 99 % of generate, verify requests together are successful",
    ):
        assert message in text
    assert list(tmp_path.iterdir()) == []
    assert "Files: runs/<UTC time>-x-y, and runs/latest" in planned(capsys, "--run-name", "../../x y")


def test_a_target_of_ones_own_shows_its_addresses_without_a_password(capsys):
    url = "http://me:planted@node.example:8080"
    text = planned(
        capsys,
        "-H",
        url,
        "--metrics-url",
        "http://node.example:9464/metrics",
        "--agreement",
        "local",
        "--objective",
        "p95 < 1 s",
    )
    assert "Target: http://node.example:8080" in text
    assert "Server's metrics: its /metrics at http://node.example:9464/metrics" in text
    assert "95 % of the successful requests of all operations together" in text
    assert "planted" not in text


def test_saturation_is_a_closed_model(capsys):
    assert "Model: closed: 20 users, as fast as responses come, for 70 s" in planned(capsys, "--arrivals", "saturate")


@pytest.mark.processes
def test_a_plain_locustfile_is_told_with_its_users_or_as_paced(capsys, tmp_path):
    (tmp_path / "mine.py").write_text(PLAIN)
    closed = planned(capsys, "-f", "mine.py", "-u", "50", "-r", "10", "-t", "2m")
    for message in ("Model: closed: users work as fast as", "by Locust: -u 50 -r 10 -t 2m", "Target: http://shop.example"):
        assert message in closed
    assert "No objectives are given" in closed
    assert "one task at a time" in planned(capsys, "-f", "mine.py", "--target-ops", "20")
    assert not (tmp_path / "runs").exists()


@pytest.mark.processes
def test_what_a_shape_of_the_locustfiles_own_takes_no_notice_of_is_named(capsys, tmp_path):
    shape = "\nclass Mountain(LoadTestShape):\n    def tick(self):\n        return None\n"
    text = PLAIN.replace("import HttpUser", "import HttpUser, LoadTestShape") + shape
    (tmp_path / "mine.py").write_text(text)
    for words, ignored in (
        (("-u", "5", "-r", "2", "-t", "9s"), "Mountain; it decides alone, -u, -r, -t are ignored Workers"),
        (("-u", "5", "--duration", "9s"), "Mountain; it decides alone, -u, --duration are ignored Workers"),
        (("-t", "9s"), "Mountain; it decides alone, -t is ignored Workers"),
        ((), "by the locustfile's shape Mountain Workers"),
    ):
        assert ignored in planned(capsys, "-f", "mine.py", *words)
    (tmp_path / "mine.py").write_text(text.replace("def tick", "use_common_options = True\n\n    def tick"))
    assert "by the locustfile's shape Mountain Workers" in planned(capsys, "-f", "mine.py", "-u", "5", "--duration", "9s")


@pytest.mark.parametrize("words", [["--target-ops", "abc"], ["--agreement", "nonesuch"], ["-f", "missing.py"], ["--json", "-"]])
def test_bad_input_is_refused_as_ever(capsys, words):
    assert main(["run", "--dry-run", *words]) == 6
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)


def test_the_run_before_stays_the_latest(capsys, tmp_path):
    folder = tmp_path / "runs/20261121T100000Z-poi"
    folder.mkdir(parents=True)
    latest.begin(folder)
    latest.end(folder, 0)
    planned(capsys)
    assert (tmp_path / "runs/latest/exit-code").read_text() == "0\n"


@pytest.mark.processes
def test_no_secret_of_the_locustfiles_own_is_shown(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    own = "@events.init_command_line_parser.add_listener\ndef own(parser):\n    parser.add_argument('--api-token')\n"
    (tmp_path / "mine.py").write_text(PLAIN.replace("import HttpUser", "import HttpUser, events") + own)
    text = planned(capsys, "-f", "mine.py", "-u", "5", "--api-token", "planted")
    assert "Users: by Locust: -u 5 --api-token ***" in text
    assert "planted" not in text


SHARE = ("--objective", "throughput >= 95 % of plan", "--objective", "GET / throughput >= 50 % of plan, warning")


@pytest.mark.processes
def test_a_share_of_the_plan_is_named_beforehand_where_there_is_none(capsys, tmp_path):
    (tmp_path / "mine.py").write_text(PLAIN)
    line = (
        "Before the load: throughput >= 95 % of plan; GET / throughput >= 50 % of plan: {} there is no plan: it can't be judged"
    )
    words = ("-f", "mine.py", *SHARE)
    assert line.format("without --target-ops or --stages") in planned(capsys, *words, "-u", "3", "-t", "8s")
    assert "Before the load" not in planned(capsys, *words, "--target-ops", "5")
    assert "Before the load" not in planned(capsys, "-f", "mine.py", "-u", "3", "--objective", "throughput >= 5 ops/s")
    assert line.format("with --arrivals saturate") in planned(capsys, *SHARE, "--arrivals", "saturate")
