"""Alert rules as files: a rule file for Prometheus, the same as a PrometheusRule for its operator. Values -> text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from bizra_load.monitoring.rules import RUNBOOKS, AlertRule, promql_duration

INTERVAL_S = 30.0


def groups(rules: Sequence[AlertRule], interval_s: float = INTERVAL_S, runbooks: str = RUNBOOKS) -> dict[str, Any]:
    """The content of a rule file, and the spec of a PrometheusRule; groups in the order of their first rules."""
    return {
        "groups": [
            {
                "name": group,
                "interval": promql_duration(interval_s),
                "rules": [_rule(r, runbooks) for r in rules if r.group == group],
            }
            for group in dict.fromkeys(r.group for r in rules)
        ]
    }


def prometheus_rule(content: dict[str, Any], job: str) -> dict[str, Any]:
    """A PrometheusRule object (monitoring.coreos.com/v1) around the content of groups(). It has its name from the job: those of
    two jobs stand beside each other.
    """
    name = re.sub(r"[^a-z0-9]+", "-", job.lower()).strip("-")  # as Kubernetes wants names
    labels = {"app.kubernetes.io/name": "bizra-load", "app.kubernetes.io/component": "monitoring"}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"{name}-sla", "labels": labels},
        "spec": content,
    }


def labels_of(rule: AlertRule) -> dict[str, str]:
    return {"severity": rule.severity, "kind": rule.kind, "service": rule.service}


def annotations_of(rule: AlertRule, runbooks: str = RUNBOOKS) -> dict[str, str]:
    return {"summary": rule.summary, "description": rule.description, "runbook_url": f"{runbooks}#{rule.anchor}"}


def to_yaml(content: object, made_of: str) -> str:
    """YAML text whose first line names where it comes from."""
    head = f"# Made by `bizra-load alerts render` from the agreement {made_of}: change that, not this.\n"
    return head + yaml.safe_dump(content, sort_keys=False, width=10_000, allow_unicode=True)


def _rule(r: AlertRule, runbooks: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"alert": r.name, "expr": r.expr}
    if r.for_s:
        rule["for"] = promql_duration(r.for_s)
    return rule | {"labels": labels_of(r), "annotations": annotations_of(r, runbooks)}
