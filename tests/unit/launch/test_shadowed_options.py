"""An option of a locustfile that has the name of one of ours: given before `--` it is ours, which a line says."""

import pytest

from bizra_load.cli.main import understood
from bizra_load.exit_codes import UsageError
from bizra_load.launch.plan import planned
from bizra_load.launch.request import load_request
from tests.e2e.running import ROOT
from tests.unit.environment import clear_variables

OWN = """
from locust import HttpUser, events, task

@events.init_command_line_parser.add_listener
def own(parser):
    parser.add_argument("--duration", type=int, default=7)
    parser.add_argument("--ramp", type=int, default=7)
    parser.add_argument("--pages", type=int, default=7)

class Mine(HttpUser):
    host = "http://127.0.0.1:9"

    @task
    def go(self):
        self.client.get("/")
"""
LINE = "--duration is bizra-load's here: the locustfile's own comes after --, such as -- --duration VALUE"
HINT = r" \(the locustfile's own comes after --, such as -- --{} VALUE\)$"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    clear_variables(monkeypatch)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(OWN)


def asked(*words):
    args = understood(["run", "-f", "mine.py", *words])
    return load_request(vars(args), args.words)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (("--duration", "6"), (LINE,)),
        (("--target-ops", "5", "--duration", "6"), (LINE,)),
        (("-t", "6s"), ()),
        (("--pages", "3"), ()),
        (("-t", "6s", "--", "--duration", "5"), ()),
        (("--duration", "6", "--", "--duration=5"), ()),
    ],
)
def test_a_line_says_which_option_is_ours_and_how_the_files_own_is_given(words, lines):
    request = asked(*words)
    assert request.shadowed == lines
    assert (LINE in " ".join(planned(request, 80).split())) is bool(lines)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-t", "10s", "--duration", "5"), "give only one of them" + HINT.format("duration")),
        (("-t", "10s", "--ramp", "5"), "--ramp: .*, too" + HINT.format("ramp")),
        (("-t", "10s", "--ops-per-user", "5"), "--ops-per-user: .*, too$"),
    ],
)
def test_where_ours_is_refused_a_hint_says_how_the_files_own_is_given(words, message):
    with pytest.raises(UsageError, match=message):
        asked(*words)


@pytest.mark.processes
def test_there_is_no_hint_where_the_file_has_no_such_option(tmp_path):
    (tmp_path / "mine.py").write_text(OWN.replace("--duration", "--length"))
    with pytest.raises(UsageError, match=r"give only one of them$"):
        asked("-t", "10s", "--duration", "5")
    assert asked("--duration", "6").shadowed == ()


@pytest.mark.processes
def test_options_that_register_adds_are_not_the_files_own(tmp_path):
    (tmp_path / "mine.py").write_text(f"{OWN.replace('--duration', '--length')}\nfrom bizra_load import register\nregister()\n")
    assert asked("--target-ops", "5", "--duration", "6").shadowed == ()
