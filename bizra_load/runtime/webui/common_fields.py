"""The fields that Locust's form has of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence

from locust.env import Environment
from locust.util.timespan import parse_timespan

from bizra_load.exit_codes import UsageError
from bizra_load.settings import inputs
from sla.values.number import whole_in
from sla.values.section import unknown

COMMON = ("user_count", "spawn_rate", "run_time", "host", "profile", "user_classes", "shape_class")  # as they are posted
NO_SHAPE = "Default"  # as Locust calls it in `shape_class`
_LONGEST = 2000


def check_common(environment: Environment, key: str, values: Sequence[str], scheduled: bool) -> None:
    """Raises UsageError. `scheduled`: a schedule decides how many users there are, so that the form sends 0."""
    value = values[0]
    if key != "user_classes" and len(values) > 1:
        raise UsageError(f"{key}: is given {len(values)} times (allowed: once)")
    if key == "user_count" and not _is_count(value):
        raise UsageError(f"user_count: {value[:100]!r} (allowed: a whole number, from 0 to {inputs.MAX_USERS:,})")
    if key == "spawn_rate" and not (_is_rate(value) or (scheduled and value == "0")):
        raise UsageError(f"spawn_rate: {value[:100]!r} (allowed: a number, more than 0)")
    if key == "run_time" and value and not _is_length(value):
        raise UsageError(f"run_time: {value[:100]!r} (allowed: such as 20, 20s, 3m, 2h, 1h20m; at most 31 days)")
    if key in ("host", "profile") and not (value.isprintable() and len(value) <= _LONGEST):
        raise UsageError(f"{key}: {value[:100]!r} (allowed: up to {_LONGEST} characters, none of them a control character)")
    if key == "user_classes":
        known = environment.available_user_classes or environment.user_classes_by_name
        for name in values:
            if name not in known:
                raise UsageError(f"user_classes: {unknown(name, known)}")
    if key == "shape_class":
        shapes = (NO_SHAPE, *(environment.available_shape_classes or ()))
        if value not in shapes:
            raise UsageError(f"shape_class: {unknown(value, shapes)}")


def check_some_users(count: str | None) -> None:
    """Refuses 0 where the field decides how many users a test has; None: it was not sent. Raises UsageError."""
    if count is not None and not whole_in(count.strip()):
        raise UsageError(f"user_count: {count[:100]!r} (allowed: a whole number, from 1 to {inputs.MAX_USERS:,})")


def _is_count(value: str) -> bool:
    number = whole_in(value.strip())
    return number is not None and number <= inputs.MAX_USERS


def _is_rate(value: str) -> bool:
    try:
        return value.isascii() and 0 < float(value) < math.inf
    except ValueError:
        return False


def _is_length(value: str) -> bool:
    try:
        return value.isascii() and 0 < parse_timespan(value) <= inputs.MAX_DURATION_S
    except (ValueError, OverflowError):
        return False
