"""PRODUCTION-READINESS-CHECKLIST.md."""

from __future__ import annotations

from reports.documents import template
from sla.release.checklist import checklist, count
from sla.values.agreement import Agreement
from sla.values.assessment import Assessment
from sla.values.remedies import PLAIN, RemedyWords


def render(assessment: Assessment, run: str, sha256: str, agreement: Agreement, words: RemedyWords = PLAIN) -> str:
    """`run`: the run folder as seen from the document, for links; `sha256`: of its assessment.json; `agreement`: that of the
    run; `words` for what would close an open item.
    """
    sections = checklist(assessment, agreement, words)
    closed, failed, still_open = count(sections)
    return template.render(
        "checklist.md.j2",
        a=assessment,
        run=run,
        sha256=sha256,
        sections=sections,
        closed=closed,
        failed=failed,
        still_open=still_open,
        facts=[(k, v) for e in assessment.evidence if e.key == "deployment" for k, v in sorted(e.facts.items())],
        named=assessment.run.named_text,
        target=assessment.run.target_text,
    )
