"""A generator that runs out of what it needs itself: the run can't be trusted, and the service is not blamed."""

import itertools

import pytest

from sla.values.failure import merge_failures
from sla.values.window import GENERATOR, failures_by_category
from tests.e2e.faults.cluster import SHORT, target
from tests.e2e.faults.namespaces import ip, linked_namespace
from tests.e2e.running import Running

CONNECTIONS = ("--workers", "1", "--target-ops", "200", "--ops-per-user", "1")
FEW_DESCRIPTORS = ("bash", "-c", 'ulimit -n 150; exec "$@"', "few")
PORTS = 40


def held(ended, text):
    """The run is refused for the generator's sake, with the reason; nothing is lost and no failure is the service's."""
    checks = {c["key"]: c for c in ended.assessment["checks"] if c["status"] == "FAIL"}
    assert text in checks["exhausted"]["reason"], ended.out
    assert (ended.code, ended.assessment["decision"]) == (5, "INVALID")
    assert {"workers", "reports"} & set(checks) == set()
    success = ended.objective("poi_success_rate")
    assert success["estimate"]["point"] == 1.0
    assert success["status"] in ("INVALID", "INCONCLUSIVE")  # how much was measured is the machine's
    failed = failures_by_category(ended.measurements.windows)
    assert set(failed) == {GENERATOR}
    assert sum(f.count for f in ended.measurements.failures) == failed.total() > 100
    [reason] = merge_failures(ended.measurements.failures)[:1]
    assert text in reason.reason
    assert text[:20] in " ".join(ended.out.split())
    assert "Traceback" not in ended.err


@pytest.mark.slow
def test_a_generator_without_descriptors_says_so_with_its_limit_and_goes_on_reporting(tmp_path, calm_node):
    ended = Running(tmp_path, *target(calm_node), *CONNECTIONS, *SHORT, prefix=FEW_DESCRIPTORS).end()
    held(ended, "Too many open files (EMFILE); ulimit -n is 150")
    seconds = sorted(h.second for h in ended.measurements.health)
    assert max(b - a for a, b in itertools.pairwise(seconds)) <= 2


@pytest.mark.slow
@pytest.mark.xdist_group("link")  # which has one address
def test_a_generator_without_local_ports_says_so_with_their_number(tmp_path):
    with linked_namespace() as inside:
        allowed = f"echo 50000 {50_000 + PORTS - 1} > /proc/sys/net/ipv4/ip_local_port_range"
        ip("netns", "exec", inside.name, "sh", "-c", allowed)
        ended = Running(tmp_path, *CONNECTIONS, *SHORT, prefix=inside.prefix).end()
    held(ended, f"Cannot assign requested address (EADDRNOTAVAIL); net.ipv4.ip_local_port_range has {PORTS} ports")
