"""What a deployment's description proves: a note in Markdown, or Kubernetes manifests (YAML, or `kubectl get ... -o json`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from sla.release.evidence import EvidenceError
from sla.release.replicas import deleted, map_in, unready, unready_pod
from sla.values.assessment import Evidence, Status

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")  # of Kubernetes objects: it goes into shell commands as it is
# Empty brackets, an empty or crossed box, or a checkbox of HTML without "checked" is one anywhere. Any other mark is one at the
# beginning of a line or of a table's cell, behind marks of headings, quotes and lists, where it is not part of a link or
# footnote.
_BOX = re.compile(
    r"(?:(?:^|\|)(?:\s|>|\#{1,6}(?=\s)|[-*+\u2022\u00b7\u2013\u2014](?=\s)|\(?(?:\d{1,9}(?:\.\d{1,9}){0,9}[.)]?|[A-Za-z][.)])(?=\s)"
    r"|[*_~]{1,3}(?=\[))*+"
    r"\[(?P<mark>\s*+(?:[^\]\s]|to-?do|wip|tbd|open|pending|blocked|later|missing|fail(?:ed)?|not?[ -]?done|in[ -]progress"
    r"|no|n/a|&nbsp;|[-_.?~]{2,9})?\s*+)\](?![(\[:]))"
    r"|\\?\[\s*+\\?\]|[\u2610\u2b1c\u25a1\u25a2\u25fb\U0001f532\u2612\u2716-\u2718\u274c\u274e\U0001f6a7]|&\#(?:9744|x2610);"
    r"|<input\b(?=[^>]{0,200}\btype=[\"']?checkbox\b)(?![^>]{0,200}\schecked\b)[^>]{0,200}>",
    re.IGNORECASE,
)
# a link's address, as CommonMark 4.7 has it: words behind a colon are a legend, which defines no link
_DEFINED = re.compile(r"^\s{0,3}\[([^\]\s])\]:\s*+\S*[/.#]\S*(?:\s+[\"'(][^\n]*)?$", re.MULTILINE)
_FENCE = re.compile(r"(?P<before>[\s>*+\-\d.)]*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)")
_TICKED = ("x", "X")
# Kubernetes' grammar of quantities; with 0 of anything it sets no limit
_QUANTITY = re.compile(r"\+?(\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,3}|[KMGTPE]i|[numkMGTPE])?")
_HEADING = re.compile(r"^#[^\S\n]+(\S.*)$", re.MULTILINE)


def of_text(text: str, quoted: bool = True) -> tuple[Evidence, ...]:
    """A note: its heading becomes a fact; boxes that are not ticked leave the item open. `quoted` False: it is no Markdown by
    its name, and may be any file: nothing of it is repeated.
    """
    if not text.strip():
        raise EvidenceError("is empty (allowed: Markdown, or Kubernetes manifests as YAML or JSON)")
    lines = text.splitlines()  # every kind of line end
    text = "\n".join(lines)
    heading = _HEADING.search(text)
    facts = {"note": heading[1].strip()[:200]} if heading and quoted else {}
    boxes = list(_boxes(lines, {*_DEFINED.findall(text)}))
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


def _boxes(lines: Sequence[str], defined: Set[str]) -> Iterator[tuple[str, str]]:
    """(mark, what stands behind it) of each; the mark of an empty one is empty, or white space."""
    for line in _outside_fences(lines):
        found = [box for box in _BOX.finditer(line) if box["mark"] is None or box["mark"] not in defined]
        for box, end in zip(found, [*(box.start() for box in found[1:]), len(line)], strict=False):
            yield box["mark"] or "", line[box.end() : end].partition("|")[0].strip()[:80]


def _outside_fences(lines: Sequence[str]) -> Sequence[str]:
    """Without fenced code (CommonMark 4.5). Where a fence is never closed, or one may lie in a list or quote and end with that,
    lines are left in: rather one box too many.
    """
    fences = [_FENCE.fullmatch(line) for line in lines]
    if any(f["before"] for f in fences if f):
        return lines
    kept, held, fence = list[str](), list[str](), ""
    for line, found in zip(lines, fences, strict=True):
        if fence:
            held.append(line)
            if found and found["fence"].startswith(fence) and not found["info"].strip():
                held, fence = [], ""
        elif found:
            fence = found["fence"]
        else:
            kept.append(line)
    return kept + held


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
            if not all(map_in(c, probe) for probe in ("readinessProbe", "livenessProbe")):
                unprobed.append(where)
            limits = map_in(map_in(c, "resources"), "limits")
            if not (_is_limit(limits.get("cpu")) and _is_limit(limits.get("memory"))):
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


def _is_limit(value: object) -> bool:
    quantity = _QUANTITY.fullmatch(str(value)) if isinstance(value, int | float | str) else None
    return quantity is not None and float(quantity[1]) > 0


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
