"""The assessment as JUnit XML: one case for the decision, each objective, each gate of evidence and each check of the run.

FAIL is a <failure>. An open objective is an <error> whose type says INCONCLUSIVE or INVALID, for a skipped test counts as none
in Jenkins, GitLab and GitHub; a check that could not be made is <skipped>. WARN passes, and says so in its output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reports.formats import table
from sla.values.assessment import Assessment, Status

DECISION, OBJECTIVES, EVIDENCE, CHECKS = "decision", "objectives", "evidence", "checks"
# by exit code, whatever the decision is called: with --fail-on warn a GO WITH CAUTION fails
_OF_EXIT_CODE = {0: Status.PASS, 3: Status.FAIL, 4: Status.INCONCLUSIVE}
_ELEMENTS = {Status.FAIL: "failure", Status.INCONCLUSIVE: "error", Status.INVALID: "error"}


@dataclass(frozen=True)
class _Case:
    """`name` is the same from run to run, so that a history can be kept by it. kind: the type of one that did not pass."""

    key: str
    name: str
    status: Status
    kind: str
    text: str


def render(assessment: Assessment) -> str:
    """XML 1.0 in ASCII: characters that it can't hold are "?", all others beyond ASCII are references."""
    a = assessment
    suites = [(DECISION, [_decision(a)]), (OBJECTIVES, _objectives(a)), (EVIDENCE, _evidence(a)), (CHECKS, _checks(a))]
    root = Element("testsuites", name="bizra-load")
    counts = Counter[str]()
    for name, cases in suites:
        if cases:
            counts.update(_add_suite(root, name, cases, a))
    root.attrib.update((key, str(counts[key])) for key in ("tests", "failures", "errors"))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, "us-ascii", xml_declaration=False).decode()}\n'


def _decision(a: Assessment) -> _Case:
    status = _OF_EXIT_CODE.get(a.exit_code, Status.INVALID)
    text = f"{a.decision.value}: {a.summary}; rollout: {a.rollout} (exit code {a.exit_code})"
    return _Case(DECISION, f"Decision by {a.agreement}", status, a.decision.value, text)


def _objectives(a: Assessment) -> list[_Case]:
    cases = []
    for o, row in zip(a.objectives, table.objective_rows(a), strict=True):
        title, severity, limit, point, within, baseline, status, why = row.cells
        figures = f"{point} [{within}], target {limit}" + (f", baseline {baseline}" if baseline != "-" else "")
        cases.append(_Case(o.key, title, o.status, o.status.value, f"{status}, severity {severity}: {figures}: {why}"))
    return cases


def _evidence(a: Assessment) -> list[_Case]:
    return [
        _Case(g.key, g.title, g.status, g.status.value, f"{g.status_words}, severity {g.severity.value}: {g.reason}")
        for g in a.gates_of_evidence
    ]


def _checks(a: Assessment) -> list[_Case]:
    rows = ((c, table.check_row(c, a)) for c in a.checks)  # however many there are
    return [_Case(c.key, row.cells[0], c.status, c.status.value, f"{row.cells[1]}: {row.cells[2]}") for c, row in rows]


def _add_suite(root: Element, name: str, cases: Sequence[_Case], a: Assessment) -> Counter[str]:
    """The counts of its cases, by the attribute that holds them."""
    suite = SubElement(root, "testsuite", name=f"bizra-load.{name}")
    if a.run.started:
        suite.set("timestamp", table.printable(a.run.started))
    properties = SubElement(suite, "properties")
    facts = [("agreement", a.agreement), ("environment", a.environment), ("baseline", a.baseline or "none"), *a.run.of_run]
    for key, value in facts:
        SubElement(properties, "property", name=key.lower(), value=table.printable(value))
    names, counts = Counter(c.name for c in cases), Counter(tests=len(cases))
    for c in cases:
        shown = c.name if names[c.name] == 1 else f"{c.name} ({c.key})"
        case = SubElement(suite, "testcase", classname=f"bizra-load.{name}", name=table.printable(shown))
        tag = "skipped" if name == CHECKS and c.status is Status.INCONCLUSIVE else _ELEMENTS.get(c.status, "system-out")
        text = table.printable(c.text)
        if tag == "system-out":
            SubElement(case, tag).text = text
        else:
            SubElement(case, tag, type=c.kind, message=text).text = text
            counts[{"failure": "failures", "error": "errors"}.get(tag, tag)] += 1
    suite.attrib.update((key, str(counts[key])) for key in ("tests", "failures", "errors", "skipped"))
    return counts
