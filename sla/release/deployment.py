"""What a deployment's description proves: a note in Markdown, or Kubernetes manifests (YAML, or `kubectl get ... -o json`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sla.release.evidence import EvidenceError
from sla.values.assessment import Evidence, Status

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout")
# of a status (Kubernetes API reference, apps/v1): at least as many as wanted; none
_UPDATED = {"updatedReplicas": "are updated", "updatedNumberScheduled": "are updated"}
_NOT_THERE = {"unavailableReplicas": "are unavailable", "numberUnavailable": "are unavailable"}
_WANTED = ("Available", "Progressing", "Healthy")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")  # of Kubernetes objects: it goes into shell commands as it is
# A box at the beginning of a line or of a table's cell, behind any marks of quotes and lists (CommonMark 5.1, 5.2): nothing, or
# one character that is not part of a link or footnote. Nothing here runs over the end of a line.
_BOX = re.compile(
    r"(?:^|\|)(?:[^\S\n]|>|[-*+](?=[^\S\n])|\d{1,9}[.)](?=[^\S\n]))*+"
    r"\[(?P<mark>[^\S\n]*+[^\]\s]?[^\S\n]*+)\](?![(\[:])(?P<what>[^\n|]*)",
    re.MULTILINE,
)
_TICKED = ("x", "X")
_HEADING = re.compile(r"^#[^\S\n]+(\S.*)$", re.MULTILINE)


def of_text(text: str, quoted: bool = True) -> tuple[Evidence, ...]:
    """A note: its heading becomes a fact; boxes that are not ticked leave the item open. `quoted` False: it is no Markdown by
    its name, and may be any file: nothing of it is repeated.
    """
    if not text.strip():
        raise EvidenceError("is empty (allowed: Markdown, or Kubernetes manifests as YAML or JSON)")
    text = "\n".join(text.splitlines())  # every kind of line end
    heading = _HEADING.search(text)
    facts = {"note": heading[1].strip()[:200]} if heading and quoted else {}
    boxes = [(box["mark"], box["what"].strip()[:80]) for box in _BOX.finditer(text)]
    still_open = [what for mark, what in boxes if mark not in _TICKED]
    if still_open:
        unknown = any(mark.strip() for mark, _ in boxes if mark not in _TICKED)
        reason = f"{len(still_open)} of {len(boxes)} boxes of the note are open"
        reason += " or marked otherwise than [x]" if unknown else ""
        named = "; ".join([what for what in still_open if what][:3])
        reason += f": {named}" if quoted and named else ""
        return (Evidence("deployment", Status.INCONCLUSIVE, reason, facts=facts),)
    ticked = f"{len(boxes)} of {len(boxes)} boxes of the note are ticked; " if boxes else ""
    return (Evidence("deployment", Status.PASS, f"{ticked}given by the operator", facts=facts),)


def of_manifests(documents: Sequence[object]) -> tuple[Evidence, ...]:
    """The workloads among the objects: are their replicas ready (where there is a status), probed, and limited?"""
    workloads = [o for o in _objects(documents) if o.get("kind") in WORKLOADS]
    if not workloads:
        raise EvidenceError(f"kind: no workload is in it (allowed: {', '.join(WORKLOADS)}, or a list with one)")
    unready, unprobed, unlimited, images = [], [], [], []
    for w in workloads:
        name = str(_map(w, "metadata").get("name", "?"))
        if reason := _unready(w):
            unready.append(f"{name}: {reason}")
        containers = _map(_map(_map(w, "spec"), "template"), "spec").get("containers")
        if not isinstance(containers, list) or not containers:
            raise EvidenceError(f"{name}.spec.template.spec.containers: is missing")
        for c in containers:
            if not isinstance(c, Mapping):
                raise EvidenceError(f"{name}.spec.template.spec.containers: holds something that is no container")
            where = f"{name}/{c.get('name', '?')}"
            images.append(str(c.get("image", "?")))
            if not all(isinstance(c.get(probe), Mapping) for probe in ("readinessProbe", "livenessProbe")):
                unprobed.append(where)
            limits = _map(_map(c, "resources"), "limits")
            if not (limits.get("cpu") and limits.get("memory")):
                unlimited.append(where)
    first = _map(workloads[0], "metadata")
    facts = {"kind": str(workloads[0]["kind"]), "images": ", ".join(images)[:500]}
    for key in ("name", "namespace"):
        if key in first and _NAME.fullmatch(str(first[key])):
            facts[key] = str(first[key])
    named = ", ".join(str(_map(w, "metadata").get("name", "?")) for w in workloads)
    live = "and its replicas are ready" if all(_map(w, "status") for w in workloads) else "as the operator describes it"
    return (
        _all("deployment", unready, f"{named}, {live}", facts),
        _all("health-probes", [f"no readiness and liveness probe: {x}" for x in unprobed], "every container has both probes"),
        _all("resource-limits", [f"no CPU and memory limit: {x}" for x in unlimited], "every container has both limits"),
    )


def _unready(workload: Mapping[str, Any]) -> str:
    """What is wrong with the replicas that its status tells of; "" where nothing is, and where it has no status or an empty one
    (as kubectl writes with --dry-run).
    """
    status, spec = _map(workload, "status"), _map(workload, "spec")
    if not status:
        return ""
    if workload.get("kind") == "DaemonSet":  # one for each node that it fits
        wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
    else:
        wanted, ready = spec.get("replicas"), status.get("readyReplicas", 0)
        wanted = 1 if wanted is None else wanted  # Kubernetes' own default
    seen, last = status.get("observedGeneration"), _map(workload, "metadata").get("generation")
    if type(seen) is int and type(last) is int and seen < last:
        return f"its status is of generation {seen}, not of {last}"
    if type(ready) is not int or type(wanted) is not int or not 0 < wanted == ready:
        return f"{str(ready)[:40]} of {str(wanted)[:40]} replicas are ready"
    for key, what in _UPDATED.items():  # of an older version of the pods, a replica is ready too
        if key in status and not (type(status[key]) is int and status[key] >= wanted):
            return f"{str(status[key])[:40]} of {wanted} replicas {what}"
    for key, what in _NOT_THERE.items():
        if status.get(key) not in (None, 0):
            return f"{str(status[key])[:40]} replicas {what}"
    return _condition(status.get("conditions"))


def _condition(conditions: object) -> str:
    """The first condition that is not met: Available and Progressing of a Deployment, Healthy of a Rollout; "" without one."""
    for c in conditions if isinstance(conditions, list) else ():
        kind, reason = (c.get("type"), str(c.get("reason") or "")) if isinstance(c, Mapping) else ("", "")
        if kind in _WANTED and c.get("status") not in ("True", True):
            return f"the condition {kind} is {str(c.get('status'))[:40]}" + (f" ({reason[:80]})" if reason else "")
        if kind == "ReplicaFailure" and c.get("status") not in ("False", False):
            return f"the condition ReplicaFailure is {str(c.get('status'))[:40]}"
    return ""


def _all(key: str, wrong: Sequence[str], otherwise: str, facts: Mapping[str, str] | None = None) -> Evidence:
    return Evidence(key, Status.FAIL if wrong else Status.PASS, "; ".join(wrong) if wrong else otherwise, facts=facts or {})


def _objects(documents: Sequence[object]) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        if isinstance(document, Mapping):
            items = document.get("items")
            if isinstance(items, list):
                yield from (i for i in items if isinstance(i, Mapping))
            else:
                yield document


def _map(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, Mapping) else {}
