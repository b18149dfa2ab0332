"""What a workload's own status says of its replicas, probes and limits, by kind."""

import pytest

from sla.release.deployment import of_manifests
from sla.release.evidence_fields import EvidenceError
from sla.values.assessment import Status
from tests.unit.sla.release.test_evidence import by_key, manifest

FULL = {"observedGeneration": 2, "replicas": 3, "readyReplicas": 3, "availableReplicas": 3}


def conditions(**statuses):
    return {"conditions": [{"type": kind, "status": status, "reason": "Because"} for kind, status in statuses.items()]}


@pytest.mark.parametrize(
    ("kind", "replicas", "status", "message"),
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
        (
            "Deployment",
            1,
            {"readyReplicas": 1, "conditions": {"type": "Available", "status": "False"}},
            "conditions are no list",
        ),
        ("Deployment", 3, FULL | {"updatedReplicas": 3}, ""),
        ("Deployment", 3, FULL, "0 of 3 replicas are updated"),  # kubectl leaves out a 0
        ("Deployment", 3, FULL | {"updatedReplicas": 3, "replicas": 4}, "there are 4 replicas, not 3"),
        ("Deployment", 3, {"readyReplicas": 3, "availableReplicas": 2}, "2 of 3 replicas are available"),
        (
            "StatefulSet",
            3,
            {"readyReplicas": 3, "currentRevision": "a", "updateRevision": "b"},
            "currentRevision is a, updateR",
        ),
        ("StatefulSet", 3, {"readyReplicas": 3, "currentRevision": "b", "updateRevision": "b"}, ""),
        ("StatefulSet", 3, FULL | {"updatedReplicas": 1}, "1 of 3 replicas are updated"),
        ("Rollout", 3, {"readyReplicas": 3, "phase": "Degraded"}, "its phase is Degraded"),
        ("Rollout", 3, {"readyReplicas": 3, "phase": "Paused"}, "its phase is Paused"),
        ("Rollout", 3, {"readyReplicas": 3, "phase": "Progressing"}, "its phase is Progressing"),
        ("Rollout", 3, {"readyReplicas": 3, "phase": ""}, "its phase is "),
        ("Rollout", 3, {"readyReplicas": 3, "phase": "Healthy"}, ""),
        ("Rollout", 3, {"readyReplicas": 3, "pauseConditions": [{"reason": "CanaryPauseStep"}]}, "its rollout is paused"),
        ("Rollout", 3, {"readyReplicas": 3, "abort": True}, "its rollout was aborted"),
        ("Rollout", 3, {"readyReplicas": 3, "stableRS": "a", "currentPodHash": "b"}, "stableRS is a, currentPodHash b"),
        ("Rollout", 3, {"readyReplicas": 3, "observedGeneration": "1"}, "its status is of generation 1, not of 2"),
        ("Rollout", 3, {"readyReplicas": 3, "observedGeneration": "2"}, ""),
        ("Rollout", 3, {"readyReplicas": 3} | conditions(Paused="True"), "the condition Paused is True"),
        ("Deployment", 3, {}, "its status does not report generation 2"),
        ("DaemonSet", None, {"desiredNumberScheduled": 2, "numberReady": 2, "currentNumberScheduled": 2}, "0 of 2"),
        ("DaemonSet", None, {"desiredNumberScheduled": 2, "numberReady": 2, "updatedNumberScheduled": 1}, "1 of 2"),
        ("DaemonSet", None, {"desiredNumberScheduled": 2, "numberReady": 2}, ""),
        ("DaemonSet", None, {"desiredNumberScheduled": 2, "numberReady": 1}, "1 of 2 replicas are ready"),
        ("DaemonSet", None, {"desiredNumberScheduled": 0, "numberReady": 0}, "0 of 0 replicas are ready"),
    ],
)
def test_replicas_are_ready_when_all_of_at_least_one_are(kind, replicas, status, message):
    workload = manifest() | {"kind": kind, "status": status}
    workload["metadata"] |= {"generation": 2}
    workload["spec"] |= {"replicas": replicas}
    e = by_key(of_manifests([workload]))["deployment"]
    assert e.status is (Status.FAIL if message != "" else Status.PASS)
    assert (message or "") in e.reason


@pytest.mark.parametrize("replicas", [0, -3])
def test_none_that_are_wanted_are_no_deployment(replicas):
    workload = manifest()
    workload["spec"] |= {"replicas": replicas}
    e = by_key(of_manifests([workload]))["deployment"]
    assert (e.status, e.reason) == (Status.FAIL, f"bizra-node: {replicas} replicas are wanted")


@pytest.mark.parametrize("limit", [1, 0.5, "500m", "1.5", "2e3", "512Mi", "1G", ".5", "+1", "4Ei"])
def test_a_quantity_is_a_limit(limit):
    whole = manifest()
    whole["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": limit, "memory": limit}}
    assert by_key(of_manifests([whole]))["resource-limits"].status is Status.PASS


@pytest.mark.parametrize("status", [None, {}])
def test_a_status_that_holds_nothing_is_none(status):
    """As kubectl create --dry-run writes it."""
    e = by_key(of_manifests([manifest() | {"status": status}]))["deployment"]
    assert (e.status, e.reason) == (Status.PASS, "bizra-node, as the operator describes it")


@pytest.mark.parametrize(
    "container",
    [
        {"livenessProbe": None},
        {"readinessProbe": "yes"},
        {"readinessProbe": {}},
        *(
            {"resources": {"limits": {"cpu": cpu, "memory": "1Gi"}}}
            for cpu in (None, "0", 0, "0.0", "0m", "", "unlimited", "none", -1, "0e3", [1], float("inf"), " 0", "2024-01-01")
        ),
        {"resources": {"limits": {"cpu": 1, "memory": "0Mi"}}},
    ],
)
def test_a_probe_or_a_limit_that_is_none_is_missing(container):
    evidence = by_key(of_manifests([manifest(**container)]))
    assert evidence["resource-limits" if "resources" in container else "health-probes"].status is Status.FAIL


@pytest.mark.parametrize(("policy", "status"), [("Always", Status.FAIL), (None, Status.PASS)])
def test_a_sidecar_that_begins_before_the_others_runs_as_long_and_one_that_ends_does_not(policy, status):
    workload = manifest()
    workload["spec"]["template"]["spec"]["initContainers"] = [{"name": "proxy", "image": "i", "restartPolicy": policy}]
    evidence = by_key(of_manifests([workload]))
    assert {evidence[key].status for key in ("health-probes", "resource-limits")} == {status}


def test_a_name_that_no_cluster_would_take_stays_in_its_line():
    workload = manifest() | {"status": {"readyReplicas": 0}}
    workload["metadata"]["name"] = "node\n\x1b[31mPASS"
    assert by_key(of_manifests([workload]))["deployment"].reason.startswith("node??[31mPASS: ")


def test_what_is_no_container_is_no_workload():
    workload = manifest()
    workload["spec"]["template"]["spec"]["containers"] = ["text"]
    with pytest.raises(EvidenceError, match="holds something that is no container"):
        of_manifests([workload])


def pod(phase, ready, **metadata):
    status = {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}
    return {"kind": "Pod", "metadata": {"name": "p", **metadata}, "status": status}


NOW = "2026-11-26T12:00:00Z"


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        (pod("Running", "True"), ""),
        (pod("Running", "False"), "Pod p is not ready (phase Running)"),
        (pod("Pending", "False"), "Pod p is not ready (phase Pending)"),
        (pod("Running", "True", deletionTimestamp=NOW), "Pod p is being deleted"),
        (pod("Succeeded", "False"), ""),
        (pod("Failed", "False", ownerReferences=[{"kind": "ReplicaSet"}]), ""),
        (pod("Failed", "False"), "Pod p is not ready (phase Failed)"),
        ({"kind": "Pod", "metadata": {"name": "p"}}, ""),
        ({"kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Running", "conditions": 1}}, "Pod p is not ready"),
        ({"kind": "Service", "metadata": {"name": "s", "deletionTimestamp": NOW}}, "Service s is being deleted"),
    ],
)
def test_what_stands_beside_a_workload_must_be_there_to_stay(beside, message):
    e = by_key(of_manifests([{"kind": "List", "items": [manifest(), beside]}]))["deployment"]
    assert e.status is (Status.FAIL if message else Status.PASS)
    assert message in e.reason


def test_a_workload_that_is_being_deleted_is_not_rolled_out():
    workload = manifest() | {"status": {"readyReplicas": 3}}
    workload["metadata"]["deletionTimestamp"] = NOW
    e = by_key(of_manifests([workload]))["deployment"]
    assert (e.status, e.reason) == (Status.FAIL, "bizra-node: is being deleted")


@pytest.mark.parametrize("kind", ["Deployment", None])
def test_workloads_of_lists_within_lists_are_seen(kind):
    unready = manifest() | {"kind": kind, "status": {"readyReplicas": 1}}
    nested = {"kind": "List", "items": [{"kind": "List", "items": [{"kind": "DeploymentList", "items": [unready]}]}]}
    e = by_key(of_manifests([nested, manifest()]))["deployment"]
    assert (e.status, e.reason) == (Status.FAIL, "bizra-node: 1 of 3 replicas are ready")


def rollout(kind="Deployment", name="bizra-node", **status):
    spec = {"replicas": 2, "workloadRef": {"apiVersion": "apps/v1", "kind": kind, "name": name}}
    metadata = {"name": "poi", "namespace": "testnet"}
    return {"kind": "Rollout", "metadata": metadata, "spec": spec, "status": {"phase": "Healthy", **status}}


@pytest.mark.parametrize("namespace", ["testnet", None])
def test_a_rollout_runs_the_pods_of_the_deployment_that_it_names_and_scales_that_one_down(namespace):
    scaled_down = manifest(livenessProbe=None) | {"status": {"readyReplicas": 0}}
    scaled_down["spec"]["replicas"] = 0
    scaled_down["metadata"]["namespace"] = namespace
    evidence = by_key(of_manifests([scaled_down, rollout(readyReplicas=2)]))
    assert evidence["deployment"].reason == "poi, and its replicas are ready"
    assert (evidence["deployment"].facts["kind"], evidence["deployment"].facts["name"]) == ("Rollout", "poi")
    assert evidence["health-probes"].reason == "no readiness and liveness probe: poi/node"
    unready = by_key(of_manifests([scaled_down, rollout(readyReplicas=1)]))["deployment"]
    assert (unready.status, unready.reason) == (Status.FAIL, "poi: 1 of 2 replicas are ready")


def test_a_rollout_may_run_the_pods_of_a_template():
    template = {"kind": "PodTemplate", "metadata": {"name": "t"}, "template": manifest()["spec"]["template"]}
    evidence = by_key(of_manifests([template, rollout("PodTemplate", "t", readyReplicas=2)]))
    assert {evidence[key].status for key in ("deployment", "health-probes", "resource-limits")} == {Status.PASS}


@pytest.mark.parametrize(("kind", "name", "namespace"), [("Deployment", "other", "testnet"), ("Deployment", "bizra-node", "b")])
def test_a_rollout_whose_deployment_is_not_in_the_file_has_no_container_to_judge(kind, name, namespace):
    beside = manifest()
    beside["metadata"]["namespace"] = namespace
    with pytest.raises(EvidenceError, match=rf"poi\.spec\.workloadRef: {kind} {name} is not in the file"):
        of_manifests([beside, rollout(kind, name, readyReplicas=2)])
