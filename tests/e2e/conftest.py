import pytest
import requests

from bizra_load.rehearsal.node_process import start_node
from tests.e2e import running
from tests.e2e.running import Running


@pytest.fixture(scope="session", autouse=True)
def common_baseline(tmp_path_factory):
    """Measured once for all runs of this process, each of which would measure its own; a test that is about that sets
    BASELINE="".
    """
    path = tmp_path_factory.mktemp("baseline") / "baseline.json"
    running.measured_baseline(path)
    running.ENVIRONMENT["BASELINE"] = str(path)


@pytest.fixture(autouse=True)
def nothing_left_over():
    yield
    for left in list(Running.not_ended):
        left.kill()


@pytest.fixture
def node():
    with start_node(["--seed", "test"]) as started:
        yield started


@pytest.fixture(scope="session")
def shared_node():
    with start_node(["--seed", "e2e"]) as started:
        yield started


@pytest.fixture
def calm_node(shared_node):
    """One node for all tests of a process, without faults before and after each."""
    requests.delete(shared_node.admin_url + "/faults", timeout=10)
    yield shared_node
    requests.delete(shared_node.admin_url + "/faults", timeout=10)
