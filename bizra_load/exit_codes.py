"""The exit codes, and the one tree of errors that carry them.

    BizraLoadError
    ├── UsageError        6  a wrong option, file or environment variable: nothing was started
    └── InvalidRunError   5  the run can't be judged

0 also stands for GO WITH CAUTION and CONDITIONAL GO unless `--fail-on warn`. 1 and 2 stay Locust's own.
"""

from __future__ import annotations

KEPT = 0
NO_GO = 3
INCONCLUSIVE = 4
INVALID = 5
USAGE = 6


class BizraLoadError(Exception):
    """One line: what is wrong, where, what is allowed."""

    exit_code = INVALID


class UsageError(BizraLoadError):
    exit_code = USAGE


class InvalidRunError(BizraLoadError):
    exit_code = INVALID
