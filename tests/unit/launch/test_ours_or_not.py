"""A locustfile is taken for one of ours, unseen, only where its text leaves no doubt."""

import os
from pathlib import Path

import pytest

from bizra_load.cli.main import main, understood
from bizra_load.exit_codes import USAGE
from bizra_load.io.this_machine import usable_cores
from bizra_load.launch.locustfile import of_ours
from bizra_load.launch.request import load_request
from tests.unit.environment import clear_variables

ROOT = Path(__file__).resolve().parents[3]
OURS = """
from locust import task
from bizra_load import OpenModelUser, StagesShape, register

class Shape(StagesShape):
    pass

class Mine(OpenModelUser):
    @task
    def go(self):
        self.perform("go", "GET", "/")
"""
HTTP = OURS.replace("import task", "import HttpUser, task").replace("OpenModelUser, ", "").replace("OpenModelUser", "HttpUser")
NOT_FOR_CERTAIN = {
    "an import that may fail": f"import shop_client\n{OURS}",
    "a name that may not be there": OURS.replace("import task", "import task, tsak"),
    "a name of ours that is none": OURS.replace("register", "registre"),
    "a module of ours that is none": f"from bizra_load.nowhere import x\n{OURS}",
    "a module beside it": f"from . import x\n{OURS}",
    "a shape of its own that has the name": OURS.replace(", StagesShape", "").replace(
        "class Shape", "class StagesShape(LoadTestShape):\n    pass\n\nclass Shape"
    ),
    "no user of ours": HTTP,
    "options of its own": f"from locust import events\nevents.init_command_line_parser.add_listener(print)\n{OURS}",
    "other users beside ours": OURS.replace("import task", "import HttpUser, task"),
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    clear_variables(monkeypatch)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "locustfiles").glob("*.py")))
def test_of_our_scenarios_it_is_known(name):
    seen = of_ours(str(ROOT / "locustfiles" / name))
    assert (seen is not None) is (name in ("finality.py", "mixed.py", "poi.py"))
    assert seen is None or (seen.product, seen.open_model) == ("poi", True)


@pytest.mark.parametrize("why", NOT_FOR_CERTAIN)
def test_whatever_is_not_certain_is_imported_to_be_known(tmp_path, why):
    (tmp_path / "mine.py").write_text(NOT_FOR_CERTAIN[why])
    assert of_ours("mine.py") is None
    (tmp_path / "mine.py").write_text(OURS)
    assert of_ours("mine.py") is not None


@pytest.mark.processes
@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("an import that may fail", "-f: mine.py: mine.py, line 1: ModuleNotFoundError: No module named 'shop_client'"),
        ("no user of ours", "a StagesShape, and no user class that it drives (allowed: an OpenModelUser; or no shape"),
    ],
)
def test_what_can_not_run_is_refused_in_one_line(tmp_path, capsys, why, line):
    (tmp_path / "mine.py").write_text(NOT_FOR_CERTAIN[why])
    assert main(["run", "-f", "mine.py", "-H", "http://127.0.0.1:9"]) == USAGE
    message = capsys.readouterr().err
    assert line in message
    assert len(message.splitlines()) == 1
    assert not os.path.exists("runs")


@pytest.mark.processes
def test_a_users_own_class_of_that_name_is_not_ours(tmp_path):
    text = HTTP.replace(", StagesShape", "").replace("import HttpUser", "import HttpUser, LoadTestShape")
    own = "class StagesShape(LoadTestShape):\n    abstract = True\n\n    def tick(self):\n        return None\n\n\nclass Shape"
    (tmp_path / "mine.py").write_text(text.replace("from bizra_load import register\n", "").replace("class Shape", own))
    args = understood(["run", "-f", "mine.py", "-H", "http://127.0.0.1:9"])
    request = load_request(vars(args), args.words)
    assert (request.open_model, request.surveyed.shape) == (False, "Shape")


CONFIGURED = [
    ({}, {}, None, "WARNING"),
    ({"LOCUST_PROCESSES": "3", "LOCUST_LOGLEVEL": "INFO"}, {}, 3, ""),
    ({}, {"processes": "2", "loglevel": "info"}, 2, ""),
    ({"LOCUST_PROCESSES": "-1"}, {}, usable_cores(), "WARNING"),
]


@pytest.mark.processes
@pytest.mark.parametrize(("variables", "file", "processes", "level"), CONFIGURED)
def test_locusts_configuration_counts_for_a_locustfile_of_the_users(tmp_path, monkeypatch, variables, file, processes, level):
    (tmp_path / "mine.py").write_text(HTTP.replace("class Shape(StagesShape):\n    pass\n", ""))
    (tmp_path / "locust.conf").write_text("".join(f"{name} = {value}\n" for name, value in file.items()))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    args = understood(["run", "-f", "mine.py", "-H", "http://127.0.0.1:9", "--stop-timeout", "1m30s"])
    request = load_request(vars(args), args.words)
    assert (request.processes, request.log_level) == (processes, level)
    assert request.locust_words[:2] == ("--stop-timeout", "90")
