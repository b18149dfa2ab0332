"""Whether a Prometheus has an agreement's alert rules loaded, as it was made: JSON for the gate "alerts active"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sla.release.rules_evidence import RULES_SCHEMA


@dataclass(frozen=True)
class RuleCheck:
    """One rule; `reason`: what is wrong with the one that is loaded, "" where nothing is."""

    alert: str
    severity: str
    reason: str


@dataclass(frozen=True)
class RulesCheck:
    """`unread`: why the rules can't be read, "" where they can; agreement_sha256: of the agreement's text; job:
    whose rules they are; checked_at: UTC. remark: on what the rules are loaded in, which fails nothing.
    """

    agreement: str
    agreement_sha256: str
    job: str
    asked: str
    checked_at: str
    unread: str
    rules: tuple[RuleCheck, ...]
    remark: str = ""

    @property
    def passed(self) -> bool:
        return not self.unread and bool(self.rules) and not any(r.reason for r in self.rules)


def in_words(check: RulesCheck) -> str:
    """One line of it."""
    if check.unread:
        return f"The alert rules in {check.asked} could not be checked: {check.unread}"
    wrong = [f"{r.alert} {r.reason}" for r in check.rules if r.reason]
    text = "; ".join(filter(None, ("; ".join(wrong) or "as the agreement has them", check.remark)))
    return f"{len(check.rules) - len(wrong)} of {len(check.rules)} alert rules are loaded in {check.asked}: {text}"


def render_json(check: RulesCheck, run: Mapping[str, str]) -> str:
    """JSON text of RULES_SCHEMA. `run`: after which load test, and the sha256 of what that measured, "" for none."""
    return json.dumps({"schema": RULES_SCHEMA, **run, **asdict(check), "passed": check.passed}, indent=2) + "\n"
