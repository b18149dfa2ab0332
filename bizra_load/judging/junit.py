"""JUnit XML, in the dialects of pytest, Maven Surefire, Gradle, cargo-nextest, GoogleTest, Jest, go-junit-report.

Cases are counted, and the counts that suites carry are counted too; where the two differ, the worse is believed: some tools
write a failure of a whole suite only as a number. Document type declarations are refused, and with them entity bombs.
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
_FAILED = ("failed", "failure", "fail", "broken")
_ERROR = ("error", "crashed", "timeout", "timedout", "interrupted", "cancelled", "canceled", "aborted")
_NOT_RUN = ("notrun", "skipped", "ignored", "disabled", "suppressed", "pending", "inconclusive")


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
    cases = [e for e in root.iter() if _name(e) == "testcase"]
    kinds = [_outcome(case) for case in cases]
    declared = {key: _declared(root, key) for key in ("tests", "failures", "errors")}
    tests = len(cases) or declared["tests"]
    skipped = max(kinds.count("skipped"), *(_declared(root, key) for key in _SKIPPED))
    return TestCounts(
        tests=tests,
        failures=max(kinds.count("failure"), declared["failures"]),
        errors=max(kinds.count("error") + _suite_errors(root), declared["errors"]),
        skipped=min(skipped, tests),
    )


def _outcome(case: Element) -> str:
    inside = {_name(e) for e in case}
    for kind in ("error", "failure", "skipped"):
        if kind in inside:
            return kind
    said = {(case.get(key) or "").lower() for key in ("status", "result")}
    if said & set(_FAILED):
        return "failure"
    if said & set(_ERROR):
        return "error"
    return "skipped" if said & set(_NOT_RUN) else "passed"


def _suite_errors(root: Element) -> int:
    """<error> or <failure> directly under a suite: it broke before its first case."""
    return sum(_name(e) in ("error", "failure") for s in root.iter() if _name(s).startswith("testsuite") for e in s)


def _declared(element: Element, key: str) -> int:
    """The number in a suite's attribute, or the sum over the suites in it, whichever is more."""
    text = (element.get(key) or "0").strip() or "0"
    number = whole_in(text)
    if number is None or number > MAX_COUNT:
        raise EvidenceError(f"<{_name(element)} {key}={text[:40]!r}>: must be a whole number that is not negative")
    return max(number, sum(_declared(e, key) for e in element if _name(e) == "testsuite"))


def _name(element: Element) -> str:
    """Without a namespace. Comments and processing instructions have no name."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
