"""The exit codes, and the one tree of errors that carry them.

    BizraLoadError
    ├── UsageError        6  a wrong option, file or environment variable: nothing was started
    └── InvalidRunError   5  the run can't be judged

0 also stands for GO WITH CAUTION and CONDITIONAL GO unless `--fail-on warn`: then 3, or 4 where no warning was shown.
1 and 2 stay Locust's own.
"""

from __future__ import annotations

import re

_LONGEST = 600
# of a URL; looks at a character a bounded number of times
USER_INFORMATION = re.compile(r"(?<=//)(?:[^\s/?#@]{0,100}:\S{0,200}|[^\s/?#@]{1,100})@")
_OF_AN_ADDRESS = re.compile(r"[^\s/@'\"]+:[^\s/@'\"]*@")

KEPT = 0
NO_GO = 3
INCONCLUSIVE = 4
INVALID = 5
USAGE = 6


class BizraLoadError(Exception):
    """One line: what is wrong, where, what is allowed."""

    exit_code = INVALID

    def __str__(self) -> str:
        return one_line(super().__str__())


def one_line(text: str) -> str:
    """For a terminal or a log: no line ends or control characters, no user:password@ of a URL, not endless."""
    plain = "".join(c if c.isprintable() else "?" for c in " ".join(text[: 4 * _LONGEST].split()))
    plain = _OF_AN_ADDRESS.sub("***@", USER_INFORMATION.sub("***@", plain))
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + " ..."


class UsageError(BizraLoadError):
    exit_code = USAGE


class InvalidRunError(BizraLoadError):
    exit_code = INVALID
