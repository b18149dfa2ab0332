"""Whether what a cluster says of an object (`kubectl get -o json` or yaml) denies that it is rolled out, by the rules of
`kubectl rollout status` and `kubectl argo rollouts status`. An object without a status, as people write it, denies nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# of a status (Kubernetes API reference, apps/v1): at least as many as wanted; none
_AT_LEAST = {
    "updatedReplicas": "are updated",
    "updatedNumberScheduled": "are updated",
    "availableReplicas": "are available",
    "numberAvailable": "are available",
}
_NOT_THERE = {"unavailableReplicas": "are unavailable", "numberUnavailable": "are unavailable"}
# a count of 0 is left out of a status; one that a cluster wrote holds the other key
_LEFT_OUT_WHERE_0 = {"updatedReplicas": "replicas", "updatedNumberScheduled": "currentNumberScheduled"}
_REVISIONS = (("currentRevision", "updateRevision"), ("stableRS", "currentPodHash"))  # of a StatefulSet; of a Rollout
_WANTED = ("Available", "Progressing", "Healthy")
_UNWANTED = ("ReplicaFailure", "Paused", "InvalidSpec")


def unready(workload: Mapping[str, Any]) -> str:
    """What is wrong with the replicas that its status tells of; "" where nothing is, and where it has no status or an empty one
    (as kubectl writes with --dry-run).
    """
    status, spec = map_in(workload, "status"), map_in(workload, "spec")
    last = _number(map_in(workload, "metadata").get("generation"))
    if not status:
        wanted = _number(spec.get("replicas"))
        if wanted is not None and wanted < 1:
            return f"{wanted} replicas are wanted"
        return "" if last is None else f"its status does not report generation {last}"
    seen = _number(status.get("observedGeneration"))
    if seen is not None and last is not None and seen < last:
        return f"its status is of generation {seen}, not of {last}"
    return _counted(workload, status, spec) or _halfway(status, spec) or _condition(status.get("conditions"))


def deleted(thing: Mapping[str, Any]) -> str:
    """Why an object of any kind is not there to stay, "" where it is."""
    return "is being deleted" if map_in(thing, "metadata").get("deletionTimestamp") else ""


def unready_pod(pod: Mapping[str, Any]) -> str:
    """What is wrong with a pod by its status. For one that ended, its controller has made another, or counts one less."""
    status = map_in(pod, "status")
    phase = str(status.get("phase") or "")
    if phase == "Succeeded" or (phase == "Failed" and map_in(pod, "metadata").get("ownerReferences")):
        return ""
    if reason := deleted(pod):
        return reason
    if not status:
        return ""
    every = status.get("conditions")
    conditions = every if isinstance(every, list) else ()
    ready = [c.get("status") for c in conditions if isinstance(c, Mapping) and c.get("type") == "Ready"]
    return "" if ready in (["True"], [True]) else f"is not ready (phase {phase[:40] or 'unknown'})"


def map_in(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The mapping at a key; an empty one where there is none."""
    value = values.get(key)
    return value if isinstance(value, Mapping) else {}


def _counted(workload: Mapping[str, Any], status: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    if workload.get("kind") == "DaemonSet":  # one for each node that it fits
        wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
    else:
        wanted, ready = spec.get("replicas"), status.get("readyReplicas", 0)
        wanted = 1 if wanted is None else wanted  # Kubernetes' own default
    if type(ready) is not int or type(wanted) is not int or not 0 < wanted == ready:
        return f"{str(ready)[:40]} of {str(wanted)[:40]} replicas are ready"
    zeros = {key: 0 for key, other in _LEFT_OUT_WHERE_0.items() if other in status}
    counts = {**zeros, **status}
    for key, what in _AT_LEAST.items():  # of an older version of the pods, a replica is ready too
        if key in counts and not (type(counts[key]) is int and counts[key] >= wanted):
            return f"{str(counts[key])[:40]} of {wanted} replicas {what}"
    for key, what in _NOT_THERE.items():
        if status.get(key) not in (None, 0):
            return f"{str(status[key])[:40]} replicas {what}"
    if status.get("replicas", wanted) != wanted:
        return f"there are {str(status['replicas'])[:40]} replicas, not {wanted}"
    return ""


def _halfway(status: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """A rollout that stands still between two versions."""
    if "phase" in status and status["phase"] != "Healthy":  # of an Argo Rollout: Progressing, Paused, Degraded
        return f"its phase is {str(status['phase'])[:40]}"
    if spec.get("paused") or status.get("controllerPause") or status.get("pauseConditions"):
        return "its rollout is paused"
    if status.get("abort"):
        return "its rollout was aborted"
    for before, new in _REVISIONS:
        if before in status and new in status and status[before] != status[new]:
            return f"{before} is {str(status[before])[:80]}, {new} {str(status[new])[:80]}"
    return ""


def _condition(conditions: object) -> str:
    """The first condition that is not met: Available and Progressing of a Deployment, Healthy of a Rollout; "" without one."""
    if conditions is not None and not isinstance(conditions, list):
        return "its conditions are no list"
    for c in conditions or ():
        kind, reason = (c.get("type"), str(c.get("reason") or "")) if isinstance(c, Mapping) else ("", "")
        if kind in _WANTED and c.get("status") not in ("True", True):
            return f"the condition {kind} is {str(c.get('status'))[:40]}" + (f" ({reason[:80]})" if reason else "")
        if kind in _UNWANTED and c.get("status") not in ("False", False):
            return f"the condition {kind} is {str(c.get('status'))[:40]}"
    return ""


def _number(value: object) -> int | None:
    """A generation; Argo Rollouts writes that which it has seen as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return value if type(value) is int else None
