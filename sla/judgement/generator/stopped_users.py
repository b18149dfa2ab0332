"""Users of a worker that stopped while the load went on, as its seconds tell: it quit, or they ended themselves."""

from __future__ import annotations

from sla.values.assessment import Steady
from sla.values.measurements import Measurements

USERS_STOPPED = "see in that worker's log why its users stopped: the locustfile called runner.quit(), or they ended themselves"
MOST_OF_THE_MISSING = 0.5  # of the users that are missing at the end; else they are missing for another reason


def users_stopped(measurements: Measurements, steady: Steady) -> str:
    """The worker that lost the most users before the end of the judged part, and when; "" where all of them together lost less
    than most of the users that are missing then.
    """
    rows: dict[str, dict[int, int]] = {}
    for h in measurements.health:
        if h.second < steady.to_second:
            rows.setdefault(h.worker, {})[h.second] = h.slots
    most = {worker: max(slots.values()) for worker, slots in rows.items()}
    left = {worker: slots[max(slots)] for worker, slots in rows.items()}
    stopped = {worker: most[worker] - left[worker] for worker in rows}
    missing = measurements.facts.slots - sum(left.values())
    if missing <= 0 or sum(stopped.values()) < MOST_OF_THE_MISSING * missing:
        return ""
    worker = max(stopped, key=lambda name: (stopped[name], name))
    full = max(second for second, slots in rows[worker].items() if slots == most[worker])
    fewer = min(second for second in rows[worker] if second > full)
    after_s = fewer - measurements.facts.load_started_ns // 10**9
    return f"worker {worker} had {most[worker]:,} users, and {left[worker]:,} from {after_s:,} s after the start on"
