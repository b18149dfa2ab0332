"""What a deployment's description proves: a note in Markdown, or Kubernetes manifests (YAML, or `kubectl get ... -o json`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from sla.release.evidence_fields import EvidenceError
from sla.release.replicas import deleted, map_in, unready, unready_pod
from sla.values.assessment import Evidence, Status

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")  # of Kubernetes objects: it goes into shell commands as it is
# Empty brackets, an empty or crossed box, or a word for what is not done is one anywhere, a mark alone at the end of a line.
# Any other mark is one at the beginning of a line or of a table's cell, behind marks of headings, quotes and lists, where it is
# not part of a link or footnote.
_UNDONE = r"to-?do|wip|tbd|pending|blocked|fail(?:ed)?|not?[ -]?(?:done|yet)|in[ -]progress|ongoing|undone|incomplete|no"
_BOX = re.compile(
    r"(?:(?:^|\|)(?:\s|>|\#{1,6}(?=\s)|[-*+\u2022\u00b7\u2013\u2014](?=\s)|\(?(?:\d{1,9}(?:\.\d{1,9}){0,9}[.)]?|[A-Za-z][.)])(?=\s)"
    r"|[*_~]{1,3}(?=\[))*+"
    rf"\[(?P<mark>\s*+(?:[^\]\s]|{_UNDONE}|open|later|missing|skipped|deferred|unchecked|n/a|&nbsp;|[-_.?~]{{2,9}})?\s*+)\](?![(\[]))"
    rf"|(?<=\s)\[\s*+(?:{_UNDONE})\s*+\](?![(\[:])"
    r"|(?<=\s)\[\s*+[-_.?!~]{1,9}\s*+\](?=\s*+$)"
    r"|\\?\[\s*+\\?\]|[\u2610\u2b1c\u25a1\u25a2\u25fb\U0001f532\u2612\u2716-\u2718\u274c\u274e\U0001f6a7]|&\#(?:9744|x2610)\b"
    r"|[\u2573\u26d4\u25fd]"
    r"|:(?:x|white_large_square|white_medium_square|negative_squared_cross_mark|no_entry|no_entry_sign|construction|red_circle):",
    re.IGNORECASE,
)
# a link's address, as CommonMark 4.7 has it: words behind a colon are a legend, which defines no link
_DEFINED = re.compile(r"^\s{0,3}\[([^\]\s])\]:\s*+\S*[/.#]\S*(?:\s+[\"'(][^\n]*)?$", re.MULTILINE)
_INPUT = re.compile(r"<input\b((?:[^<>\"']|\"[^\"]*\"|'[^']*'){0,500})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([^\s=\"'<>/]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>\"']+))?")
_BRACKETS = str.maketrans("\uff3b\uff3d\u3010\u3011", "[][]")  # of Chinese and Japanese keyboards
_FENCE = re.compile(r"(?P<before>[\s>*+\-\d.)]*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)")
_TICKED = ("x", "X", "\u2713", "\u2714", "\u2611")
# Kubernetes' grammar of quantities; with 0 of anything it sets no limit
_QUANTITY = re.compile(r"\+?(\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,3}|[KMGTPE]i|[numkMGTPE])?")
_HEADING = re.compile(r"^#[^\S\n]+(\S.*)$", re.MULTILINE)


def of_text(text: str, quoted: bool = True) -> tuple[Evidence, ...]:
    """A note: its heading becomes a fact; boxes that are not ticked leave the item open. `quoted` False: it is no Markdown by
    its name, and may be any file: nothing of it is repeated.
    """
    if not text.strip():
        raise EvidenceError("is empty (allowed: Markdown, or Kubernetes manifests as YAML or JSON)")
    lines = _INPUT.sub(_checkbox, text.translate(_BRACKETS)).splitlines()  # every kind of line end
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
        boxes = [box for box in _BOX.finditer(line) if not _is_reference(box, line, defined)]
        for box, end in zip(boxes, [*(box.start() for box in boxes[1:]), len(line)], strict=False):
            yield box["mark"] or "", line[box.end() : end].partition("|")[0].strip()[:80]


def _is_reference(box: re.Match[str], line: str, defined: Set[str]) -> bool:
    """Whether it is one of a link or a footnote: what it stands for is given elsewhere, or behind its colon."""
    mark = box["mark"]
    return mark is not None and (mark in defined or (mark.isdigit() and line.startswith(":", box.end())))


def _checkbox(element: re.Match[str]) -> str:
    """A checkbox of HTML that is not ticked as an empty box of Markdown, a ticked one as nothing; other inputs as they are."""
    attributes = {name.lower(): value.strip("\"'").lower() for name, value in _ATTRIBUTE.findall(element[1])}
    if attributes.get("type") != "checkbox":
        return element[0]
    return "" if "checked" in attributes else "[ ]"


def _outside_fences(lines: Sequence[str]) -> Sequence[str]:
    """Without fenced code (CommonMark 4.5). Where a fence is never closed, or one may lie in a list, a quote or a comment of
    HTML and end with that, lines are left in: rather one box too many.
    """
    fences = [_FENCE.fullmatch(line) for line in lines]
    if any(f["before"] for f in fences if f) or any("<!--" in line for line in lines):
        return lines
    kept, held, fence = list[str](), list[str](), ""
    for line, match in zip(lines, fences, strict=True):
        if fence:
            held.append(line)
            if match and match["fence"].startswith(fence) and not match["info"].strip():
                held, fence = [], ""
        elif match:
            fence = match["fence"]
        else:
            kept.append(line)
    return kept + held


def of_manifests(documents: Sequence[object]) -> tuple[Evidence, ...]:
    """The workloads among the objects: are they rolled out (where there is a status), probed, and limited?
    Pods beside them, too, must be ready.
    """
    objects = list(_objects(documents))
    workloads = _with_pods(objects)
    if not workloads:
        raise EvidenceError(f"kind: no workload is in it (allowed: {', '.join(WORKLOADS)}, or a list with one)")
    unready_ones, unprobed, unlimited, images = [*_beside(objects)], [], [], []
    for w in workloads:
        name = _name_of(w)
        if reason := deleted(w) or unready(w):
            unready_ones.append(f"{name}: {reason}")
        for c in _containers(w):
            where = f"{name}/{_printable(c.get('name', '?'))}"
            images.append(_printable(c.get("image", "?")))
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
    named = ", ".join(map(_name_of, workloads))
    live = "and its replicas are ready" if all(map_in(w, "status") for w in workloads) else "as the operator describes it"
    return (
        _all("deployment", unready_ones, f"{named}, {live}", facts),
        _all("health-probes", [f"no readiness and liveness probe: {x}" for x in unprobed], "every container has both probes"),
        _all("resource-limits", [f"no CPU and memory limit: {x}" for x in unlimited], "every container has both limits"),
    )


def _with_pods(objects: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The workloads. A Rollout may run the pods that another object describes (spec.workloadRef: a Deployment, which it scales
    down, a ReplicaSet, a PodTemplate): the two are one then, with the Rollout's name and status. Raises EvidenceError where the
    other is not there.
    """
    lent, whole = [], []
    for w in (o for o in objects if o.get("kind") in WORKLOADS):
        spec = map_in(w, "spec")
        if w["kind"] == "Rollout" and (ref := map_in(spec, "workloadRef")):
            other = next((o for o in objects if o.get("kind") != "Rollout" and _is_named(o, ref, w)), None)
            if other is None:
                shown = " ".join(_printable(ref.get(key, "?")) for key in ("kind", "name"))
                raise EvidenceError(f"{_name_of(w)}.spec.workloadRef: {shown} is not in the file, and with it no container")
            lent.append(other)
            template = map_in(map_in(other, "spec"), "template") or map_in(other, "template")
            w = {**w, "spec": {**spec, "template": template}}
        whole.append(w)
    return [w for w in whole if not any(w is other for other in lent)]


def _is_named(thing: Mapping[str, Any], ref: Mapping[str, Any], by: Mapping[str, Any]) -> bool:
    """By kind and name, and in the same namespace; where one of them says none, it is the one it is applied to."""
    namespaces = {map_in(o, "metadata").get("namespace") for o in (thing, by)} - {None}
    named = (thing.get("kind"), map_in(thing, "metadata").get("name")) == (ref.get("kind"), ref.get("name"))
    return named and len(namespaces) < 2


def _containers(workload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those that run as long as the pod: sidecars that are begun before the others, too. Raises EvidenceError."""
    pod = map_in(map_in(map_in(workload, "spec"), "template"), "spec")
    lasting = []
    for key in ("containers", "initContainers"):
        where, containers = f"{_name_of(workload)}.spec.template.spec.{key}", pod.get(key)
        if key == "containers" and (not isinstance(containers, list) or not containers):
            raise EvidenceError(f"{where}: is missing")
        for c in containers if isinstance(containers, list) else ():
            if not isinstance(c, Mapping):
                raise EvidenceError(f"{where}: holds something that is no container")
            if key == "containers" or c.get("restartPolicy") == "Always":
                lasting.append(c)
    return lasting


def _name_of(thing: Mapping[str, Any]) -> str:
    return _printable(map_in(thing, "metadata").get("name", "?"))


def _printable(value: object) -> str:
    """For one line of a terminal and a report, whatever stands in the file."""
    return "".join(c if c.isprintable() else "?" for c in str(value)[:253])


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
            yield f"{_printable(kind)[:80]} {_name_of(thing)} {reason}"


def _objects(documents: Sequence[object], kind: str = "") -> Iterator[Mapping[str, Any]]:
    """The objects of all lists, also of lists within lists. Those of a DeploymentList may leave out their own kind."""
    for document in documents:
        if isinstance(document, Mapping):
            items = document.get("items")
            if isinstance(items, list):
                yield from _objects(items, str(document.get("kind", "")).removesuffix("List"))
            else:
                yield document if document.get("kind") or not kind else {**document, "kind": kind}
