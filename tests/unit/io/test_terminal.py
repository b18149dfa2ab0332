"""What is said while something is under way: a line for a log, broken at words for a narrow terminal."""

import fcntl
import os
import struct
import sys
import termios

import pytest

from bizra_load.io.terminal import tell

TEXT = "Before the load: generate p99.9 at 400 ops/s: 60 s is likely too short: it takes about 228 s at load 0.5"


def test_a_terminal_of_forty_columns_shows_whole_words(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    with os.fdopen(its, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        tell(TEXT)
        shown = os.read(ours, 4096).decode().splitlines()
    os.close(ours)
    assert max(map(len, shown)) <= 40
    assert " ".join(line.strip() for line in shown) == TEXT
    assert not shown[0].startswith(" ")
    assert all(line.startswith("  ") for line in shown[1:])


def test_a_log_gets_one_line_however_long_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    tell(TEXT * 4)
    assert capsys.readouterr().err == TEXT * 4 + "\n"
