"""JUnit XML, in the dialects of pytest, Maven Surefire, Gradle, cargo-nextest, GoogleTest, Jest, go-junit-report.

Cases are counted, and the counts that suites carry are counted too; where the two differ, the worse is believed: some tools
write a failure of a whole suite only as a number, and a case that is counted and not shown has no outcome. Document type
declarations are refused, and with them entity bombs.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element
from xml.parsers.expat import ErrorString

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from sla.release.evidence import MAX_COUNT, EvidenceError, TestCounts
from sla.values.number import whole_in

_SKIPPED = ("skipped", "skips", "disabled", "ignored")
# words of CTest, Bazel, Allure and others for what did not pass
_PASSED = (
    "",
    "passed",
    "pass",
    "success",
    "successful",
    "succeeded",
    "ok",
    "run",
    "completed",
    "complete",
    "executed",
    "fixed",
)
_FAILED = ("failed", "failure", "fail", "broken")
_ERROR = ("error", "crashed", "timeout", "timedout", "interrupted", "cancelled", "canceled", "aborted")
_NOT_RUN = (
    "notrun",
    "notexecuted",
    "blocked",
    "undefined",
    "skip",
    "skipped",
    "ignored",
    "disabled",
    "suppressed",
    "pending",
    "inconclusive",
)
_TRUE = ("true", "1", "yes")


def read_junit(data: bytes) -> TestCounts:
    """Raises EvidenceError."""
    try:
        root = fromstring(data, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise EvidenceError(f"not XML: {ErrorString(error.code)}: line {line}, column {column}") from None
    except DefusedXmlException:
        raise EvidenceError("holds a document type declaration or entities, which are refused") from None
    except (ValueError, LookupError) as error:
        raise EvidenceError(f"not XML: in no encoding that can be read ({type(error).__name__})") from None
    if _name(root) not in ("testsuites", "testsuite"):
        raise EvidenceError("is no JUnit file (allowed: <testsuites> or <testsuite> around all)")
    try:
        return _counted(root)
    except RecursionError:
        raise EvidenceError("its suites lie too deep in each other") from None


def _counted(root: Element) -> TestCounts:
    cases = [e for e in root.iter() if _name(e) == "testcase"]
    kinds = [_outcome(case) for case in cases]
    declared = {key: _declared(root, key) for key in ("tests", "failures", "errors")}
    tests = max(len(cases), declared["tests"])
    # the sum: a test is skipped or disabled, and no suite counts it as both
    skipped = max(kinds.count("skipped"), sum(_declared(root, key) for key in _SKIPPED))
    return TestCounts(
        tests=tests,
        failures=max(kinds.count("failure"), declared["failures"]),
        errors=max(kinds.count("error") + _suite_errors(root), declared["errors"]),
        skipped=min(skipped, tests),
        unknown=kinds.count("unknown") + (_missing(root)[1] if cases else 0),
    )


def _outcome(case: Element) -> str:
    inside = {_name(e) for e in case}
    for kind in ("error", "failure", "skipped"):
        if kind in inside:
            return kind
    said = {"".join(filter(str.isalpha, (case.get(key) or "").lower())) for key in ("status", "result")}
    if said & set(_FAILED):
        return "failure"
    if said & set(_ERROR):
        return "error"
    if (said | inside) & set(_NOT_RUN) or not _is_true(case, "executed"):
        return "skipped"
    if not _is_true(case, "success"):
        return "failure"
    return "passed" if said <= set(_PASSED) else "unknown"


def _is_true(case: Element, key: str) -> bool:
    """An attribute that some tools write; true where there is none."""
    return (case.get(key) or "true").strip().lower() in _TRUE


def _missing(suite: Element) -> tuple[int, int]:
    """(cases that a suite shows, cases that it or those in it count and do not show)."""
    inner = [_missing(e) for e in suite if _name(e) == "testsuite"]
    shown = sum(_name(e) == "testcase" for e in suite) + sum(s for s, _ in inner)
    return shown, max(_number(suite, "tests") - shown, sum(m for _, m in inner))


def _suite_errors(root: Element) -> int:
    """<error> or <failure> directly under a suite: it broke before its first case."""
    return sum(_name(e) in ("error", "failure") for s in root.iter() if _name(s).startswith("testsuite") for e in s)


def _declared(element: Element, key: str) -> int:
    """The number in a suite's attribute, or the sum over the suites in it, whichever is more."""
    return max(_number(element, key), sum(_declared(e, key) for e in element if _name(e) == "testsuite"))


def _number(element: Element, key: str) -> int:
    text = (element.get(key) or "0").strip() or "0"
    number = whole_in(text)
    if number is None or number > MAX_COUNT:
        raise EvidenceError(f"<{_name(element)} {key}={text[:40]!r}>: must be a whole number that is not negative")
    return number


def _name(element: Element) -> str:
    """Without a namespace. Comments and processing instructions have no name."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
