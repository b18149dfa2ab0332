"""What a workload's own status says of its replicas, probes and limits, by kind."""

import pytest

from sla.release.deployment import of_manifests
from sla.release.evidence import EvidenceError
from sla.values.assessment import Status
from tests.unit.sla.release.test_evidence import by_key, manifest


def conditions(**statuses):
    return {"conditions": [{"type": kind, "status": status, "reason": "Because"} for kind, status in statuses.items()]}


@pytest.mark.parametrize(
    ("kind", "replicas", "status", "said"),
    [
        ("Deployment", 0, {"replicas": 0}, "0 of 0 replicas are ready"),
        ("Deployment", 3, {"readyReplicas": "3"}, None),
        ("Deployment", True, {"readyReplicas": 1}, "1 of True replicas are ready"),
        ("Deployment", 3, {"readyReplicas": 3, "observedGeneration": 1}, "its status is of generation 1, not of 2"),
        ("Deployment", 3, {"readyReplicas": 3, "observedGeneration": 2}, ""),
        ("Deployment", 3, {"readyReplicas": 3, "updatedReplicas": 1}, "1 of 3 replicas are updated"),
        ("Deployment", 3, {"readyReplicas": 3, "updatedReplicas": 3, "unavailableReplicas": 1}, "1 replicas are unavailable"),
        ("Deployment", 1, {"readyReplicas": 1} | conditions(Available="False"), "the condition Available is False"),
        ("Deployment", 1, {"readyReplicas": 1} | conditions(Progressing="False"), "Progressing is False (Because)"),
        ("Deployment", 1, {"readyReplicas": 1} | conditions(Available="Unknown"), "the condition Available is Unknown"),
        ("Deployment", 1, {"readyReplicas": 1} | conditions(ReplicaFailure="True"), "the condition ReplicaFailure is True"),
        ("Deployment", 1, {"readyReplicas": 1} | conditions(Available="True", Progressing="True", Other="False"), ""),
        ("DaemonSet", None, {"desiredNumberScheduled": 2, "numberReady": 2, "updatedNumberScheduled": 1}, "1 of 2"),
        ("DaemonSet", None, {"desiredNumberScheduled": 2, "numberReady": 2}, ""),
        ("DaemonSet", None, {"desiredNumberScheduled": 2, "numberReady": 1}, "1 of 2 replicas are ready"),
        ("DaemonSet", None, {"desiredNumberScheduled": 0, "numberReady": 0}, "0 of 0 replicas are ready"),
    ],
)
def test_replicas_are_ready_when_all_of_at_least_one_are(kind, replicas, status, said):
    workload = manifest() | {"kind": kind, "status": status}
    workload["metadata"] |= {"generation": 2}
    workload["spec"] |= {"replicas": replicas}
    e = by_key(of_manifests([workload]))["deployment"]
    assert e.status is (Status.FAIL if said != "" else Status.PASS)
    assert (said or "") in e.reason


@pytest.mark.parametrize("status", [None, {}])
def test_a_status_that_holds_nothing_is_none(status):
    """As kubectl create --dry-run writes it."""
    e = by_key(of_manifests([manifest() | {"status": status}]))["deployment"]
    assert (e.status, e.reason) == (Status.PASS, "bizra-node, as the operator describes it")


@pytest.mark.parametrize(
    "container", [{"livenessProbe": None}, {"readinessProbe": "yes"}, {"resources": {"limits": {"cpu": None, "memory": "1Gi"}}}]
)
def test_a_probe_or_a_limit_that_is_none_is_missing(container):
    found = by_key(of_manifests([manifest(**container)]))
    assert found["resource-limits" if "resources" in container else "health-probes"].status is Status.FAIL


def test_what_is_no_container_is_no_workload():
    workload = manifest()
    workload["spec"]["template"]["spec"]["containers"] = ["text"]
    with pytest.raises(EvidenceError, match="holds something that is no container"):
        of_manifests([workload])
