"""Words of JUnit files: names of elements and attributes, and outcomes, of CTest, Bazel, Allure and others; what they mean."""

from __future__ import annotations

from functools import lru_cache

FEW_NAMES = 1024  # of elements and attributes, the same in all cases of a file
SKIPPED = ("skipped", "skips", "disabled", "ignored")
PASSES = ("passed", "passes", "pass", "successes", "successful", "succeeded", "success", "ok")
OUTCOME = ("status", "result", "outcome", "state", "verdict", "conclusion")
# in a name of an attribute or element, unless it is of a repetition that does not decide, or of a bound
_SAY_FAILED = ("fail", "broken", "unsuccessful", "incomplete", "unstable", "unexpectedsuccess", "unexpectedpass")
_SAY_ERROR = ("error", "crash", "killed", "abort", "interrupted", "cancelled", "canceled", "timeouts", "timedout")
_SAY_NEITHER = (
    "flak",
    "rerun",
    "retry",
    "retries",
    "max",
    "threshold",
    "allowed",
    "failfast",
    "stderr",
    "continueon",
    "expected",
    # settings: what would be done where something failed (not "on" alone: connectionfailures are failures)
    *("screenshoton", "captureon", "videoon", "traceon", "recordon", "stopon", "halton", "exiton", "breakon"),
    *("bailon", "aborton", "failon", "failif", "ignorefail", "ignoreerror", "failureignore"),
)
SAY_NO = ("", "false", "no", "none")
# numbers of a suite that count no outcomes
_NEUTRAL = (
    *("tests", "total", "count", "run", "suites", "files", "assertions", "asserts", "time"),
    *("duration", "timestamp"),
    *("date", "start", "end", "starttime", "endtime", "id", "name", "package", "hostname", "group", "line", "seed"),
    *("randomseed", "port", "pid", "version", "index", "order", "level", "shard", "attempt", "iteration"),
)
# words of CTest, Bazel, Allure and others for what did not pass
PASSED = (
    *("", "passed", "pass", "success", "successful", "succeeded"),
    *("ok", "run", "completed", "complete", "executed", "fixed"),
)
FAILED = ("failed", "failure", "fail", "broken")
ERROR = (
    *("error", "exception", "throwable", "crashed", "timeout"),
    *("timedout", "interrupted", "cancelled", "canceled", "aborted"),
)
NOT_SO = ("false", "no")
# of a case that ran, and of which nobody says whether it passed: PHPUnit's warnings, a pass that was not expected
NOT_KNOWN = ("warning", "warnings", "warn", "warned", "xpass", "xpassed")
EXIT_CODES = ("exitcode", "exitstatus", "returncode")  # of a case that was a process
# why CTest calls a test skipped that it counts as failed: its program was not built, or what it needs was not there
COULD_NOT_RUN = (
    *("unable to find executable", "could not find executable", "required files missing", "fixture dependency failed"),
    *("unable to find required file", "missing configuration"),
)
NOT_RUN = (
    *("notrun", "notexecuted", "blocked", "undefined", "skip", "skipped"),
    *("ignored", "disabled", "suppressed", "pending", "inconclusive"),
)


@lru_cache(FEW_NAMES)
def letters(text: str) -> str:
    """The letters of a word, small: NOT_RUN, not-run and notRun are one."""
    return "".join(filter(str.isalpha, text.lower()))


@lru_cache(FEW_NAMES)
def meaning(name: str) -> str:
    """ "failure" or "error" where a name says so, as failed, testsFailed or crashes do; "" where it does not."""
    word = letters(name.rpartition("}")[2])
    if is_neither(word):
        return ""
    return "failure" if any(p in word for p in _SAY_FAILED) else "error" if any(p in word for p in _SAY_ERROR) else ""


@lru_cache(FEW_NAMES)
def is_neither(name: str) -> bool:
    """Is it a name of what decides nothing: a repetition, a bound, a setting?"""
    word = letters(name)
    return "unexpected" not in word and any(part in word for part in _SAY_NEITHER)


@lru_cache(FEW_NAMES)
def is_plain(key: str) -> bool:
    """Does an attribute of a case of this name say nothing of how it ended?"""
    word = letters(key)
    by_word = (*EXIT_CODES, *NOT_KNOWN, *SKIPPED, *PASSES, "notrun", "executed", "statuscode", "res")
    return not (meaning(key) or word in by_word or word.removeprefix("test") in (*by_word, *OUTCOME))


def is_known(key: str) -> bool:
    """Does a suite's attribute of this name count what we know, or no outcomes at all?"""
    word = letters(key.rpartition("}")[2])
    return bool(word in (*_NEUTRAL, *NOT_KNOWN, *SKIPPED, *PASSES) or meaning(key) or is_neither(word))
