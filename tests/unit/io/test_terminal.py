"""What is said while something is under way: a line for a log, broken at words for a narrow terminal."""

import fcntl
import io
import os
import struct
import sys
import termios

import pytest

from bizra_load.io.terminal import AGAIN, coloured, tell, telling, terminal_width

TEXT = "Before the load: generate p99.9 at 400 ops/s: 60 s is likely too short: it takes about 228 s at load 0.5"


def test_a_terminal_of_forty_columns_shows_whole_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    ours, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    with os.fdopen(its, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        tell(TEXT)
        shown = os.read(ours, 4096).decode().removeprefix(AGAIN).splitlines()
    os.close(ours)
    assert max(map(len, shown)) <= 40
    assert " ".join(line.strip() for line in shown) == TEXT
    assert not shown[0].startswith(" ")
    assert all(line.startswith("  ") for line in shown[1:])


def test_a_log_gets_one_line_however_long_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    tell(TEXT * 4)
    assert capsys.readouterr().err == TEXT * 4 + "\n"


class Terminal:
    """A terminal of so many columns; 0: it does not know."""

    def __init__(self, monkeypatch, columns):
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((columns, 24)))

    def isatty(self):
        return True

    def fileno(self):
        return 1


@pytest.mark.parametrize(
    ("variable", "columns", "width"),
    [(None, 100, 100), ("70", 100, 70), ("0", 100, 100), ("", 100, 100), ("wide", 100, 100), (None, 0, 80), ("0", 0, 80)],
)
def test_the_width_is_that_of_columns_then_the_terminals_and_never_0(monkeypatch, variable, columns, width):
    if variable is not None:
        monkeypatch.setenv("COLUMNS", variable)
    assert terminal_width(Terminal(monkeypatch, columns)) == width


def test_what_is_no_terminal_is_as_wide_as_who_writes_wants_or_columns_says(monkeypatch):
    assert (terminal_width(io.StringIO()), terminal_width(io.StringIO(), 80)) == (120, 80)
    monkeypatch.setenv("COLUMNS", "60")
    assert terminal_width(io.StringIO(), 80) == 60


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False), ("TERM", "xterm", True)],
)
def test_colours_are_for_terminals_that_have_them_and_people_who_want_them(monkeypatch, name, value, shown):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(name, value)
    assert coloured(Terminal(monkeypatch, 80)) is shown
    assert not coloured(io.StringIO())


def test_with_quiet_nothing_is_said_and_afterwards_all_is_again(capsys):
    with telling(quiet=True):
        tell(TEXT)
    assert capsys.readouterr().err == ""
    tell(TEXT)
    assert capsys.readouterr().err == TEXT + "\n"
