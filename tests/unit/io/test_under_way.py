"""A step that takes long: seconds on a terminal, rare lines in a log, nothing with --quiet."""

import os
import sys
import threading

import pytest

from bizra_load.io import under_way as module
from bizra_load.io.terminal import telling
from bizra_load.io.under_way import under_way


@pytest.fixture
def soon(monkeypatch):
    """Steps are long after hundredths of a second."""
    for name in ("EACH_S", "FIRST_S", "THEN_S"):
        monkeypatch.setattr(module, name, 0.02)


class Listener:
    """Standard error that a test waits on; `terminal`: whether it says that it is one."""

    def __init__(self, terminal):
        self.texts, self.heard, self._terminal = [], threading.Event(), terminal

    def isatty(self):
        return self._terminal

    def fileno(self):
        raise OSError("no file")

    def write(self, text):
        self.texts.append(text)
        if " s" in text:
            self.heard.set()

    def flush(self):
        pass


@pytest.fixture
def listen(monkeypatch):
    """Puts a Listener in the place of standard error: in the test, for pytest has one of its own in fixtures."""

    def replaced(terminal):
        monkeypatch.setenv("TERM", "xterm")
        listener = Listener(terminal)
        monkeypatch.setattr(sys, "stderr", listener)
        return listener

    return replaced


@pytest.mark.usefixtures("soon")
def test_a_terminal_shows_seconds_in_one_line_which_is_gone_at_the_end(listen):
    heard = listen(True)
    with under_way("Judging"):
        assert heard.texts[0] == "\r\x1b[KJudging ..."
        assert heard.heard.wait(10)
    assert "\n" not in "".join(heard.texts)
    assert "".join(heard.texts).endswith("\r\x1b[K")


@pytest.mark.usefixtures("soon")
def test_a_log_gets_a_line_of_a_long_step(listen):
    heard = listen(False)
    with under_way("Judging"):
        assert heard.heard.wait(10)
    assert "".join(heard.texts).startswith("Judging: 0 s so far\n")


def test_a_short_step_leaves_nothing_in_a_log(capsys):
    with under_way("Judging"):
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.usefixtures("soon")
def test_quiet_is_quiet(listen, terminal):
    heard = listen(terminal)
    with telling(quiet=True), under_way("Judging"):
        assert not heard.heard.wait(0.1)
    assert heard.texts == []
    assert "BIZRA_LOAD_TOLD" not in os.environ


@pytest.mark.usefixtures("soon")
def test_what_is_over_before_the_block_ends_is_not_waited_for(listen):
    heard = listen(False)
    with under_way("Waiting", over=lambda: True):
        assert not heard.heard.wait(0.1)
    assert heard.texts == []
