"""Whatever is wrong with an option, a variable or a file: one line, exit code 6, nothing started and nothing written.

The table must name every option of every verb that takes a value: a new option without a wrong value of its own fails here.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

import pytest

from bizra_load.archive.store import RunWriter
from bizra_load.cli import main as cli
from bizra_load.cli import validate
from bizra_load.exit_codes import UsageError
from bizra_load.launch import load
from bizra_load.node import server
from bizra_load.products import all_options
from bizra_load.rehearsal import drill
from bizra_load.settings.arguments import SWITCHES
from tests.unit.cli.wrong_values import FREE, WRONG
from tests.unit.sla.synthetic import measurements


def options(parser: argparse.ArgumentParser, path: str = "") -> dict[str, argparse.Action]:
    """Every argument that takes a value, by "verb --flag" or "verb NAME"."""
    actions: dict[str, argparse.Action] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                actions |= options(below, f"{path} {name}".strip())
        elif action.nargs != 0:
            long = next((o for o in action.option_strings if o.startswith("--")), str(action.metavar))
            actions[f"{path} {long}"] = action
    return actions


def test_every_option_has_wrong_values_in_the_table():
    known = set(options(cli.parser()))
    assert known == set(WRONG) | set(FREE)


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """{name: path} of everything that is wrong, and of a good run."""
    from tests.unit.cli.bad_files import make

    measured = (measurements(rate=5, hold_s=6, seed=seed) for seed in (1, 2))
    return make(tmp_path_factory.mktemp("bad"), RunWriter, *measured)


@pytest.fixture(scope="module")
def before(bad):
    """What is in the folder of `bad` before anything reads it, and after every refusal."""
    return snapshot(bad["good"].parent)


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch, tmp_path):
    """What would come after the checks must not be reached: no node, no Locust, no drill."""

    def reached(*_: object, **__: object) -> None:
        raise AssertionError("a wrong value went through")

    for module, name in (
        (load, "start_node"),
        (load, "supervise"),
        (drill, "start_node"),
        (validate, "start_node"),
        (server, "_listening"),
    ):
        monkeypatch.setattr(module, name, reached)
    for variable in (option.variable for option in all_options()):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


def filled(value: str, bad: dict[str, Path]) -> str:
    """ "{name}" is the path of what is wrong in that way."""
    before, begin, rest = value.partition("{")
    name, end, after = rest.partition("}")
    return f"{before}{bad[name]}{after}" if begin and end and name in bad else value


def arguments(option: str, value: str, bad: dict[str, Path]) -> list[str]:
    """A command line that is correct but for this value."""
    verb, _, flag = option.rpartition(" ")
    good = str(bad["good"])
    positional = {"assess": [good], "report": [good], "compare": [good, str(bad["again"])]}.get(verb, [])
    if option == "init --output":
        positional = [good]
    if flag in ("RUN", "FILE", "SHELL"):
        positional = [value, good] if verb == "compare" else [value]
        return [*verb.split(), *positional]
    if flag == "--import":
        positional = []
    if option == "assess --hlog-unit":
        positional = ["--import", good]
    if verb in ("metrics", "dashboard check"):
        positional = ["--prometheus-url", "http://127.0.0.1:9"]
    if option == "report --evidence":
        positional = [good, "--artifacts", "out"]
    return [*verb.split(), *positional, f"{flag}={value}"]


CASES = [(option, value) for option, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("option", "value"), CASES, ids=[f"{o} {ascii(v)[:40]}" for o, v in CASES])
def test_a_wrong_value_is_one_line_and_exit_code_6(option, value, bad, before, capsys, tmp_path):
    value = filled(value, bad)
    refused(arguments(option, value, bad), capsys)
    assert list(tmp_path.iterdir()) == []
    assert snapshot(bad["good"].parent) == before


VARIABLES = [(o.variable, value) for o in all_options() for value in WRONG.get(f"run {o.flag}", ())[:4] if value]


@pytest.mark.parametrize(("variable", "value"), [*VARIABLES, ("WORKERS", "0"), ("WORKERS", "1e9"), ("ENDPOINT", "ftp://x")])
def test_a_wrong_environment_variable_is_refused_like_the_option(variable, value, bad, capsys, monkeypatch, tmp_path):
    value = filled(value, bad)
    monkeypatch.setenv(variable, value)
    refused(["run"], capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("token", ["planted token", "planted\ntoken", "\u20ac", "x" * 9000])
def test_a_wrong_token_is_refused_and_not_shown(token, capsys, monkeypatch):
    monkeypatch.setenv("BIZRA_LOAD_TOKEN", token)
    assert token not in refused(["run"], capsys)


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    try:
        code: object = cli.main(argv)
    except SystemExit as end:
        code = end.code
    shown = capsys.readouterr()
    assert code == 6, (code, shown.err)
    assert shown.out == ""
    lines = [line for line in shown.err.splitlines() if not line.endswith(" s so far")]  # of a machine that others use too
    assert len(lines) == 1, shown.err[:2000]
    assert lines[0].isprintable()
    assert len(lines[0]) < 2000
    return lines[0]


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    paths = (os.path.join(at, name) for at, folders, files in os.walk(folder) for name in (*folders, *files))
    return {path: ((status := os.lstat(path)).st_size, status.st_mtime_ns) for path in paths}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["run", "--allow", "lost-workers"], "did you mean 'lost-worker'"),
        (["run", "--arrivals", "poison"], "did you mean 'poisson'"),
        (["run", "--agreement", "v2.2.0-rc"], "did you mean 'v2.2.0-rc1'"),
        (["run", "--stages", "{stage-unknown.yaml}"], "did you mean 'ramp'"),
        (["run", "--stages", "{stage-key.yaml}"], "did you mean 'over'"),
        (["run", "--stages", "spike", "--ramp", "5s"], "--ramp: --stages spike decides it (allowed: one of the two)"),
        (["run", "--stages", "s.yaml", "--target-ops", "5"], "--target-ops: --stages s.yaml decides it"),
        (["run", "--agreement", "{agreement-unknown-key.yaml}"], "did you mean 'severity'"),
        (["run", "--agreement", "{agreement-failures.yaml}"], "failures: 'counted' is unknown (allowed: excluded, included)"),
        (["run", "--loglevel", "WARNIN"], "did you mean 'WARNING'"),
        (["alerts", "drill", "--rules", "FinalityCheckStaled"], "did you mean 'FinalityCheckStalled'"),
        (["run", "--target-op", "5"], "did you mean '--target-ops'"),
        (["rnu"], "did you mean 'run'"),
        (["report", "{good}", "--format", "htm"], "did you mean 'html'"),
        (["report", "lates"], "did you mean 'latest'"),
        (["run", "--objective", "p95 < 1 s, criticl"], "did you mean 'critical'"),
        (["run", "--agreement", "{agreement-severity.yaml}"], "did you mean 'CRITICAL'"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(argv, message, bad, capsys):
    assert message in refused([filled(a, bad) for a in argv], capsys)


def test_an_altered_file_of_a_run_is_named(bad, capsys):
    wrong = {"altered": "windows.jsonl", "lost": "health.jsonl", "added": "baseline.json", "target": "target.jsonl"}
    for name, file in wrong.items():
        for verb in ("assess", "report"):
            assert file in refused([verb, str(bad[name])], capsys)
        assert file in refused(["compare", str(bad["good"]), str(bad[name])], capsys)


def test_a_run_that_was_cut_off_has_no_checksums_and_is_judged_with_a_note(bad, capsys, tmp_path):
    folder = tmp_path / "cut"
    shutil.copytree(bad["cut-off"], folder)
    assert cli.main(["assess", "-v", str(folder)]) in (0, 3, 4, 5)
    assert "cut short while being written: windows.jsonl" in capsys.readouterr().out


@pytest.mark.parametrize("user", ["me:secret", "me:se'cret", "me:a/secret", "me:a@secret", "secret", "secret:"])
def test_no_line_holds_the_user_information_of_a_url(user):
    line = str(UsageError(f"http://{user}@127.0.0.1:9090/x: Connection refused"))
    assert "secret" not in line
    assert line.startswith("http://***@")
    assert line.endswith("127.0.0.1:9090/x: Connection refused")


def test_no_switch_takes_a_value_that_could_be_wrong():
    assert {f"run {switch.flag}" for switch in SWITCHES}.isdisjoint(options(cli.parser()))
