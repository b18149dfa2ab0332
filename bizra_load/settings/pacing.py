"""The options of a load whose tasks are due at the planned rate, wherever they were given."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from bizra_load.engine.arrivals import SATURATE
from bizra_load.exit_codes import UsageError
from bizra_load.settings.arguments import GENERAL, Option
from bizra_load.settings.inputs import MAX_RATE_PER_S
from bizra_load.settings.settings import checked, text_of

# of a planned rate where nobody says how many: a task of a second at each moment, which most keep within
LEAST_USERS, MOST_USERS = 10, 1000
_OPS_PER_USER = next(option.variable for option in GENERAL if option.name == "ops_per_user")


def paced(given: Mapping[str, Any], users: int | None, added: Sequence[Option]) -> dict[str, Any]:
    """What was `given`, by name, as options of such a load, by as many users as were asked for; None: nobody did. Raises
    UsageError.
    """
    if text_of("arrivals", given) == SATURATE:
        raise UsageError("--arrivals: saturate is for users of ours (allowed: constant, poisson; or -u without --target-ops)")
    ops_per_user = given.get("ops_per_user") or os.environ.get(_OPS_PER_USER) or None
    if users is not None and ops_per_user is not None:
        raise UsageError("-u/--users and --ops-per-user: give only one of them")
    if ops_per_user is None:
        by_one = {**given, "ops_per_user": str(MAX_RATE_PER_S)}  # how many there are comes next
        peak_per_s = checked(by_one, added).curve.peak_per_s
        ops_per_user = str(peak_per_s / users if users else paced_ops_per_user(peak_per_s))
    return {**given, "pace_tasks": True, "ops_per_user": ops_per_user}


def decided_by_rate(name: str, value: float | None) -> str:
    """Why such a load has no use for a number of Locust's own, and what to write: `name` is run_time, whose `value` is in
    seconds, or spawn_rate.
    """
    allowed = f"--duration {value:g}s" if name == "run_time" and value else "without it"
    return f"the planned rate begins with all users, and ends with --duration (allowed: {allowed})"


def paced_ops_per_user(peak_per_s: float) -> float:
    """The rate of one of the users who share out the tasks of a planned rate, where nobody says how many there are."""
    return peak_per_s / min(max(math.ceil(peak_per_s), LEAST_USERS), MOST_USERS)
