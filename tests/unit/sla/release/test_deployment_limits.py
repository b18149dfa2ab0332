"""Notes and manifests at their limits: what a status leaves out, what is cut, and what stands beside it."""

import pytest

from sla.release.deployment import of_manifests, of_text
from sla.release.evidence_fields import EvidenceError
from sla.values.assessment import Status
from tests.unit.sla.release.test_evidence import by_key, manifest


def deployment_of(*documents):
    evidence = by_key(of_manifests(documents))["deployment"]
    return evidence.status, evidence.reason


def workload(kind="Deployment", status=None, generation=None, **spec):
    """A manifest with this status; a field of `spec` that is None is left out."""
    whole = manifest() | {"kind": kind, "status": status}
    whole["spec"] = {key: value for key, value in {**whole["spec"], **spec}.items() if value is not None}
    if generation is not None:
        whole["metadata"]["generation"] = generation
    return whole


READY = (Status.PASS, "bizra-node, and its replicas are ready")


def unready(reason):
    return Status.FAIL, f"bizra-node: {reason}"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"observedGeneration": 1}, unready("0 of 1 replicas are ready")),
        ({"readyReplicas": 1}, READY),
        ({"readyReplicas": 2}, unready("2 of 1 replicas are ready")),
    ],
)
def test_a_deployment_that_does_not_say_how_many_wants_one_and_none_is_ready_that_is_not_counted(status, expected):
    assert deployment_of(workload(status=status, replicas=None)) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"desiredNumberScheduled": 1}, unready("0 of 1 replicas are ready")),
        ({"numberReady": 1}, unready("1 of 0 replicas are ready")),
        ({"desiredNumberScheduled": 1, "numberReady": 1}, READY),
    ],
)
def test_what_the_status_of_a_daemon_set_leaves_out_is_nought(status, expected):
    assert deployment_of(workload("DaemonSet", status)) == expected


@pytest.mark.parametrize("none", [0, None])
def test_none_that_is_unavailable_is_well(none):
    assert deployment_of(workload(status={"readyReplicas": 3, "unavailableReplicas": none})) == READY
    daemons = {"desiredNumberScheduled": 3, "numberReady": 3, "numberUnavailable": none}
    assert deployment_of(workload("DaemonSet", daemons)) == READY


def test_one_replica_is_enough_for_a_deployment_that_people_described():
    assert deployment_of(workload(replicas=1)) == (Status.PASS, "bizra-node, as the operator describes it")


@pytest.mark.parametrize(
    ("spec", "status"), [({"paused": True}, {}), ({}, {"controllerPause": True}), ({}, {"pauseConditions": [{"reason": "x"}]})]
)
def test_a_rollout_is_paused_by_its_owner_its_controller_or_a_step(spec, status):
    assert deployment_of(workload("Rollout", {"readyReplicas": 3, **status}, **spec)) == unready("its rollout is paused")


@pytest.mark.parametrize("conditions", [
    [{"type": "ReplicaFailure", "status": "False"}, {"type": "Paused", "status": False}],
    [{"type": "Available", "status": True}, {"type": "Healthy", "status": "True"}],
    ["text", None],
    [],
])  # fmt: skip
def test_conditions_that_deny_nothing_are_well(conditions):
    assert deployment_of(workload(status={"readyReplicas": 3, "conditions": conditions})) == READY


@pytest.mark.parametrize(("kind", "status"), [("Available", False), ("InvalidSpec", True)])
def test_a_condition_without_a_reason_is_told_without_one(kind, status):
    conditions = [{"type": kind, "status": status}]
    result = deployment_of(workload(status={"readyReplicas": 3, "conditions": conditions}))
    assert result == unready(f"the condition {kind} is {status}")


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("1" * 18, unready(f"its status is of generation 2, not of {'1' * 18}")),
        ("1" * 19, READY),  # no generation of any cluster is as long
        ("3 ", READY),
        (3, unready("its status is of generation 2, not of 3")),
        (2, READY),
    ],
)
def test_a_generation_is_a_number_or_the_digits_of_one(last, expected):
    assert deployment_of(workload(status={"readyReplicas": 3, "observedGeneration": 2}, generation=last)) == expected


def test_only_a_pods_own_readiness_is_asked_for():
    conditions = ["text", {"type": "Initialized", "status": "False"}, {"type": "Ready", "status": True}]
    beside = {"kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Running", "conditions": conditions}}
    assert deployment_of(manifest(), beside)[0] is Status.PASS
    del beside["status"]["phase"], conditions[-1]
    assert deployment_of(manifest(), beside) == (Status.FAIL, "Pod p is not ready (phase unknown)")


def test_all_workloads_must_have_a_status_to_be_told_as_live():
    described = (Status.PASS, "bizra-node, bizra-node, as the operator describes it")
    assert deployment_of(manifest(), workload(status={"readyReplicas": 3})) == described
    assert deployment_of(workload(status={"readyReplicas": 3}), manifest()) == described


def test_facts_and_names_are_cut_where_they_are_long():
    long = manifest(image="i" * 600) | {"status": {"readyReplicas": 1}}
    long["metadata"] = {"name": "n" * 300}
    evidence = by_key(of_manifests([long]))["deployment"]
    assert evidence.facts == {"kind": "Deployment", "images": "i" * 253}  # a name of 300 is none of Kubernetes
    assert evidence.reason == f"{'n' * 253}: 1 of 3 replicas are ready"
    several = manifest()
    [container] = several["spec"]["template"]["spec"]["containers"]
    several["spec"]["template"]["spec"]["containers"] = [{**container, "image": str(n) * 253} for n in range(3)]
    images = by_key(of_manifests([several]))["deployment"].facts["images"]
    assert images == "0" * 253 + ", " + "1" * 245  # 500 in all


@pytest.mark.parametrize("containers", [[], {"name": "node"}, "text", None])
def test_a_workload_has_a_list_of_at_least_one_container(containers):
    empty = manifest()
    empty["spec"]["template"]["spec"]["containers"] = containers
    with pytest.raises(EvidenceError) as raised:
        of_manifests([empty])
    assert str(raised.value) == "bizra-node.spec.template.spec.containers: is missing"


def test_a_kind_that_an_object_has_itself_is_not_that_of_its_list():
    listed = {"kind": "DeploymentList", "items": [manifest() | {"kind": "StatefulSet"}]}
    assert by_key(of_manifests([listed]))["deployment"].facts["kind"] == "StatefulSet"


def test_what_a_rollout_names_is_found_behind_other_objects():
    spec = {"replicas": 1, "workloadRef": {"kind": "Deployment", "name": "bizra-node"}}
    names_it = {"kind": "Rollout", "metadata": {"name": "poi"}, "spec": spec}
    others = [{"kind": "Service", "metadata": {"name": "bizra-node"}}, {"kind": "Deployment", "metadata": {"name": "x"}}]
    others[1]["spec"] = manifest()["spec"]
    result = deployment_of(names_it, *others, manifest())
    assert result == (Status.PASS, "poi, x, as the operator describes it")


NOTE = "1 of 1 boxes of the note are open"


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ("- [ ] a\n- [ ] b\n- [ ] c\n- [ ] d\n", "4 of 4 boxes of the note are open: a; b; c"),
        (f"- [ ] {'a' * 90}\n", f"{NOTE}: {'a' * 80}"),
        ("```\n- [ ] closed\n```\n- a\n  ```\n- [ ] b\n  ```\n", "2 of 2 boxes of the note are open: closed; b"),
        ("```\n- [ ] a\n```sh\n- [ ] b\n```\n- [ ] c\n", f"{NOTE}: c"),  # what ends a fence has no word behind it
    ],
)
def test_open_boxes_are_named_as_far_as_there_is_room(note, reason):
    [evidence] = of_text(note)
    assert (evidence.status, evidence.reason) == (Status.INCONCLUSIVE, reason)


def test_a_long_heading_is_cut():
    assert of_text("# " + "a" * 300)[0].facts == {"note": "a" * 200}


def test_of_a_file_that_is_no_markdown_nothing_is_repeated():
    [evidence] = of_text("# secret\n- [ ] password\n", quoted=False)
    assert (evidence.status, evidence.reason, evidence.facts) == (Status.INCONCLUSIVE, NOTE, {})
    [evidence] = of_text("# secret\n- [x] password\n", quoted=False)
    assert (evidence.status, evidence.facts) == (Status.PASS, {})
    assert evidence.reason == "1 of 1 boxes of the note are ticked; given by the operator"


def test_inputs_that_are_no_checkboxes_stay_in_what_is_told_of_a_box():
    [evidence] = of_text("- [ ] host: <input type=text>\n")
    assert evidence.reason == f"{NOTE}: host: <input type=text>"


@pytest.mark.parametrize("kind", ["Service", "Ingress", "ReplicaSet"])
def test_what_is_no_pod_is_not_asked_whether_it_is_ready(kind):
    beside = {"kind": kind, "metadata": {"name": "s"}, "status": {"loadBalancer": {}, "phase": "Pending"}}
    assert deployment_of(manifest(), beside)[0] is Status.PASS
