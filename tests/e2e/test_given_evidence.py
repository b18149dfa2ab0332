"""A validation asks a real Prometheus itself: what it was told from a file of another day closes nothing that this fails."""

import dataclasses
import io
import json

from bizra_load.judging.agreements import read_agreement
from bizra_load.rehearsal.local_prometheus import local_prometheus
from bizra_load.validation import suite
from bizra_load.validation.log import Log
from tests.unit.judging.test_artifacts import files, folder, options, run  # noqa: F401  # fixtures
from tests.unit.sla.release.test_rules_evidence import rules_check
from tests.unit.validation.test_suite import plan  # noqa: F401  # a fixture


def test_a_file_that_passed_closes_nothing_that_fails_in_the_prometheus_under_validation(plan, run, files):  # noqa: F811
    """Panels without data and rules that are not loaded; the given files say of both that all was well."""
    old = rules_check() | {"agreement_sha256": read_agreement("v2.2.0-rc1").sha256}
    (files / "rules-check.json").write_text(json.dumps(old))
    given = tuple(options(files, monitoring="dashboard-check.json", rules="rules-check.json")[1::2])
    with local_prometheus({}) as prometheus:
        plan = dataclasses.replace(plan, prometheus_url=prometheus.url, evidence=given)
        suite.Suite(plan, Log(io.StringIO(), 120)).run()
    gates = {g["key"]: g for g in json.loads((run / "assessment.json").read_text())["gates"]}
    assert (gates["monitoring"]["status"], gates["alerts"]["status"]) == ("FAIL", "FAIL")
    assert "no data in: " in gates["monitoring"]["reason"]
    assert "is not loaded" in gates["alerts"]["reason"]
