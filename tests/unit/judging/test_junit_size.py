"""JUnit files that would keep a parser busy are refused, and outcomes that nobody calls a pass are none."""

import pytest

from bizra_load.judging.junit import read_junit
from sla.release.evidence import of_tests
from sla.release.evidence_fields import EvidenceError

FAILED = {
    "an unexpected success, as an element": "<testsuite><testcase><unexpected-success/></testcase></testsuite>",
    "the same in one word": "<testsuite><testcase><unexpectedSuccess/></testcase></testsuite>",
    "unexpected successes, counted": '<testsuite tests="1" unexpectedSuccesses="1"><testcase/></testsuite>',
    "an unexpected pass, counted": '<testsuite tests="1" unexpected-passes="1"><testcase/></testsuite>',
    "an exit code, as a property of a case": '<properties><property name="exitcode" value="1"/></properties>',
    "the same with a dash": '<properties><property name="exit-code" value="-11"/></properties>',
    "the same as text": '<properties><property name="exit_status">137</property></properties>',
    "an exit code, as an element": "<exit-code>2</exit-code>",
    "an exit code, as a property of a suite": (
        '<testsuite><properties><property name="exitCode" value="1"/></properties><testcase/></testsuite>'
    ),
}
FAILED |= {
    f"CTest, {why}": f'<testsuite><testcase/><testcase status="notrun"><skipped message="{why}"/></testcase></testsuite>'
    for why in ("Unable to find executable", "Required Files Missing", "Fixture dependency failed")
}
OPEN = {
    "a warning": "<warning>No tests found in class</warning>",
    "a warning with a type": '<warning type="x"/>',
    "warnings of a case, counted": '<testsuite><testcase warnings="1"/></testsuite>',
    "warnings of a suite, counted": '<testsuite tests="2" warnings="1"><testcase/><testcase/></testsuite>',
    "a warning of a suite": "<testsuite><warning/><testcase/></testsuite>",
    "a pass that was not expected": "<xpass/>",
}
PASSED = {
    "CTest, skipped by its own code": (
        '<testsuite><testcase/><testcase status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase></testsuite>'
    ),
    "Node, a test that is still to be done": (
        '<testsuite><testcase/><testcase failure="x"><skipped type="todo" message="true"/><failure/></testcase></testsuite>'
    ),
    "no warnings": '<testsuite tests="1" warnings="0" unexpectedSuccesses="0"><testcase warnings="0"/></testsuite>',
    "an exit code of 0": '<properties><property name="exitcode" value="0"/><property name="code" value="7"/></properties>',
}


def status(text):
    whole = text if text.startswith("<testsuite") else f"<testsuite><testcase>{text}</testcase></testsuite>"
    return of_tests("node_tests", read_junit(whole.encode()))[0].status.value


@pytest.mark.parametrize("name", FAILED)
def test_what_says_that_it_went_wrong_fails(name):
    assert status(FAILED[name]) == "FAIL"


@pytest.mark.parametrize("name", OPEN)
def test_what_is_neither_a_pass_nor_a_failure_is_not_known(name):
    assert status(OPEN[name]) == "INCONCLUSIVE"


@pytest.mark.parametrize("name", PASSED)
def test_what_says_that_all_went_well_passes(name):
    assert status(PASSED[name]) == "PASS"


MANY = {
    "attributes of a suite": "<testsuite " + " ".join(f'a{i}="1"' for i in range(30_000)) + "><testcase/></testsuite>",
    "attributes over suites": (
        "<testsuites>" + "".join(f'<testsuite a{i}="1"><testcase/></testsuite>' for i in range(49_000)) + "</testsuites>"
    ),
    "elements": "<testsuite>" + "".join(f"<e{i}/>" for i in range(30_000)) + "</testsuite>",
}


@pytest.mark.parametrize("name", MANY)
def test_different_names_without_end_are_refused(name):
    """Each new one costs what no cache gives back: a file of 300,000 took 28 s."""
    with pytest.raises(EvidenceError, match=r"^has more different names .* \(allowed: 1,000\)$"):
        read_junit(MANY[name].encode())


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<testsuites>" + "<testsuite/>" * 50_001 + "</testsuites>", r"suites than are read \(allowed: 50,000\)"),
        ("<testsuite>" + "<a/>" * 1_000_000 + "</testsuite>", r"elements than are read \(allowed: 1,000,000\)"),
        ("<testsuite>" + "<a>" * 50 + "</a>" * 50 + "</testsuite>", r"elements in each other than are read \(allowed: 50\)"),
    ],
    ids=["suites", "elements", "depth"],
)
def test_more_than_any_tool_writes_is_refused(text, what):
    with pytest.raises(EvidenceError, match=f"^has more {what}$"):
        read_junit(text.encode())


def test_a_file_of_the_largest_size_is_read():
    case = '<testcase name="test_one_of_many" classname="package.module.Class" time="0.001" file="package/module.py"/>'
    text = f"<testsuite>{case * 180_000}</testsuite>".encode()
    assert len(text) > 19_000_000
    assert read_junit(text).tests == 180_000


def test_suites_in_each_other_are_read_as_deep_as_tools_write_them():
    text = "<testsuite>" * 49 + "<testcase/>" + "</testsuite>" * 49
    assert (read_junit(text.encode()).tests, status(text)) == (1, "PASS")
