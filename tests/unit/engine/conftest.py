"""What the tests of the engine share: gevent's loop, whose clock stands still while other tests of this process run."""

import gevent
import pytest


@pytest.fixture(autouse=True)
def _the_loop_knows_what_time_it_is():
    """`gevent.joinall(..., timeout=S)` counts from the loop's last turn, which may be further back than S."""
    gevent.get_hub().loop.update_now()
