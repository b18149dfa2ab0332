"""What Prometheus has loaded, beside what a drill has shown: through the command line into a run's gates and documents."""

import json

import pytest

from bizra_load.cli.main import main
from bizra_load.judging.agreements import read_agreement
from tests.unit.judging.test_artifacts import every, files, folder, options, run  # noqa: F401  # fixtures
from tests.unit.sla.release.test_rules_evidence import rules_check

RULES_ITEM = "All 12 alert rules are loaded"
FIRST, WARNING = "FinalityCheckP99Violation", "PoIGenerationP99Violation"


@pytest.mark.parametrize(
    ("reasons", "more", "gate", "item"),
    [
        (None, {}, "PASS", f"- [ ] {RULES_ITEM}: no evidence was given"),
        (("", ""), {}, "PASS", f"- [x] {RULES_ITEM}: all 12 rules are loaded in Prometheus at u"),
        (
            ("is not loaded", ""),
            {},
            "FAIL",
            f"- [ ] {RULES_ITEM}: **FAIL**, in Prometheus at u: {FIRST} is not loaded",
        ),
        (
            ("", "is not loaded"),
            {},
            "INCONCLUSIVE",
            f"- [ ] {RULES_ITEM}: **FAIL**, in Prometheus at u: {WARNING} is not loaded",
        ),
        (("", ""), {"unread": "connection refused"}, "INCONCLUSIVE", f"- [ ] {RULES_ITEM}: the rules of Prometheus at u can't"),
    ],
)
def test_a_drill_that_passed_says_nothing_of_what_the_service_has_loaded(run, files, tmp_path, reasons, more, gate, item):  # noqa: F811
    """`groups: []` in the real Prometheus, and a drill in one of its own: that was GO with a ticked box."""
    given = every(files)
    if reasons is not None:
        document = rules_check(reasons, job="node", **more) | {"agreement_sha256": read_agreement("v2.2.0-rc1").sha256}
        (files / "rules-check.json").write_text(json.dumps(document))
        given += options(files, rules="rules-check.json")
    main(["report", str(run), "--artifacts", str(tmp_path / "a"), *given])
    a = json.loads((run / "assessment.json").read_text())
    assert next(g["status"] for g in a["gates"] if g["key"] == "alerts") == gate
    assert a["decision"] == {"PASS": "GO WITH CAUTION", "FAIL": "NO-GO", "INCONCLUSIVE": "INCONCLUSIVE"}[gate]
    assert item in (tmp_path / "a" / "PRODUCTION-READINESS-CHECKLIST.md").read_text()
    of_the_job = ['job="node"' in t["expression"] for t in a["strategy"]["triggers"]]
    assert of_the_job == [reasons is not None] * len(of_the_job)
    assert bool(of_the_job) is (gate == "PASS")


def test_what_no_file_could_hold_is_refused_before_anything_is_kept(run, files, tmp_path, capsys):  # noqa: F811
    """Half of a surrogate pair, which JSON can name."""
    document = json.dumps(rules_check() | {"agreement_sha256": "0" * 64, "asked": "\ud83d"})
    (files / "rules-check.json").write_text(document)
    assert main(["report", str(run), "--artifacts", str(tmp_path / "a"), *options(files, rules="rules-check.json")]) == 6
    assert capsys.readouterr().err.strip().endswith("holds half of a surrogate pair (allowed: whole characters)")
    assert not (run / "evidence" / "rules.json").exists()
    assert main(["assess", str(run)]) != 6
