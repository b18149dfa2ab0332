"""What drives the load of a test that the web form starts: our schedule, tasks paced by it, a shape of the locustfile's, or
users that work as they please.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from locust import LoadTestShape, User
from locust.env import Environment

from bizra_load.engine.arrivals import SATURATE
from bizra_load.exit_codes import UsageError
from bizra_load.products import added_options
from bizra_load.runtime.paced_tasks import PacedShape
from bizra_load.runtime.shapes import StagesShape
from bizra_load.runtime.users import OpenModelUser
from bizra_load.runtime.webui.common_fields import NO_SHAPE
from bizra_load.runtime.webui.form_fields import LOAD
from bizra_load.settings.arguments import GENERAL
from bizra_load.settings.pacing import paced_ops_per_user
from bizra_load.settings.settings import checked

_RATES = ("target_ops", "stages")  # with one of them tasks are due at a planned rate
_TARGET = next(option for option in GENERAL if option.name == "target_ops")
OF_TASKS = "Tasks due per second, in steady state; none: users work as they please"  # of target_ops, where both are possible
OURS = "The planned load decides how many users there are, and for how long."
PACED = (
    "With a rate (target ops or stages) one task at a time is due, for whoever of the users is free: the load then decides how "
    "many users there are, and their wait_time is not used. Without one users work as they please, and the rest of this group "
    "has no use."
)
PICKED = "Where a user class with our schedule is picked, the planned load decides how many users there are, and for how long."
OF_SHAPE = "The locustfile's shape {name} decides how many users there are, and for how long."


class LoadModel:
    """What a process was started with: the shape that the locustfile brings, and whether its tasks are paced already."""

    def __init__(self, environment: Environment, paced: bool) -> None:
        self._environment = environment
        self._picker = bool(environment.web_ui and environment.web_ui.userclass_picker_is_active)
        shape = environment.shape_class
        self._paced = PacedShape() if not isinstance(shape, PacedShape) else shape  # type: ignore[no-untyped-call]
        self._paced.runner = environment.runner
        self._own = None if isinstance(shape, PacedShape) else shape
        self._shapes = environment.available_shape_classes or {}
        self._stages = next((one for one in (self._own, *self._shapes.values()) if isinstance(one, StagesShape)), None)
        known: Mapping[str, Any] = environment.available_user_classes or environment.user_classes_by_name
        classes: list[type[User]] = list(known.values())
        self._all_ours = all(_is_ours(user) for user in classes)
        self.products = {user.product for user in classes if issubclass(user, OpenModelUser) and user.product}
        self.may_pace = not any(_is_ours(user) for user in classes) and (self._own is None or self._picker)
        self._starts_paced = paced

    def begin_with(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """What the process was started with, as the form shows it: no rate where users work as they please."""
        return {**options, **(dict.fromkeys(_RATES, "") if self.may_pace and not self._starts_paced else {})}

    @property
    def schedule_only(self) -> bool:
        """Whatever is picked, our schedule drives it."""
        return self._all_ours and self._stages is not None

    @property
    def decided(self) -> bool:
        """Locust's form shows no users and ramp, and sends 0 for them."""
        return bool(self.note) and self.note != PICKED

    @property
    def note(self) -> str:
        """One line on Locust's users and ramp; "" where they count."""
        if self._stages is not None:
            return OURS if self._all_ours else PICKED
        if self._own is not None and not self._picker and not self._own.use_common_options:
            return OF_SHAPE.format(name=type(self._own).__name__)
        return ""

    @property
    def of_no_use(self) -> tuple[str, ...]:
        """Our options that no test of this web UI needs."""
        if self._stages is not None:
            return ("group_by",) if self._all_ours else ()  # requests of our user classes have no context
        return ("ops_per_user",) if self.may_pace else LOAD

    @property
    def shapes(self) -> list[str]:
        """What the class picker offers, the default first."""
        return [*(() if self.schedule_only else (NO_SHAPE,)), *sorted(self._shapes)]

    def chosen(
        self, classes: Sequence[type[User]], picked: str, options: Mapping[str, Any]
    ) -> tuple[LoadTestShape | None, dict[str, Any]]:
        """(the shape of a test of these user classes, or None; our options for it). Raises UsageError where they don't fit."""
        shape = self._own
        if self._picker:
            shape = self._shapes[picked] if picked != NO_SHAPE else None
        given = dict(options)
        if any(_is_ours(user) for user in classes):
            shape = shape or self._stages
            if not isinstance(shape, StagesShape):
                names = [name for name, one in self._shapes.items() if isinstance(one, StagesShape)]
                raise UsageError(f"shape_class: an OpenModelUser needs a StagesShape (allowed: {', '.join(names)})")
            return shape, given
        given.pop("pace_tasks", None)
        if self.may_pace:
            given["target_ops"] = options["target_ops"] or _TARGET.default
        if not self.may_pace or not any(options[name] for name in _RATES):
            return shape, given
        if shape is not None:
            raise UsageError(f"shape_class: {picked} and a planned rate: give only one of them")
        if options["arrivals"] == SATURATE:
            raise UsageError("--arrivals: saturate is for users of ours (allowed: constant, poisson; or no --target-ops)")
        curve = checked({**given, "ops_per_user": None}, added_options()).curve
        return self._paced, {**given, "pace_tasks": True, "ops_per_user": str(paced_ops_per_user(curve.peak_per_s))}


def _is_ours(user: type[User]) -> bool:
    return issubclass(user, OpenModelUser)
