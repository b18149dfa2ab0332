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
from bizra_load.cli import run as run_verb
from bizra_load.options import ARGUMENTS, SWITCHES
from tests.unit.sla.synthetic import measurements

# Files that every option for a file is given, made by the fixture `bad`; the name says what is wrong.
NO_FILE = ("{missing}", "{folder}", "{device}", "{fifo}", "{nested}")
NO_TEXT = (*NO_FILE, "{binary}", "{huge}")
NO_YAML = (
    *NO_TEXT,
    "{laughs.yaml}",
    "{itself.yaml}",
    "{deep.yaml}",
    "{cut.yaml}",
    "{twice.yaml}",
    "{list.yaml}",
    "{empty.yaml}",
)
NO_RATE = ("", "-5", "0", "nan", "inf", "1e300", "abc", "10 ops", "1,000", "9" * 5000)
NO_DURATION = ("", "-5", "-1s", "0", "0s", "nan", "inf", "1e12", "9999999h", "10 parsecs", "s", "10sm", "9" * 5000)
NO_URL = (
    "x",
    "ftp://x",
    "http://",
    "http:///p",
    "http://a:99999",
    "http://a:b",
    "http://[::1",
    "http://a b",
    "http://a/\x1b[31m",
)
NO_PORT = ("-1", "65536", "abc", "1.5", "1e3", "", "٣")
NO_AGREEMENT = ("nonesuch", "v2.2.0-rc", "../x", *NO_YAML, "{agreement-unknown-key.yaml}", "{agreement-unit.yaml}")
NO_RUN = (
    "{missing}",
    "{file}",
    "{folder}",
    "{altered}",
    "{shortened}",
    "{lost}",
    "{unsealed}",
    "{added}",
    "{linked}",
    "{facts}",
)
NO_OUT = ("{file}", "{file}/below", "/proc/nonexistent/x", "x" * 300)

NO_OUT_BEFORE = ("{file}", "{file}/below", "x" * 300)  # seen before the work: that /proc takes no folder is seen after it

NO_FILE_OUT = ("{folder}", "{file}/below", "/proc/nonexistent/x", "x" * 300)

NO_BASELINE = ("{missing}", "{folder}", "{binary}", "{no-baseline.json}", "{nan-baseline.json}", "{deep-baseline.json}")

WRONG: dict[str, tuple[str, ...]] = {
    "run --target-ops": NO_RATE,
    "run --ramp": tuple(v for v in NO_DURATION if v not in ("0", "0s")),
    "run --duration": NO_DURATION,
    "run --stages": (
        *NO_YAML,
        "{stage-unknown.yaml}",
        "{stage-key.yaml}",
        "{stage-unit.yaml}",
        "{stage-nan.yaml}",
        "{stage-many.yaml}",
    ),
    "run --ops-per-user": (*NO_RATE, "1e-9"),
    "run --arrivals": ("sometimes", "poison", "", "5"),
    "run --agreement": NO_AGREEMENT,
    "run --baseline": NO_BASELINE,
    "run --environment-name": ("testnett", "5", "\x1b[31m"),
    "run --metrics-url": NO_URL,
    "run --prometheus-url": NO_URL,
    "run --prometheus-selector": ("job", "job=node", '{job="node"}', 'job="node"} or vector(1) #', 'a="\n"'),
    "run --out": ("{file}", "{file}/below", "x" * 300),
    "run --verify-share": ("", "-1", "150%", "1.5", "nan", "inf", "abc", "%"),
    "run --finality-share": ("", "-1", "150%", "1.5", "nan", "inf", "abc", "%"),
    "run --request-timeout": NO_DURATION,
    "run --base-path": ("api", "/a b", "/a\r\nX: y", "/\u20ac"),
    "run --headers-file": (
        *NO_TEXT,
        "{header-colon}",
        "{header-space}",
        "{header-length}",
        "{header-control}",
        "{header-many}",
    ),
    "run --block-hashes": (*NO_FILE, "{binary}", "{no-hashes}", "{empty}"),
    "run --ca-file": (*NO_FILE, "{empty}", "{no-hashes}"),
    "run --allow": ("lost-workers", "everything", "lost-worker,x"),
    "run --load-seed": ("", "1.5", "abc", "nan", "9" * 5000, "1_0"),
    "run --fail-on": ("warning", "", "no go"),
    "run --host": tuple(u for u in NO_URL if u),
    "run --locustfile": ("{missing}", "{folder}"),
    "run --processes": ("0", "-1", "1e9", "1000000000", "nan", "two", "1.5"),
    "run --loglevel": ("LOUD", "", "5"),
    "baseline node --duration": (*NO_DURATION, "0.4s", "11m"),
    "baseline node --out": NO_FILE_OUT,
    "baseline node --load-seed": ("", "1.5", "abc", "nan", "9" * 5000, "1_0"),
    "node --port": NO_PORT,
    "node --metrics-port": NO_PORT,
    "node --admin-port": NO_PORT,
    "node --host": ("999.1.1.1", "no such host", ""),
    "node --ready-file": NO_FILE_OUT,
    "node --fault": (
        "",
        "x",
        "x=1",
        "latency=-1s",
        "latency=9999h",
        "error_rate=nan",
        "error_rate=150%",
        "memory=9GiB",
    ),
    "assess RUN": NO_RUN,
    "assess --import": (
        *NO_FILE,
        "{binary}",
        "{empty}",
        "{k6-cut.csv}",
        "{k6-nan.csv}",
        "{k6-span.csv}",
        "{cut.hlog}",
        "{bomb.csv.gz}",
    ),
    "assess --agreement": NO_AGREEMENT,
    "assess --baseline": NO_BASELINE,
    "assess --hlog-unit": ("s", "", "NS"),
    "assess --out": NO_OUT,
    "report RUN": (*(run for run in NO_RUN if run != "{facts}"), "{unassessed}"),  # it reads no facts
    "report --format": ("pdf", "", "HTML"),
    "report --output": NO_FILE_OUT,
    "compare RUN": (*NO_RUN, "{no-baseline.json}", "{nan-baseline.json}", "{deep-baseline.json}"),
    "compare --margin": ("0", "-1%", "100%", "1e9", "nan", "inf", "abc", ""),
    "compare --format": ("pdf", "", "HTML"),
    "compare --output": NO_FILE_OUT,
    "alerts render --out": NO_OUT,
    "alerts render --runbooks": NO_URL,
    "alerts render --agreement": NO_AGREEMENT,
    "alerts render --baseline": NO_BASELINE,
    "alerts drill --rules": ("Nonesuch", "FinalityCheckStaled", "\x1b[31m"),
    "alerts drill --out": ("{file}", "{file}/below", "x" * 300),
    "alerts drill --agreement": NO_AGREEMENT,
    "alerts drill --baseline": NO_BASELINE,
}
NO_EVIDENCE = (
    "",
    "x",
    "tests=",
    "tests={missing}",
    "tests={folder}",
    "tests={binary}",
    "alerts={binary}",
    "test={file}",
    "tests={file}",
)
WRONG |= {
    "run --stop-timeout": ("-1", "nan", "inf", "abc", "", "1e9"),
    "run --generator-metrics-port": ("0", "-1", "65536", "abc", "1.5", "127.0.0.1", "999.1.1.1:80", "٣"),
    "run --evidence": NO_EVIDENCE,
    "assess --allow": ("lost-workers", "everything", "lost-worker,x"),
    "assess --spool": ("{missing}", "{folder}", "{binary}", "{empty}", "{file}"),
    "assess --evidence": NO_EVIDENCE,
    "report --evidence": NO_EVIDENCE,
    "report --artifacts": NO_OUT,
    "dashboard render --out": NO_OUT,
    "dashboard render --agreement": NO_AGREEMENT,
    "dashboard render --baseline": NO_BASELINE,
    "dashboard check --out": NO_OUT_BEFORE,
    "dashboard check --agreement": NO_AGREEMENT,
    "dashboard check --baseline": NO_BASELINE,
    "dashboard check --prometheus-url": ("", *NO_URL),
    "dashboard import --out": NO_OUT,
    "dashboard import --agreement": NO_AGREEMENT,
    "dashboard import --baseline": NO_BASELINE,
    "dashboard import --ca-file": (*NO_FILE, "{empty}", "{no-hashes}"),
    "dashboard import --timeout": ("0", "-1", "nan", "inf", "1e9", "abc", ""),
    "metrics --prometheus-url": ("", *NO_URL),
    "metrics --prometheus-selector": ("job", "job=node", '{job="node"}', 'job="node"} or vector(1) #'),
    "metrics --window": (*NO_DURATION, "9s", "25h"),
    "metrics --run": NO_RUN,
    "metrics --agreement": NO_AGREEMENT,
    "metrics --environment-name": ("testnett", "5", "\x1b[31m"),
    "metrics --baseline": NO_BASELINE,
    "metrics --fail-on": ("warning", "", "no go"),
    "metrics --artifacts": NO_OUT_BEFORE,
    "validate --artifacts": NO_OUT_BEFORE,
}
WRONG |= {option.replace("run ", "validate ", 1): values for option, values in WRONG.items() if option.startswith("run ")}
WRONG["validate --fault"] = WRONG["node --fault"]
FREE = {"run --run-name": "any text; what is no plain name is replaced", "node --seed": "any text"}
FREE |= {
    "validate --run-name": FREE["run --run-name"],
    "dashboard import --folder": "a title; Grafana knows which there are",
    "dashboard import --datasource": "a name; Grafana knows which there are",
}


def options(parser: argparse.ArgumentParser, path: str = "") -> dict[str, argparse.Action]:
    """Every argument that takes a value, by "verb --flag" or "verb NAME"."""
    found: dict[str, argparse.Action] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                found |= options(below, f"{path} {name}".strip())
        elif action.nargs != 0:
            long = next((o for o in action.option_strings if o.startswith("--")), str(action.metavar))
            found[f"{path} {long}"] = action
    return found


def test_every_option_has_wrong_values_in_the_table():
    known = set(options(cli.parser()))
    assert known == set(WRONG) | set(FREE)


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """{name: path} of everything that is wrong, and of a good run."""
    from tests.unit.cli.bad_files import make

    return make(tmp_path_factory.mktemp("bad"), RunWriter, measurements(rate=5, hold_s=6))


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch, tmp_path):
    """What would come after the checks must not be reached: no node, no Locust, no drill."""

    def reached(*_: object, **__: object) -> None:
        raise AssertionError("a wrong value went through")

    import bizra_load.monitoring.drill as drill
    import bizra_load.node.embedded as embedded
    import bizra_load.node.server as server

    for module, name in (
        (run_verb, "start_node"),
        (run_verb, "_supervise"),
        (drill, "start_node"),
        (embedded, "start_node"),
        (server, "_listening"),
    ):
        monkeypatch.setattr(module, name, reached)
    for variable in (v for _, v, *_ in ARGUMENTS if v):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


def filled(value: str, bad: dict[str, Path]) -> str:
    """ "{name}" is the path of what is wrong in that way."""
    before, begin, rest = value.partition("{")
    name, end, after = rest.partition("}")
    return f"{before}{bad[name]}{after}" if begin and end and name in bad else value


def arguments(option: str, value: str, bad: dict[str, Path]) -> list[str]:
    """A command line that is right but for this value."""
    verb, _, flag = option.rpartition(" ")
    good = str(bad["good"])
    positional = {"assess": [good], "report": [good], "compare": [good, good]}.get(verb, [])
    if flag == "RUN":
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
def test_a_wrong_value_is_one_line_and_exit_code_6(option, value, bad, capsys, tmp_path):
    value = filled(value, bad)
    before = snapshot(bad["good"].parent)
    refused(arguments(option, value, bad), capsys)
    assert list(tmp_path.iterdir()) == []
    assert snapshot(bad["good"].parent) == before


VARIABLES = [(v, value) for flag, v, *_ in ARGUMENTS if v for value in WRONG.get(f"run {flag}", ())[:4] if value]


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
    lines = shown.err.splitlines()
    assert len(lines) == 1, shown.err[:2000]
    assert lines[0].isprintable()
    assert len(lines[0]) < 2000
    return lines[0]


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.lstat().st_size, p.lstat().st_mtime_ns) for p in folder.rglob("*")}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["run", "--allow", "lost-workers"], "did you mean 'lost-worker'"),
        (["run", "--arrivals", "poison"], "did you mean 'poisson'"),
        (["run", "--agreement", "v2.2.0-rc"], "did you mean 'v2.2.0-rc1'"),
        (["run", "--stages", "{stage-unknown.yaml}"], "did you mean 'ramp'"),
        (["run", "--stages", "{stage-key.yaml}"], "did you mean 'over'"),
        (["run", "--agreement", "{agreement-unknown-key.yaml}"], "did you mean 'severity'"),
        (["run", "--loglevel", "WARNIN"], "did you mean 'WARNING'"),
        (["alerts", "drill", "--rules", "FinalityCheckStaled"], "did you mean 'FinalityCheckStalled'"),
        (["run", "--target-op", "5"], "did you mean '--target-ops'"),
        (["rnu"], "rnu"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(argv, said, bad, capsys):
    assert said in refused([filled(a, bad) for a in argv], capsys)


def test_an_altered_file_of_a_run_is_named(bad, capsys):
    for name, file in (("altered", "windows.jsonl"), ("lost", "health.jsonl"), ("added", "baseline.json")):
        for verb in ("assess", "report"):
            assert file in refused([verb, str(bad[name])], capsys)
        assert file in refused(["compare", str(bad["good"]), str(bad[name])], capsys)


def test_a_run_that_was_cut_off_has_no_checksums_and_is_judged_with_a_note(bad, capsys, tmp_path):
    folder = tmp_path / "cut"
    shutil.copytree(bad["cut-off"], folder)
    assert cli.main(["assess", str(folder)]) in (0, 3, 4, 5)
    assert "cut short while being written: windows.jsonl" in capsys.readouterr().out


def test_no_switch_takes_a_value_that_could_be_wrong():
    assert {f"run {flag}" for flag, _ in SWITCHES}.isdisjoint(options(cli.parser()))
    assert os.getcwd()
