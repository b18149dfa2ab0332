import pytest
import requests

from bizra_load.rehearsal.node_process import start_node


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
