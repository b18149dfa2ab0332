"""What a file from outside proves: parsed documents -> statuses of gates and of checklist items.

Every function raises EvidenceError with one line (key, what is wrong, what is allowed) for a document of another form. Missing
proof is INCONCLUSIVE, never a pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from sla.release.evidence_age import Made
from sla.release.evidence_fields import a_flag, an_object
from sla.values.assessment import Evidence, Status

UNCHECKED = "given by the operator; its content is not checked here"


@dataclass(frozen=True)
class TestCounts:
    """The counts of a JUnit file; `tests` counts all of them, skipped ones too. unknown: of no known outcome. not_shown: of
    those, the ones that the file counts, and shows as no case, though it shows others. made: the latest time of a suite;
    made_unread: there are times, and none that can be read.
    """

    __test__ = False  # not a test itself

    tests: int
    failures: int
    errors: int
    skipped: int
    unknown: int = 0
    not_shown: int = 0
    made: Made | None = None
    made_unread: bool = False


# such a file cannot be told from one whose cases are hidden
_COUNTS_ASSERTIONS = "Catch2 and doctest count assertions: run their tests by CTest, and give what ctest --output-junit writes"


def of_tests(key: str, c: TestCounts) -> tuple[Evidence, ...]:
    """Zero tests that ran are no pass."""
    ran = c.tests - c.skipped
    text = f"{c.tests:,} tests: {c.failures:,} failures, {c.errors:,} errors, {c.skipped:,} skipped"
    if c.failures or c.errors:
        return (Evidence(key, Status.FAIL, text),)
    if ran <= 0:
        return (Evidence(key, Status.INCONCLUSIVE, f"{text}; not one was run"),)
    if c.unknown:
        text = f"{text}; {c.unknown:,} without a recorded outcome"
        text += f" ({c.not_shown:,} are counted but not listed; {_COUNTS_ASSERTIONS})" if c.not_shown else ""
        return (Evidence(key, Status.INCONCLUSIVE, text),)
    return (Evidence(key, Status.PASS, text),)


def of_document(key: str, document: object) -> tuple[Evidence, ...]:
    """A gate that only the agreement knows: {"passed": true or false, ...}."""
    top = an_object(document, "the document")
    passed = a_flag(top, "passed", "")
    return (Evidence(key, Status.PASS if passed else Status.FAIL, f"passed is {str(passed).lower()}"),)


def of_file(key: str) -> tuple[Evidence, ...]:
    return (Evidence(key, Status.PASS, UNCHECKED),)
