import pytest

from bizra_load.node.embedded import start_node


@pytest.fixture
def node():
    with start_node(["--seed", "test"]) as started:
        yield started
