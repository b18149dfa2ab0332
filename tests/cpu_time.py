"""How long a computation takes, to be compared with another one on the same machine: no test knows how fast that is."""

import time
from collections.abc import Callable


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of this process that `work` takes."""
    begin_s = time.process_time()
    work()
    return time.process_time() - begin_s
