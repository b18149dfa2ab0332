"""How much is shown: a summary, all tables with -v, one line with -q, JSON alone on standard output with --json -."""

import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from bizra_load.cli.main import main
from tests.unit.cli.test_compare import saved

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(tmp_path, capsys):
    folder = saved(tmp_path, "run", hold_s=8)
    main(["assess", folder])
    capsys.readouterr()
    return folder


def verdict(run):
    a = json.loads(Path(run, "assessment.json").read_text())
    return f"{a['decision']}: {a['summary']}"


@pytest.mark.parametrize("verb", ["assess", "report"])
def test_a_summary_is_the_default_and_tables_are_behind_v(run, capsys, verb):
    main([verb, run])
    brief = capsys.readouterr().out.splitlines()
    main([verb, run, "-v"])
    whole = capsys.readouterr().out
    assert brief[0].startswith(verdict(run)[:20])
    assert len(brief) < 24
    assert max(map(len, brief[:-1])) <= 80  # the last one is a path, however long
    assert "Latencies with 95 % intervals" in whole
    assert "Note: " in whole


def test_quiet_leaves_the_verdict_in_one_line(run, capsys):
    code = main(["assess", run, "--quiet"])
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (f"{verdict(run)}\n", "")
    assert code == json.loads(Path(run, "assessment.json").read_text())["exit_code"]


@pytest.mark.parametrize("how", [[], ["-q"], ["-v"]])
def test_json_on_standard_output_is_alone_there(run, capsys, how):
    main(["assess", run, "--json", "-", *how])
    shown = capsys.readouterr()
    assert shown.out == Path(run, "assessment.json").read_text()
    assert verdict(run)[:20] in shown.err


def test_json_in_a_file_replaces_an_older_one_and_is_not_there_after_a_refusal(run, capsys, tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    main(["assess", run, "--json", str(path)])
    assert path.read_text() == Path(run, "assessment.json").read_text()
    assert main(["assess", str(tmp_path / "nowhere"), "--json", str(path)]) == 6
    assert not path.exists()


def test_quiet_and_verbose_are_not_both(run, capsys):
    with pytest.raises(SystemExit, match="6"):
        main(["assess", run, "-q", "-v"])
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.processes
@pytest.mark.parametrize("columns", ["0", "40", "80", "200", "abc"])
def test_columns_say_how_wide_it_is(run, columns):
    command = [sys.executable, "-m", "bizra_load.cli.main", "report", run]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "COLUMNS": columns}, capture_output=True, text=True, timeout=60, check=True
    )
    width = int(columns) if columns.isdigit() and columns != "0" else 80
    assert max(map(len, done.stdout.splitlines()[:-1])) <= width  # the last one is a path, however long
    assert "\x1b" not in done.stdout


@pytest.mark.processes
def test_a_full_disk_under_the_json_is_no_success(run):
    with open("/dev/full", "w") as nowhere:
        command = [sys.executable, "-m", "bizra_load.cli.main", "assess", run, "-q", "--json", "-"]
        done = subprocess.run(command, stdout=nowhere, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    verdict_code = json.loads(Path(run, "assessment.json").read_text())["exit_code"]
    assert done.returncode == (verdict_code or 6)
    assert "No space left on device" in done.stderr


def on_a_terminal(run, columns, **environment):
    """What `report` writes to a terminal of so many columns and 24 lines."""
    ours, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "bizra_load.cli.main", "report", run]
    known = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    subprocess.run(command, cwd=ROOT, env={**known, "TERM": "xterm", **environment}, stdout=its, timeout=60, check=True)
    os.close(its)
    with os.fdopen(ours, "rb") as reader:
        return reader.read1(65_536).decode().splitlines()


@pytest.mark.processes
@pytest.mark.parametrize(("columns", "width"), [(80, 80), (60, 60), (0, 80)])
def test_a_terminal_is_filled_in_colour_and_not_beyond_its_width(run, columns, width):
    shown = on_a_terminal(run, columns)
    assert "\x1b[" in shown[0]
    plain = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in shown]
    assert max(map(len, plain[:-1])) <= width
    assert len(plain) < 24


@pytest.mark.processes
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colour_gets_none(run, environment):
    assert "\x1b" not in "".join(on_a_terminal(run, 80, **environment))
