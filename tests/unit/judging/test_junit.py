"""JUnit XML of many tools, and of nobody's friend."""

import pytest

from bizra_load.judging.junit import read_junit
from sla.release.evidence import TestCounts, of_tests
from sla.release.evidence_fields import EvidenceError
from sla.values.assessment import Status

DIALECTS = {
    "pytest": (
        '<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1"'
        ' skipped="1" tests="4"><testcase name="a"/><testcase name="b"><failure>t</failure></testcase><testcase name="c">'
        '<error/></testcase><testcase name="d"><skipped/></testcase></testsuite></testsuites>',
        (4, 1, 1, 1),
    ),
    "surefire, a retry that passed is no failure": (
        '<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" tests="2" errors="0" skipped="0" failures="0">'
        '<properties/><testcase name="a"><flakyFailure/></testcase><testcase name="b"/><system-out>x</system-out></testsuite>',
        (2, 0, 0, 0),
    ),
    "cargo-nextest": (
        '<testsuites name="nextest-run" tests="2" failures="1" errors="0" uuid="1"><testsuite name="poi" tests="2" disabled="0"'
        ' errors="0" failures="1"><testcase name="sign"/><testcase name="verify"><failure type="test failure"/></testcase>'
        "</testsuite></testsuites>",
        (2, 1, 0, 0),
    ),
    "libtest, which shows no ignored test": (
        '<testsuites><testsuite name="test" package="test" id="0" errors="0" failures="0" tests="4" skipped="2" ><testcase'
        ' classname="poi" name="sign" time="0.1"/><testcase classname="poi" name="verify" time="0.2"/><system-out/>'
        "<system-err/></testsuite></testsuites>",
        (4, 0, 0, 2),
    ),
    "fewer skipped than are not shown": (
        '<testsuite tests="5" skipped="2"><testcase/><testcase><skipped/></testcase></testsuite>',
        (5, 0, 0, 2, 2, 2),
    ),
    "skipped in two words, and one that is not shown": (
        '<testsuite tests="3" skipped="1" ignored="1"><testcase/></testsuite>',
        (3, 0, 0, 2, 1, 1),
    ),
    "gtest, not run": (
        '<testsuites tests="2" failures="0" disabled="1" errors="0"><testsuite name="S" tests="2" failures="0" disabled="1">'
        '<testcase name="A" status="run" result="completed"/><testcase name="B" status="notrun" result="suppressed"/>'
        "</testsuite></testsuites>",
        (2, 0, 0, 1),
    ),
    "gtest, skipped while it ran": (
        '<testsuite tests="1"><testcase name="A" status="run" result="skipped"/></testsuite>',
        (1, 0, 0, 1),
    ),
    "skipped by the suite's count alone": (
        '<testsuite tests="2" skipped="2"><testcase name="a"/><testcase name="b"/></testsuite>',
        (2, 0, 0, 2),
    ),
    "a status in an attribute": ('<testsuite><testcase status="failed"/><testcase status="passed"/></testsuite>', (2, 1, 0, 0)),
    "nested suites": (
        '<testsuites><testsuite><testsuite tests="1"><testcase/></testsuite><testsuite tests="1" failures="1">'
        "<testcase><failure/></testcase></testsuite></testsuite></testsuites>",
        (2, 1, 0, 0),
    ),
    "counts only": ('<testsuites><testsuite tests="5" failures="0" errors="2" skips="1"/></testsuites>', (5, 0, 2, 1, 2)),
    "a suite that broke before its cases": ('<testsuite tests="0" errors="0"><error message="x"/></testsuite>', (0, 0, 1, 0)),
    "a number that no case shows": ('<testsuite tests="1" failures="1"><testcase/></testsuite>', (1, 1, 0, 0)),
    "a namespace": ('<testsuite xmlns="urn:junit"><testcase><error/></testcase></testsuite>', (1, 0, 1, 0)),
    "empty": ("<testsuites/>", (0, 0, 0, 0)),
}
BOMB = '<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
REFUSED = {
    "not XML": b"nonsense",
    "cut short": b"<testsuite><testcase/>",
    "another document": b"<html/>",
    "an entity bomb": BOMB.encode(),
    "an external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><testsuite>&e;</testsuite>',
    "a bare document type": b"<!DOCTYPE testsuite><testsuite/>",
    "a count that is none": b'<testsuite tests="many"/>',
    "a digit that is no number": '<testsuite tests="\u00b2"/>'.encode(),
    "suites without end": b"<testsuite>" * 3000 + b"</testsuite>" * 3000,
    "a negative count": b'<testsuite failures="-1"/>',
    "an unknown encoding": b'<?xml version="1.0" encoding="nonesuch"?><testsuite/>',
    "binary": bytes(range(256)),
    "two counts in two letter cases": b'<testsuite failures="0" Failures="1"/>',
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_counted(dialect):
    text, counts = DIALECTS[dialect]
    assert read_junit(text.encode()) == TestCounts(*counts)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_junit_file_is_refused_in_one_line(name):
    with pytest.raises(EvidenceError) as raised:
        read_junit(REFUSED[name])
    assert "root:" not in str(raised.value)


@pytest.mark.parametrize("text", [DIALECTS["skipped by the suite's count alone"][0], '<testsuite tests="3" skipped="3"/>'])
def test_a_file_in_which_every_test_was_skipped_is_no_pass(text):
    [evidence] = of_tests("node_tests", read_junit(text.encode()))
    assert evidence.status is Status.INCONCLUSIVE
    assert "not one was run" in evidence.reason


@pytest.mark.parametrize(
    "name", ["screenshotOnFailure", "stop-on-error", "failIfNoTests", "testFailureIgnore", "haltOnFailure"]
)
@pytest.mark.parametrize("where", ["<testsuite tests='2' {}><testcase/><testcase/></testsuite>",
                                   "<testsuite><testcase {}/><testcase/></testsuite>"])  # fmt: skip
def test_a_setting_of_what_is_done_on_a_failure_is_none(name, where):
    [evidence] = of_tests("node_tests", read_junit(where.format(f"{name}='true'").encode()))
    assert evidence.status is Status.PASS


@pytest.mark.parametrize("name", ["connectionFailures", "assertionFailures", "compilationErrors", "regressionFailures"])
def test_a_name_that_only_ends_like_a_setting_counts_failures(name):
    [evidence] = of_tests("node_tests", read_junit(f"<testsuite tests='1' {name}='2'><testcase/></testsuite>".encode()))
    assert evidence.status is Status.FAIL


@pytest.mark.parametrize(
    "word", ["fail", "FAILED", "broken", "error", "crashed", "timeout", "interrupted", "cancelled", "aborted"]
)
@pytest.mark.parametrize("key", ["status", "result"])
def test_a_word_for_what_did_not_pass_is_no_pass(word, key):
    """CTest writes fail, Bazel interrupted, Allure broken."""
    [evidence] = of_tests("node_tests", read_junit(f'<testsuite><testcase {key}="{word}"/><testcase/></testsuite>'.encode()))
    assert evidence.status is Status.FAIL


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('<testsuite><testcase status="not_run"/></testsuite>', Status.INCONCLUSIVE),
        ('<testsuite><testcase status="Not Run"/><testcase result="blocked"/></testsuite>', Status.INCONCLUSIVE),
        ("<testsuite><testcase><disabled/></testcase></testsuite>", Status.INCONCLUSIVE),
        ('<testsuite><testcase executed="False" success="False"/></testsuite>', Status.INCONCLUSIVE),
        ('<testsuite><testcase success="false"/><testcase success="true"/></testsuite>', Status.FAIL),
        ('<testsuite><testcase status="who knows"/><testcase/></testsuite>', Status.INCONCLUSIVE),
        ('<testsuite><testcase result="0"/><testcase/></testsuite>', Status.INCONCLUSIVE),
        ("<testsuite><testcase><rerunFailure/></testcase><testcase/></testsuite>", Status.INCONCLUSIVE),
        ("<testsuite><testcase><failure/><rerunFailure/></testcase><testcase/></testsuite>", Status.FAIL),
        ('<testsuite tests="100"><testcase/></testsuite>', Status.INCONCLUSIVE),
        ('<testsuites><testsuite tests="2"><testcase/></testsuite><testsuite><testcase/></testsuite></testsuites>',
         Status.INCONCLUSIVE),
        ('<testsuite tests="3" skipped="2" disabled="1"/>', Status.INCONCLUSIVE),
        ('<testsuite tests="3" passed="1" skipped="1" disabled="1"/>', Status.PASS),
        ('<testsuite tests="2"><testcase executed="true" success="True" result="OK"/><testcase status="run"/></testsuite>',
         Status.PASS),
    ],
)  # fmt: skip
def test_a_case_passes_where_it_is_said_to_have_run_and_passed(text, status):
    [evidence] = of_tests("node_tests", read_junit(text.encode()))
    assert evidence.status is status


def test_cases_that_are_counted_and_not_shown_are_named():
    [evidence] = of_tests("node_tests", read_junit(b'<testsuite tests="100"><testcase/></testsuite>'))
    assert evidence.reason.startswith("100 tests: ")
    assert "99 without a recorded outcome" in evidence.reason
    assert "ctest --output-junit" in evidence.reason


@pytest.mark.parametrize(
    "text",
    [
        '<testsuite tests="3" failed="1"/>',
        '<testsuite success="false"><testcase/></testsuite>',
        '<testsuites passed="False"><testsuite><testcase/></testsuite></testsuites>',
        '<testsuite returncode="1"><testcase/></testsuite>',
        '<testsuite exit-code="101"><testcase/></testsuite>',
        '<testsuite tests="3" failure="1"/>',
        '<testsuite tests="3" error="1"/>',
        '<testsuite tests="3" crashed="1"/>',
        '<testsuite tests="3" timedOut="1"/>',
        '<testsuite tests="3" aborted="2"/>',
        '<testsuite tests="3" failedTests="1"/>',
        '<testsuite tests="3" failed="true"/>',
        '<testsuite tests="3" error="it broke"/>',
        '<testsuites failed="1"><testsuite tests="1"><testcase/></testsuite></testsuites>',
        '<testsuites><testsuite tests="1" broken="1"><testcase/></testsuite></testsuites>',
        '<testsuite xmlns:x="urn:x" tests="3" x:failed="1"/>',
        '<testsuite tests="1" result="Failed"><testcase/></testsuite>',
        "<testsuite><testcase/><crash/></testsuite>",
        '<testsuite><testcase failed="true"/><testcase/></testsuite>',
        '<testsuite><testcase error="it broke"/><testcase/></testsuite>',
        '<testsuite><testcase crashed="1"/><testcase/></testsuite>',
        '<testsuite><testcase passed="false"/><testcase/></testsuite>',
        '<testsuite><testcase outcome="Failed"/><testcase/></testsuite>',
        "<testsuite><testcase><failed/></testcase><testcase/></testsuite>",
        "<testsuite><testcase><broken/></testcase><testcase/></testsuite>",
        "<testsuite><testcase><status>failed</status></testcase><testcase/></testsuite>",
        "<testsuite><testcase><timeout/></testcase><testcase/></testsuite>",
        "<testsuite><testcase/><timeout/></testsuite>",
        "<testsuite><testcase><step><failure/></step></testcase><testcase/></testsuite>",
        "<testsuite><testcase><steps><step><part status='failed'/></step></steps></testcase></testsuite>",
        "<testsuite><testcase/><setup><error/></setup></testsuite>",
        '<testsuite><testcase><properties><property name="status" value="failed"/></properties></testcase></testsuite>',
        '<testsuite><testcase><properties><property name="Result">Timed out</property></properties></testcase></testsuite>',
        '<testsuite><properties><property name="status" value="failed"/></properties><testcase/></testsuite>',
        "<TestSuite><TestCase><Failure/></TestCase><TestCase/></TestSuite>",
        '<testsuites><testsuite tests="1"><testcase/></testsuite><TestSuite Failures="1"><testcase/></TestSuite></testsuites>',
        '<testsuite><testcase Status="failed"/><testcase/></testsuite>',
        '<testsuite><testcase><outcome type="failed"/></testcase><testcase/></testsuite>',
        '<testsuite><testcase><status value="failed"/></testcase><testcase/></testsuite>',
        '<testsuite><testcase exitcode="1"/><testcase/></testsuite>',
        "<testsuite><testcase><exception>it broke</exception></testcase><testcase/></testsuite>",
        '<testsuite><testcase><properties><property name="Test Status" value="failed"/></properties></testcase></testsuite>',
        '<testsuite tests="4" errorRate="0.25"/>',
        '<testsuite><testcase testResult="FAILED"/><testcase/></testsuite>',
        '<testsuite><testcase statusCode="failed"/><testcase/></testsuite>',
        '<testsuite tests="1" killed="1"><testcase/></testsuite>',
        '<testsuite tests="1" unexpectedFailures="1"><testcase/></testsuite>',
        '<testsuite><testcase retrievalFailed="true"/></testsuite>',
    ],
)
def test_failures_by_other_names_fail(text):
    [evidence] = of_tests("node_tests", read_junit(text.encode()))
    assert evidence.status is Status.FAIL, evidence.reason


@pytest.mark.parametrize(
    "text",
    [
        '<testsuite tests="10" passed="7"/>',
        '<testsuite tests="10" passed="7" skipped="1"/>',
        '<testsuite tests="10" passed="10" skipped="1"/>',
        '<testsuites><testsuite tests="5" passed="5"/><testsuite tests="5" passed="4"/></testsuites>',
        '<testsuite tests="10" unresolved="2"/>',
        '<testsuite tests="10" unexpected="2"/>',
        '<testsuites><testsuite tests="10" indeterminate="1"/></testsuites>',
        '<testsuite><testcase skipped="true"/></testsuite>',
        '<testsuite><testcase outcome="who knows"/><testcase/></testsuite>',
        '<testsuites tests="5" failures="0"/>',
        '<testsuites tests="5" failures="0"><testsuite tests="5" failures="0"/></testsuites>',
        '<testsuites tests="5" failures="0"><testsuite tests="4" passed="4"/></testsuites>',
        '<testsuites><testsuite tests="5" failures="0"/><testsuite tests="1"><testcase/></testsuite></testsuites>',
        '<testsuite Tests="5"><testcase/></testsuite>',
        '<testsuite><testcase><properties><property name="status" value="not run"/></properties></testcase></testsuite>',
    ],
)
def test_what_does_not_add_up_to_the_tests_is_not_known(text):
    [evidence] = of_tests("node_tests", read_junit(text.encode()))
    assert evidence.status is Status.INCONCLUSIVE, evidence.reason


@pytest.mark.parametrize(
    "text",
    [
        '<testsuite tests="10" passed="9" skipped="1" failed="0" errors="0" crashed="0"/>',
        '<testsuite tests="2" passed="1"><testcase/><testcase><skipped/></testcase></testsuite>',
        '<testsuite tests="2" failures="0" flakes="1" time="12" id="3" assertions="9" name="2" hostname="a" line="7">'
        "<testcase/><testcase/></testsuite>",
        '<testsuite tests="1" failed="false" error=""><testcase failed="no" crashed="0"><flakyFailure/></testcase></testsuite>',
        '<testsuite tests="1" errorRate="0.0" errors="0.0" failures="0" failed="0,00 %" fail-fast="1"><testcase/></testsuite>',
        '<testsuite expectedFailures="1" continueOnFailure="true"><testcase continueOnError="true"/></testsuite>',
        '<testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="0" skipped="0" tests="8">'
        '<testcase name="test_a"/><testcase name="test_b"/></testsuite></testsuites>',
        "<testsuite><testcase><std-error>some text</std-error></testcase><std-error/></testsuite>",
        '<testsuite><testcase exit-code="0"><status value="passed" time="3"/></testcase></testsuite>',
        '<testsuite><testcase><properties><property name="Test Status" value="passed"/></properties></testcase></testsuite>',
        '<testsuite><testcase success="1" passed="true" outcome="Passed"><system-err>error</system-err></testcase></testsuite>',
        '<testsuite maxFailures="3" tests="1"><testcase/></testsuite>',
        '<testsuites tests="5"><testsuite tests="5" passed="5"/></testsuites>',
        '<testsuite><testcase><properties><property name="error" value="1"/></properties></testcase></testsuite>',
        '<testsuite><testcase><properties><property name="state" value="CA"/></properties></testcase></testsuite>',
        "<testsuite><testcase><flakyFailure><failure/></flakyFailure><step status='passed'/></testcase></testsuite>",
        '<testsuite><testcase timeout="30"/></testsuite>',
    ],
)
def test_other_names_without_a_failure_pass(text):
    [evidence] = of_tests("node_tests", read_junit(text.encode()))
    assert evidence.status is Status.PASS, evidence.reason


def test_a_huge_number_by_another_name_is_bounded():
    [evidence] = of_tests("node_tests", read_junit(f'<testsuite tests="1" failed="{"9" * 400}"/>'.encode()))
    assert evidence.status is Status.FAIL
    assert len(evidence.reason) < 100


@pytest.mark.parametrize("attributes", ['success="true"', 'passed="1"', 'passed="1" success="1"', 'exit-code="0"'])
def test_a_suite_that_says_that_it_passed_did(attributes):
    [evidence] = of_tests("node_tests", read_junit(f"<testsuite {attributes}><testcase/></testsuite>".encode()))
    assert evidence.status is Status.PASS
