"""Standard output that nobody reads: in a process of its own, since it replaces its streams."""

import os
import subprocess
import sys

import pytest

FULL = """
import os, sys
from bizra_load.io.streams import keep_standard_streams
keep_standard_streams()
os.set_blocking(1, False)
for _ in range(3000):
    print("x" * 100)
sys.stdout.flush()
print("still here", file=sys.stderr)
"""


def test_a_full_pipe_that_does_not_wait_for_its_reader_ends_no_print():
    unread, written = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-c", FULL], stdout=written, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    finally:
        os.close(unread)
        os.close(written)
    assert (done.returncode, done.stderr) == (0, "still here\n")


SHOWN = r"""
from bizra_load.io.streams import keep_standard_streams
keep_standard_streams()
print("a\u2503b \ud83d")
"""


@pytest.mark.parametrize(
    ("encoding", "shown"), [("latin-1", b"a?b ?\n"), ("utf-8", "a\u2503b \\ud83d\n".encode()), ("ascii", b"a?b ?\n")]
)
def test_what_an_encoding_lacks_ends_no_print(encoding, shown):
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, timeout=60, check=False, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, shown, b"")
