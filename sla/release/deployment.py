"""What a deployment's description proves: a note in Markdown, or Kubernetes manifests (YAML, or `kubectl get ... -o json`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sla.release.evidence import EvidenceError
from sla.release.replicas import deleted, map_in, unready, unready_pod
from sla.values.assessment import Evidence, Status

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout")
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
    """The workloads among the objects: are they rolled out (where there is a status), probed, and limited?
    Pods beside them, too, must be ready.
    """
    objects = list(_objects(documents))
    workloads = [o for o in objects if o.get("kind") in WORKLOADS]
    if not workloads:
        raise EvidenceError(f"kind: no workload is in it (allowed: {', '.join(WORKLOADS)}, or a list with one)")
    unready_ones, unprobed, unlimited, images = [*_beside(objects)], [], [], []
    for w in workloads:
        name = str(map_in(w, "metadata").get("name", "?"))
        if reason := deleted(w) or unready(w):
            unready_ones.append(f"{name}: {reason}")
        containers = map_in(map_in(map_in(w, "spec"), "template"), "spec").get("containers")
        if not isinstance(containers, list) or not containers:
            raise EvidenceError(f"{name}.spec.template.spec.containers: is missing")
        for c in containers:
            if not isinstance(c, Mapping):
                raise EvidenceError(f"{name}.spec.template.spec.containers: holds something that is no container")
            where = f"{name}/{c.get('name', '?')}"
            images.append(str(c.get("image", "?")))
            if not all(isinstance(c.get(probe), Mapping) for probe in ("readinessProbe", "livenessProbe")):
                unprobed.append(where)
            limits = map_in(map_in(c, "resources"), "limits")
            if not (limits.get("cpu") and limits.get("memory")):
                unlimited.append(where)
    first = map_in(workloads[0], "metadata")
    facts = {"kind": str(workloads[0]["kind"]), "images": ", ".join(images)[:500]}
    for key in ("name", "namespace"):
        if key in first and _NAME.fullmatch(str(first[key])):
            facts[key] = str(first[key])
    named = ", ".join(str(map_in(w, "metadata").get("name", "?")) for w in workloads)
    live = "and its replicas are ready" if all(map_in(w, "status") for w in workloads) else "as the operator describes it"
    return (
        _all("deployment", unready_ones, f"{named}, {live}", facts),
        _all("health-probes", [f"no readiness and liveness probe: {x}" for x in unprobed], "every container has both probes"),
        _all("resource-limits", [f"no CPU and memory limit: {x}" for x in unlimited], "every container has both limits"),
    )


def _all(key: str, wrong: Sequence[str], otherwise: str, facts: Mapping[str, str] | None = None) -> Evidence:
    return Evidence(key, Status.FAIL if wrong else Status.PASS, "; ".join(wrong) if wrong else otherwise, facts=facts or {})


def _beside(objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What pods and other objects that are no workloads deny."""
    for thing in objects:
        kind = thing.get("kind")
        if kind not in WORKLOADS and (reason := unready_pod(thing) if kind == "Pod" else deleted(thing)):
            yield f"{str(kind)[:80]} {str(map_in(thing, 'metadata').get('name', '?'))[:253]} {reason}"


def _objects(documents: Sequence[object], kind: str = "") -> Iterator[Mapping[str, Any]]:
    """The objects of all lists, also of lists within lists. Those of a DeploymentList may leave out their own kind."""
    for document in documents:
        if isinstance(document, Mapping):
            items = document.get("items")
            if isinstance(items, list):
                yield from _objects(items, str(document.get("kind", "")).removesuffix("List"))
            else:
                yield document if document.get("kind") or not kind else {**document, "kind": kind}
