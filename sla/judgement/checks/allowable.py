"""Checks of the run that a user may allow to fail."""

from __future__ import annotations

# what a user may call acceptable: name -> the checks whose keys begin with this
ALLOWABLE = {
    "lost-worker": "workers",
    "lost-master": "closed",
    "missing-reports": "reports",
    "bad-samples": "bad_samples",
    "failed-checks": "failed_checks",
    "exceptions": "exceptions",
    "no-response": "no_response",
    "warm-up": "warm_up",
    "other-users": "outside_closed",
    "unsent": "unsent",
    "generator-exhausted": "exhausted",
    "schedule-lag": "schedule_lag",
    "generator-cpu": "generator_cpu",
    "achieved-seconds": "achieved_seconds",
    "stalled-worker": "stalls",
    "clock-skew": "clock_skew",
    "server-data": "server_data",
    "target-restarted": "restarted",
    "counters": "counters_",
    "dominance": "dominance_",
    "littles-law": "littles_law_",
    "clock-resolution": "resolution_",
}
