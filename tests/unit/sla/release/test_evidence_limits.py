"""Documents given from outside, at their limits: what is still read, what is said, and how much of it is repeated."""

import pytest

from bizra_load.poi.product import REQUIRED
from sla.release import evidence
from sla.release.evidence import TestCounts, of_document, of_tests
from sla.release.evidence_fields import EvidenceError
from sla.values.assessment import Status
from tests.unit.sla.release.test_evidence import by_key, dashboard, drill, of_alert_drill, of_dashboard
from tests.unit.sla.release.test_rules_evidence import of_rules_check, rules_check

FIRST = REQUIRED.critical_rules[0]


def refused(read, document):
    with pytest.raises(EvidenceError) as raised:
        read(document)
    return str(raised.value)


@pytest.mark.parametrize(
    ("counts", "status", "reason"),
    [
        (TestCounts(1_200, 0, 0, 200), Status.PASS, "1,200 tests: 0 failures, 0 errors, 200 skipped"),
        (TestCounts(3, 0, 0, 3), Status.INCONCLUSIVE, "3 tests: 0 failures, 0 errors, 3 skipped; not one was run"),
        (
            TestCounts(3, 0, 0, 0, 2),
            Status.INCONCLUSIVE,
            "3 tests: 0 failures, 0 errors, 0 skipped; 2 without a recorded outcome",
        ),
        (
            TestCounts(3, 0, 0, 0, 2, 1),
            Status.INCONCLUSIVE,
            "3 tests: 0 failures, 0 errors, 0 skipped; 2 without a recorded outcome (1 are counted but not listed; "
            "Catch2 and doctest count assertions: run their tests by CTest, and give what ctest --output-junit writes)",
        ),
        (TestCounts(3, 1, 0, 0, 2), Status.FAIL, "3 tests: 1 failures, 0 errors, 0 skipped"),
    ],
)
def test_counts_of_tests_are_told_with_what_is_not_known_of_them(counts, status, reason):
    [result] = of_tests("node_tests", counts)
    assert (result.key, result.status, result.reason) == ("node_tests", status, reason)


@pytest.mark.parametrize(
    ("rule", "top", "reason"),
    [
        ({}, {}, "all 6 critical rules were loaded, fired and resolved"),
        ({"firing_s": None, "resolved_s": None, "passed": False}, {}, f"{FIRST} did not fire"),
        ({"resolved_s": None, "passed": False}, {}, f"{FIRST} did not resolve"),
        ({"pending_s": 3, "passed": False}, {}, f"{FIRST} did not pass"),
        ({"passed": False}, {"passed": False}, f"{FIRST} did not pass"),
        ({}, {"rules_loaded": 5, "rules": drill()["rules"][:5]}, "only 5 rules were loaded"),
    ],
)
def test_a_drill_says_what_is_wrong_and_nothing_besides(rule, top, reason):
    result = by_key(of_alert_drill(drill(**rule) | top))
    assert result["alerts"].reason == result["critical-alerts"].reason == reason


def test_rules_that_are_not_critical_are_named_behind_what_decides():
    document = drill()
    document["rules"][-1] |= {"passed": False, "firing_s": None, "resolved_s": None}
    document["rules"][0] |= {"passed": False}
    document["passed"] = False
    assert by_key(of_alert_drill(document))["alerts"].reason == (
        f"{FIRST} did not pass; not critical, but failed too: PrometheusScrapeSlow"
    )


@pytest.mark.parametrize("key", ["group", "severity", "alert"])
def test_a_rule_of_a_drill_has_a_name_a_group_and_a_severity(key):
    document = drill()
    del document["rules"][1][key]
    message = f"rules[1].{key}: must be text of at most 500 characters, not missing"
    assert refused(of_alert_drill, document) == message


def test_another_agreement_is_told_by_the_beginnings_of_both_sums():
    result = by_key(of_alert_drill(drill() | {"agreement_sha256": "f" * 64}))["alerts"]
    other = "it was made by another agreement (sha256 ffffffffffff, not 0123456789ab)"
    assert result.reason == f"{other}: repeat the alert drill"
    assert of_dashboard(dashboard(agreement_sha256="f" * 64))[0].reason == f"{other}: repeat the dashboard check"


def rules_of(*rules):
    keys = ("alert", "severity", "reason")
    return rules_check(()) | {"rules": [dict(zip(keys, rule, strict=True)) for rule in rules]}


def test_loaded_rules_are_counted_and_those_that_are_not_are_named():
    [item] = of_rules_check(rules_check())
    assert item.reason == "all 12 rules are loaded in Prometheus at u"
    gate, item = of_rules_check(rules_of(("A", "critical", "is not loaded"), ("B", "warning", "is another one")))
    assert (gate.reason, item.reason) == (
        "in Prometheus at u: A is not loaded",
        "in Prometheus at u: A is not loaded; B is another one",
    )
    unread = of_rules_check(rules_check(unread="connection refused"))
    assert {e.reason for e in unread} == {"the rules of Prometheus at u can't be checked: connection refused"}
    assert of_rules_check(rules_check(()))[0].reason == "no rule was checked"


def test_many_rules_that_are_not_loaded_are_named_as_far_as_there_is_room():
    gate, item = of_rules_check(rules_of(*((name, "critical", "r" * 400) for name in "AB")))
    whole = f"in Prometheus at u: A {'r' * 400}; B {'r' * 400}"
    assert gate.reason == item.reason == whole[:500]


@pytest.mark.parametrize(("length", "accepted"), [(1000, True), (1001, False)])
def test_a_list_has_at_most_a_thousand_entries(length, accepted):
    document = rules_of(*((f"A{i}", "warning", "") for i in range(length)))
    if accepted:
        of_rules_check(document)
    else:
        assert refused(of_rules_check, document) == "rules: has 1,001 entries (allowed: 1,000)"


def test_a_text_has_at_most_five_hundred_characters():
    assert by_key(of_dashboard(dashboard(url="http://" + "x" * 493)))["dashboard"].reason == f"at http://{'x' * 493}"
    assert refused(of_dashboard, dashboard(url="x" * 501)).startswith("url: must be text of at most 500 characters")


def test_a_count_is_a_whole_number_up_to_a_milliard():
    document = dashboard()
    document["panels"][0]["series"] = 10**9
    assert by_key(of_dashboard(document))["panels"].reason == "all 6 panels return data"
    document["panels"][0]["series"] = 10**9 + 1
    message = "panels[0].series: must be a whole number from 0 to 1,000,000,000, not a number"
    assert refused(of_dashboard, document) == message


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x", "text"),
        (True, "true or false"),
        (1, "a number"),
        (0.5, "a number"),
        ([1], "a list"),
        ({"a": 1}, "an object"),
        (None, "missing"),
        (b"x", "something else"),
    ],
)
def test_of_a_value_of_another_kind_only_its_kind_is_told(value, kind):
    if value is not True:
        assert refused(lambda d: of_document("x", d), {"passed": value}) == f"passed: must be true or false, not {kind}"
    if kind != "an object":
        assert refused(lambda d: of_document("x", d), value) == f"the document: must be an object, not {kind}"
    if kind not in ("a number", "missing"):
        message = f"scrape_s: must be seconds that are not negative, or null, not {kind}"
        assert refused(of_dashboard, dashboard(scrape_s=value)) == message


@pytest.mark.parametrize(
    ("passed", "status", "reason"), [(True, Status.PASS, "passed is true"), (False, Status.FAIL, "passed is false")]
)
def test_a_gate_that_only_the_agreement_knows_is_what_its_document_says(passed, status, reason):
    [result] = of_document("soak", {"passed": passed})
    assert (result.key, result.status, result.reason) == ("soak", status, reason)


def test_a_file_that_nobody_reads_closes_its_item_and_says_so():
    [result] = evidence.of_file("runbook")
    assert (result.key, result.status) == ("runbook", Status.PASS)
    assert result.reason == "given by the operator; its content is not checked here"


@pytest.mark.parametrize(
    ("document", "texts"),
    [
        (dashboard(), ("all 6 panels return data", "a scrape takes 0.2 s (limit: < 4 s)", "")),
        (dashboard(panels=5), ("only 5 of 6 panels were checked", "a scrape takes 0.2 s (limit: < 4 s)", "")),
        (dashboard(scrape_s=None), ("all 6 panels return data", "how long a scrape takes was not measured", "")),
        (dashboard(scrape_s=0), ("all 6 panels return data", "a scrape takes 0 s (limit: < 4 s)", "")),
        (
            dashboard(passed=False),
            (
                "all 6 panels return data",
                "a scrape takes 0.2 s (limit: < 4 s)",
                "the check reports that it did not pass; ",
            ),
        ),
        (dashboard(panels=5, passed=False), ("only 5 of 6 panels were checked", "a scrape takes 0.2 s (limit: < 4 s)", "")),
    ],
)
def test_a_dashboard_check_tells_of_its_panels_and_its_scrape(document, texts):
    panels, scrape, itself = texts
    result = by_key(of_dashboard(document))
    assert (result["panels"].reason, result["scrape"].reason) == (panels, scrape)
    assert result["monitoring"].reason == f"{itself}{panels}; {scrape}"
    assert result["monitoring"].facts == {"url": "http://g/d/x"}
    assert (result["dashboard"].status, result["dashboard"].reason) == (Status.PASS, "at http://g/d/x")


def test_a_dashboard_that_nobody_says_the_place_of_is_open():
    result = by_key(of_dashboard(dashboard(url="")))["dashboard"]
    assert (result.status, result.reason) == (Status.INCONCLUSIVE, "its URL is not given")
