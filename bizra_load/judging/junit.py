"""JUnit XML, in the dialects of pytest, Maven Surefire, Gradle, cargo-nextest, GoogleTest, Jest, go-junit-report, libtest.

Cases are counted, and the counts that suites carry are counted too; where the two differ, the worse is believed: some tools
write a failure of a whole suite only as a number, and a case that is counted and not shown has no outcome. Document type
declarations are refused, and with them entity bombs.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element
from xml.parsers.expat import ErrorString

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from bizra_load.judging.junit_size import in_small_letters
from bizra_load.judging.junit_words import (
    COULD_NOT_RUN,
    ERROR,
    EXIT_CODES,
    FAILED,
    NOT_KNOWN,
    NOT_RUN,
    NOT_SO,
    OUTCOME,
    PASSED,
    PASSES,
    SAY_NO,
    SKIPPED,
    is_known,
    is_neither,
    is_plain,
    letters,
    meaning,
)
from sla.release.evidence import TestCounts
from sla.release.evidence_age import Made, made_in
from sla.release.evidence_fields import MAX_COUNT, EvidenceError
from sla.values.number import whole_in

PYTEST = "pytest"
_COUNTED = {"failures": "failure", "errors": "error"}
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
    in_small_letters(root)
    if _name(root) not in ("testsuites", "testsuite"):
        raise EvidenceError("is no JUnit file (allowed: <testsuites> or <testsuite> around all)")
    return _counted(root)


def _counted(root: Element) -> TestCounts:
    kinds, sums = _sums(root)
    listed, missing = _missing(root)
    unknown = kinds.count("unknown") + (missing if listed else 0)
    unknown = max(unknown, _unaccounted(root)[2], _in_unknown_words(root)[1], _warned(root))
    made, unread = _made(root)
    return TestCounts(**sums, unknown=unknown, not_shown=missing if listed else 0, made=made, made_unread=unread)


def _warned(suite: Element) -> int:
    """How many cases, by a suite's own number, of which it is unknown whether they passed; or 1 for such an element in it."""
    own = [_says(suite, name) for name in _names(suite) if letters(name) in NOT_KNOWN]
    shown = sum(letters(_name(e)) in NOT_KNOWN for e in suite)
    return max(shown, *own, sum(_warned(e) for e in suite if _name(e) == "testsuite"))


def _made(root: Element) -> tuple[Made | None, bool]:
    """The latest time of a suite, or of a case where no suite has one: a build that keeps results of what did not change has
    older ones beside it. And whether there are times, of which none can be read.
    """
    for part in ("testsuite", "testcase"):
        texts = [text for e in root.iter() if _name(e).startswith(part) and (text := (e.get("timestamp") or "").strip())]
        if texts:
            latest = max((made for text in texts if (made := made_in(text))), key=lambda made: made.at, default=None)
            return latest, latest is None
    return None, False


def _sums(suite: Element) -> tuple[list[str], dict[str, int]]:
    """(the outcome of each case, the counts of all)"""
    cases = [e for e in suite.iter() if _name(e) == "testcase"]
    kinds = [_outcome(case) for case in cases]
    outcomes = [_outcome_of_suite(s) for s in suite.iter() if _name(s).startswith("testsuite")]
    tests = max(len(cases), _declared(suite, "tests"))
    # the sum: a test is skipped or disabled, and no suite counts it as both
    skipped = max(kinds.count("skipped"), sum(_declared(suite, key) for key in SKIPPED))
    return kinds, {
        "tests": tests,
        "failures": max(kinds.count("failure"), _declared(suite, "failures"), int("failure" in outcomes)),
        "errors": max(kinds.count("error") + _suite_errors(suite), _declared(suite, "errors"), int("error" in outcomes)),
        "skipped": min(skipped, tests),
    }


def _outcome(case: Element) -> str:
    if len(case) == 0 and all(map(is_plain, case.attrib)):
        return "passed"
    within = list(_within(case))
    inside = {_name(e) for e in within}
    skips = [e for e in within if _name(e) == "skipped"]
    if any((e.get("type") or "").lower() == "todo" for e in skips):
        return "skipped"  # Node counts a failure of what is still to do as none
    if any((e.get("message") or "").lower().startswith(COULD_NOT_RUN) for e in skips):
        return "failure"
    for kind in ("error", "failure", "skipped"):
        if kind in inside:
            return kind
    for element in (case, *within):
        if outcome := _outcome_attribute(element) or _meant(element):
            return outcome
    if _exited_badly(case):
        return "failure"
    if inside & set(NOT_KNOWN) or any(_says(case, n) for n in _names(case) if letters(n) in NOT_KNOWN):
        return "unknown"
    if any(_name(e).startswith("rerun") for e in case):
        return "unknown"  # Surefire writes them beside a <failure>, and flaky ones where a repetition passed
    words = _words(case)
    if (words | inside | _words_of_properties(case)) & set(NOT_RUN) or not _is_true(case, "executed"):
        return "skipped"
    if any(_says(case, key) for key in (*SKIPPED, "notrun")):
        return "skipped"
    if not all(_is_true(case, key) for key in PASSES):
        return "failure"
    return "passed" if words <= set(PASSED) else "unknown"


def _within(element: Element) -> Iterator[Element]:
    """What lies in it, at any depth, but not in cases, suites and repetitions in it."""
    left = list(element)[::-1]
    while left:
        inner = left.pop()
        name = _name(inner)
        if name and name != "testcase" and not name.startswith("testsuite") and not is_neither(name):
            yield inner
            left.extend(list(inner)[::-1])


def _meant(element: Element) -> str:
    """By the name of an element, or of an attribute that says what its name means."""
    word = letters(_name(element))
    named = "failure" if word in FAILED else "error" if word in ERROR else meaning(word)
    return named or next((m for n in _names(element) if (m := meaning(n)) and _says(element, n)), "")


def _outcome_attribute(element: Element) -> str:
    """ "failure" or "error" where the word for a case's or suite's outcome is one for that."""
    words = _words(element) | _words_of_properties(element)
    return "failure" if words & set(FAILED) else "error" if words & set(ERROR) else ""


def _outcome_of_suite(suite: Element) -> str:
    """_outcome_attribute(), also where it says that it did not pass or its process failed. A number is how many cases did."""
    if outcome := _outcome_attribute(suite):
        return outcome
    return "failure" if _exited_badly(suite) or any((suite.get(key) or "").strip().lower() in NOT_SO for key in PASSES) else ""


def _exited_badly(element: Element) -> bool:
    """By the code of its process: an attribute, an element or a property in it, <property name="exit-code" value="1"/>."""
    given = [e for e in element if letters(_name(e)) in EXIT_CODES]
    given += [p for p in _properties(element) if letters(p.get("name") or "").removeprefix("test") in EXIT_CODES]
    texts = [element.get(name) or "" for name in _names(element) if letters(name) in EXIT_CODES]
    texts += [text for e in given for text in (e.get("value") or "", "".join(e.itertext()))]
    return any(map(_is_said, texts))


def _words(element: Element) -> set[str]:
    """In attributes, and in elements of the same names and their attributes. A number is no word that is known."""
    texts = [
        element.get(key) or ""
        for key in _names(element)
        if letters(key).removeprefix("test") in (*OUTCOME, "statuscode", "res")
    ]
    elements = [e for e in element if _name(e) in OUTCOME]
    texts += [
        text for e in elements for text in ("".join(e.itertext()), *(e.get(key) or "" for key in ("type", "value", *OUTCOME)))
    ]
    return {letters(text) or text.strip() for text in texts}


def _properties(element: Element) -> list[Element]:
    return [p for e in element if _name(e) == "properties" for p in e]


def _words_of_properties(element: Element) -> set[str]:
    """The words of <property name="status" value="..."/>; a user's own property may have other words than ours."""
    given = [p for p in _properties(element) if letters(p.get("name") or "").removeprefix("test") in OUTCOME]
    return {letters(text) for p in given for text in (p.get("value") or "", "".join(p.itertext()))}


def _names(element: Element) -> list[str]:
    return [str(key) for key in element.attrib]


def _says(element: Element, key: str) -> int:
    """How often an attribute says what its name means: its number; 1 for any text that is no "no", and for part of one."""
    return _is_said(element.get(key) or "")


def _is_said(text: str) -> int:
    text = text.strip().lower().removesuffix("%").rstrip()
    if text in SAY_NO or (set(text) <= set("0.,") and "0" in text):
        return 0
    number = whole_in(text)
    return 1 if number is None else min(number, MAX_COUNT)


def _unaccounted(suite: Element) -> tuple[int, int, int]:
    """(cases listed, tests counted, tests neither passed, failed nor skipped): the last of suites that say how many passed, or
    show no case.
    """
    given = [key for key in PASSES if (whole_in((suite.get(key) or "").strip()) is not None)]
    nested = [e for e in suite if _name(e) == "testsuite"]
    if not given and nested:
        inner = [_unaccounted(e) for e in nested]
        listed = sum(_name(e) == "testcase" for e in suite) + sum(s for s, _, _ in inner)
        below = sum(t for _, t, _ in inner)
        own = 0 if listed else max(_number(suite, "tests") - below, 0)
        return listed, max(_number(suite, "tests"), below), own + sum(u for _, _, u in inner)
    listed, sums = _missing(suite)[0], _sums(suite)[1]
    if not given and listed:
        return listed, sums["tests"], 0
    known = max((_number(suite, key) for key in given), default=0) + sums["failures"] + sums["errors"] + sums["skipped"]
    return listed, sums["tests"], abs(sums["tests"] - known) if given else max(sums["tests"] - known, 0)


def _in_unknown_words(suite: Element) -> tuple[int, int]:
    """(cases that a suite shows, cases that it does not show and counts by a word that is none of ours)"""
    inner = [_in_unknown_words(e) for e in suite if _name(e) == "testsuite"]
    listed = sum(_name(e) == "testcase" for e in suite) + sum(s for s, _ in inner)
    hidden = max(_number(suite, "tests") - listed, 0)
    counts = [_says(suite, key) for key in _names(suite) if not is_known(key) and whole_in((suite.get(key) or "").strip())]
    return listed, max(min(sum(counts), hidden), sum(u for _, u in inner))


def _is_true(case: Element, key: str) -> bool:
    """An attribute that some tools write; true where there is none."""
    text = (case.get(key) or "true").strip().lower()
    return text in _TRUE or (whole_in(text) or 0) > 0


def _missing(suite: Element) -> tuple[int, int]:
    """(cases that a suite shows, cases that it or those in it count and do not show). Those that it counts as skipped are no
    riddle: Rust's libtest shows none of them.
    """
    inner = [_missing(e) for e in suite if _name(e) == "testsuite"]
    listed = sum(_name(e) == "testcase" for e in suite) + sum(s for s, _ in inner)
    hidden = sum(m for _, m in inner)
    if suite.get("name") != PYTEST:  # it counts subtests beside the cases, and those that fail as failures
        own = _number(suite, "tests") - listed
        hidden = max(own - _skipped_unseen(suite) if own > 0 else 0, hidden)
    return listed, hidden


def _skipped_unseen(suite: Element) -> int:
    """Skipped cases that it counts beyond those that it shows, at least: two words may be for the same ones."""
    listed = sum(_outcome(e) == "skipped" for e in suite.iter() if _name(e) == "testcase")
    return max(max(_declared(suite, key) for key in SKIPPED) - listed, 0)


def _suite_errors(root: Element) -> int:
    """<error> or <failure> under a suite and in no case: it broke before its first."""
    return sum(bool(_meant(e)) for s in root.iter() if _name(s).startswith("testsuite") for e in _within(s))


def _declared(element: Element, key: str) -> int:
    """The number in a suite's attribute, or the sum over the suites in it, whichever is more. Failures and errors also by other
    names that say so.
    """
    others = [_says(element, n) for n in _names(element) if n != key and key in _COUNTED and meaning(n) == _COUNTED[key]]
    return max(_number(element, key), *others, sum(_declared(e, key) for e in element if _name(e) == "testsuite"))


def _number(element: Element, key: str) -> int:
    text = (element.get(key) or "0").strip() or "0"
    number = whole_in(text.removesuffix(".0"))
    if number is None or number > MAX_COUNT:
        raise EvidenceError(f"<{_name(element)} {key}={text[:40]!r}>: must be a whole number that is not negative")
    return number


def _name(element: Element) -> str:
    """Without a namespace. Comments and processing instructions have no name."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
