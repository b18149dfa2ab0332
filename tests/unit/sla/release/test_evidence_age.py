"""When evidence was made is said; what is too old or of the future passes nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from bizra_load.io import yaml_text
from sla.release.evidence_age import Clocks, Made, dated, made_at, made_in
from sla.release.evidence_fields import EvidenceError
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.assessment import Evidence, Status
from sla.values.section import AgreementError
from tests.architecture.test_reference_pages import AGREEMENT_PAGE, yaml_examples

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
RUN = NOW - timedelta(days=2)
CLOCKS = Clocks(NOW, RUN, 30 * 86_400.0)
PASSED, FAILED = Evidence("alerts", Status.PASS, "all well"), Evidence("alerts", Status.FAIL, "A did not fire")


def at(text):
    return made_at({"checked_at": text})


@pytest.mark.parametrize(
    "text", ["2026-12-14T08:00:00Z", "2027-01-13T08:00:00Z", "2027-01-15T08:05:00Z", "2027-01-15T10:05:00+02:00"]
)
def test_evidence_of_up_to_so_many_days_before_the_run_passes_and_says_when(text):
    [e] = dated([PASSED], at(text), CLOCKS)
    assert (e.status, e.reason) == (Status.PASS, f"all well; made {datetime.fromisoformat(text).astimezone(UTC):%FT%TZ}")


def test_older_evidence_passes_nothing_and_a_failure_stays_one():
    passed, failed = dated([PASSED, FAILED], at("2026-01-13T08:00:00Z"), CLOCKS)
    assert (passed.status, passed.reason) == (
        Status.INCONCLUSIVE, "made 2026-01-13T08:00:00Z, 365 days before the run (allowed: 30 days); all well",
    )  # fmt: skip
    assert (failed.status, failed.reason) == (Status.FAIL, "A did not fire; made 2026-01-13T08:00:00Z")
    assert dated([PASSED], at("2026-12-14T07:59:59Z"), CLOCKS)[0].status is Status.INCONCLUSIVE


def test_evidence_of_no_known_time_passes_nothing():
    passed, failed = dated([PASSED, FAILED], None, CLOCKS)
    assert (passed.status, passed.reason) == (
        Status.INCONCLUSIVE, "when it was made is not known (checked_at; of tests: timestamp); all well",
    )  # fmt: skip
    assert failed == FAILED


def test_evidence_of_the_future_is_refused():
    with pytest.raises(EvidenceError) as raised:
        dated([PASSED], at("2027-01-15T08:05:01Z"), CLOCKS)
    assert str(raised.value) == (
        "made 2027-01-15T08:05:01Z, which is in the future (now: 2027-01-15T08:00:00Z; allowed: up to 5 minutes)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 15 Jan 2027 08:00:00 GMT", "15 Jan 2027 08:00:00 GMT", "2027-01-15T08:00:00 UTC", "2027-01-15 08:00:00 GMT",
        "2027-01-15T09:00:00+01:00", "1800000000000", "1800000000", "1800000000.0",
    ],
)  # fmt: skip
def test_times_of_test_tools_are_read(text):
    assert made_in(text) == Made(datetime(2027, 1, 15, 8, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "long ago", "2027-01-15", "99", "9" * 14, "1" * 60, "Fri, 99 Jan 2027 08:00:00 GMT"])
def test_what_is_no_time_is_none(text):
    assert made_in(text) is None


def test_a_time_without_a_zone_may_be_of_any():
    [e] = dated([PASSED], made_in("2027-01-15T22:04:59"), CLOCKS)
    assert e.reason == "all well; made 2027-01-15T22:04:59 in a time zone that it does not name"
    with pytest.raises(EvidenceError, match="in the future"):
        dated([PASSED], made_in("2027-01-15T22:05:01"), CLOCKS)
    assert dated([PASSED], made_in("2026-12-13T18:00:00"), CLOCKS)[0].status is Status.PASS
    assert dated([PASSED], made_in("2026-12-13T17:59:59"), CLOCKS)[0].status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    "value", ["yesterday", "2027-01-15T08:00:00", "2027-01-15", 1_800_000_000, True, "0001-01-01T00:00:00+14:00", "2" * 400]
)
def test_a_time_of_another_form_is_refused(value):
    with pytest.raises(EvidenceError, match=r"^checked_at: must be a time such as 2027-01-15T08:00:00Z, not "):
        made_at({"checked_at": value})


@pytest.mark.parametrize("text", ["", "x", "2027", "2027-01-15", "9999-99-99T00:00:00Z"])
def test_what_is_no_time_of_a_test_tool_is_none(text):
    assert made_in(text) is None


@pytest.mark.parametrize(("text", "age_s"), [("7 days", 604_800.0), ("36 h", 129_600.0), (None, 2_592_000.0)])
def test_an_agreement_says_how_old_evidence_may_be(text, age_s):
    document = yaml_text.load(yaml_examples(AGREEMENT_PAGE)[0])
    assert agreement_from_mapping(document | ({"evidence_age": text} if text else {})).evidence_age_s == age_s


@pytest.mark.parametrize("text", ["0 days", "7", "7 weeks", "-1 days", "1e999 h"])
def test_another_age_is_refused(text):
    with pytest.raises(AgreementError, match=r"^evidence_age: .*\(allowed: "):
        agreement_from_mapping(yaml_text.load(yaml_examples(AGREEMENT_PAGE)[0]) | {"evidence_age": text})
