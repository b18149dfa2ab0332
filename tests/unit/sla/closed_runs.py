"""Runs of a closed model, second by second: so many users, one operation "a", and what became of it."""

import numpy as np

from sla.values.agreement_parser import agreement_from_mapping
from sla.values.histogram import EMPTY, from_values
from sla.values.measurements import Measurements, RunFacts, UserCount
from sla.values.window import Window

START = 1_700_000_000
S = 10**9
USERS = 10


def words(*objectives):
    """An agreement of these objectives."""
    return agreement_from_mapping({"schema": "bizra-load/agreement/1", "name": "words", "objectives": list(objectives)})


def second(at, ok, failed=0, took_ns=2_000_000, waited_s=0.0, category="http_5xx", **fields):
    """What ended in one second after the start; failures took `waited_s` each."""
    h = from_values(np.full(ok, took_ns)) if ok else EMPTY
    waited = from_values(np.full(failed, int(waited_s * S))) if failed and waited_s else EMPTY
    sums = {"service_sum_ns": ok * took_ns + int(failed * waited_s * S)}
    if category == "timeout":
        sums |= {"timeout_response": waited, "timeout_service": waited}
        h = h.with_over_range(failed)
    failures = {category: failed} if failed else {}
    return Window(START + at, "a", started=ok + failed, ok=ok, failed=failures, response=h, service=h, **sums, **fields)


def run(*windows, length_s=20, users=((0, USERS),), **facts):
    """`users`: (seconds after the start, how many there were from then on)."""
    counts = tuple(UserCount((START + at) * S, n) for at, n in users)
    ended = (START + length_s) * S
    return Measurements(tuple(windows), (), (), RunFacts(START * S, ended, drained_ns=ended, users=counts, **facts))


def ceasing(after_s=10, length_s=20, waiting=USERS, waited_s=None, **facts):
    """A service that responds for so long, and then leaves so many users waiting until they are cut off at the end."""
    before = [second(at, 50) for at in range(after_s)]
    waited = length_s - after_s if waited_s is None else waited_s
    return run(*before, second(length_s, 0, waiting, waited_s=waited, category="timeout"), length_s=length_s, **facts)


def in_steps(second_step):
    """5 users for twelve seconds, all well; 20 users for ten: what `second_step` makes of each second."""
    return run(
        *(second(at, 50) for at in range(12)), *(second_step(at) for at in range(12, 22)), length_s=22, users=((0, 5), (12, 20))
    )
