"""Options and environment -> Settings: one place checks what was given, wherever it was given."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bizra_load.engine.arrivals import SATURATE
from bizra_load.engine.load_curve import LoadCurve, ramp_and_hold
from bizra_load.engine.stages import NAMED, named_curve
from bizra_load.exit_codes import UsageError
from bizra_load.io.files import read_text
from bizra_load.io.trust import Trust, headers_for
from bizra_load.settings import inputs
from bizra_load.settings.arguments import GENERAL, SWITCHES, Default, Option
from bizra_load.settings.defaults import CONTENTS, NAMES, OPTIONS
from bizra_load.settings.name_folding import Folding


@dataclass(frozen=True)
class Settings:
    """Checked options; durations in seconds, shares as ratios. `of_products`: those that products add, by attribute's name.
    `agreement`: "" where none was named.
    """

    curve: LoadCurve
    ops_per_user: float
    arrivals: str
    agreement: str
    environment: str | None
    metrics_url: str
    prometheus_url: str
    prometheus_selector: str
    out: Path
    run_name: str
    request_timeout_s: float
    headers: tuple[tuple[str, str], ...]
    ca_file: str
    insecure: bool
    seed: int
    fail_on_warn: bool
    allow: tuple[str, ...]
    fire_request_events: bool
    pace_tasks: bool
    abort_on_fail: bool
    stop_when_decided: bool
    of_products: Mapping[str, Any]
    fold_names: Folding
    group_by: tuple[str, ...]
    generator_metrics: tuple[str, int] | None = None  # address and port of the generator's own /metrics
    evidence: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    baseline: str = ""

    @property
    def saturating(self) -> bool:
        """A closed model: the curve gives the number of users and the length, and no rate is planned."""
        return self.arrivals == SATURATE

    @property
    def trust(self) -> Trust:
        """For the target, its metrics and the Prometheus."""
        return Trust(self.ca_file, self.insecure)

    def metrics_headers(self, target: str) -> dict[str, str]:
        """For --metrics-url: the target's own if both have one scheme, host and port; and METRICS_TOKEN. Raises UsageError."""
        return headers_for(self.metrics_url, dict(self.headers), target) | dict(inputs.token_header(inputs.METRICS_TOKEN))

    @property
    def users(self) -> int:
        """Rate slots that carry the curve's peak."""
        return _slots(self.curve.peak_per_s, self.ops_per_user)


def resolve(parsed: object | None, added: Sequence[Option] = (), on_a_worker: bool = False) -> Settings:
    """Settings from parsed options, one attribute each; what is missing there comes from the environment, then the default.

    Options that `bizra-load run` handed on (OPTIONS) come before all others: what else has their names is the locustfile's own.
    Raises UsageError (exit code 6) with one line that names the option, what is wrong and what is allowed.
    """
    return checked(_given(parsed), added, (getattr(parsed, CONTENTS, None) or {}) if on_a_worker else None)


def contents_of(parsed: object | None) -> dict[str, str]:
    """What the files hold that options name, by the options' names, where a worker is to be told it. Raises UsageError."""
    given = _given(parsed)
    named = {option: _text(option, given) for option in GENERAL if option.there is not None and option.names}
    return {
        option.name: inputs.option(option.flag, lambda path: read_text(Path(path)), text)
        for option, text in named.items()
        if option.leads_to_a_file(text)
    }


def _slots(peak_per_s: float, ops_per_user: float) -> int:
    """How many rate slots carry the peak. A number of users that was asked for comes as the rate of one of them, whose last
    digit may be off: that makes no further slot.
    """
    return max(1, math.ceil(round(min(peak_per_s / ops_per_user, inputs.MAX_USERS + 1), 6)))  # it may be infinite


def paces_tasks(parsed: object | None) -> bool:
    """--pace-tasks, which is asked for before the others can be checked."""
    return bool(_given(parsed).get("pace_tasks"))


def given_of(parsed: object) -> dict[str, Any]:
    """What was given by command line, environment or configuration, by its name; None of what is a default."""
    return {name: None if isinstance(value, Default) else value for name, value in _given(parsed).items()}


def _given(parsed: object | None) -> Mapping[str, Any]:
    """What was handed on, else what was parsed."""
    given: dict[str, Any] = vars(parsed) if parsed is not None else {}
    handed_on: Mapping[str, Any] | None = given.get(OPTIONS)
    if handed_on is not None:
        return handed_on
    names: Mapping[str, str] = given.get(NAMES) or {}  # the others are the locustfile's own
    return {**given, **{name: given.get(other) for name, other in names.items()}}


def texts_of(parsed: object | None, added: Sequence[Option] = ()) -> dict[str, Any]:
    """texts() of parsed options: what a process that has them would hand on."""
    return texts(_given(parsed), added)


def texts(given: Mapping[str, Any], added: Sequence[Option] = ()) -> dict[str, Any]:
    """What to hand on: the text of every option, by its name, from where resolve() takes it, and the switches and the evidence
    that were given. A process that is given it takes nothing from an environment of its own.
    """
    handed_on: dict[str, Any] = {option.name: _text(option, given) for option in (*GENERAL, *added)}
    handed_on |= {switch.name: True for switch in SWITCHES if given.get(switch.name)}
    return {**handed_on, **{name: list(given.get(name) or ()) for name in ("evidence", "objective")}}


def checked(given: Mapping[str, Any], added: Sequence[Option] = (), contents: Mapping[str, str] | None = None) -> Settings:
    """Settings from options by their attribute's name; `added`: those of products; `contents`: on a worker, contents_of() its
    master's. Raises as resolve().
    """
    replaced = replaced_by(text_of("stages", given))
    values = {option.name: _checked(option, given, contents) for option in (*GENERAL, *added) if option.name not in replaced}
    values |= {switch.name: bool(given.get(switch.name)) for switch in SWITCHES}
    objectives = tuple(given.get("objective") or ())
    curve = _curve(values)
    if _slots(curve.peak_per_s, values["ops_per_user"]) > inputs.MAX_USERS:
        slots = f"{curve.peak_per_s:g} ops/s in slots of {values['ops_per_user']:g}"
        raise UsageError(f"--ops-per-user: {slots} need more than {inputs.MAX_USERS:,} users")
    if values["metrics_url"] and values["prometheus_url"]:
        raise UsageError("--metrics-url and --prometheus-url: give only one of them")
    return Settings(
        curve=curve,
        environment=values.pop("environment_name") or None,
        headers=values.pop("headers_file") + inputs.token_header(),
        seed=values.pop("load_seed"),
        fail_on_warn=values.pop("fail_on") == "warn",
        request_timeout_s=values.pop("request_timeout"),
        generator_metrics=values.pop("generator_metrics_port"),
        evidence=tuple(given.get("evidence") or ()),
        objectives=objectives,
        of_products={option.name: values.pop(option.name) for option in added},
        **values,  # the others have the name of their option
    )


def _curve(values: dict[str, Any]) -> LoadCurve:
    """The load curve of the options that describe it, which are taken out of `values`."""
    if "stages" in values:
        stages: LoadCurve | str = values.pop("stages")
        if isinstance(stages, LoadCurve):
            return stages
        curve = named_curve(stages, values.pop("target_ops"))
        if curve.peak_per_s > inputs.MAX_RATE_PER_S:
            most = f"{inputs.MAX_RATE_PER_S:,.0f} ops/s"
            raise UsageError(f"--stages: {stages}: its peak is {curve.peak_per_s:,.0f} ops/s (allowed: up to {most})")
        return curve
    return ramp_and_hold(values.pop("target_ops"), values.pop("ramp"), values.pop("duration"))


_BY_NAME = {option.name: option for option in GENERAL}
_REPLACED = {"": ("stages",), **dict.fromkeys(NAMED, ("ramp", "duration"))}  # by no load curve, and by one of a name


def replaced_by(stages: str) -> tuple[str, ...]:
    """Which options have no use beside these stages, by name."""
    return _REPLACED.get(stages, ("target_ops", "ramp", "duration"))


def text_of(name: str, given: Mapping[str, Any]) -> str:
    """An option of any load as its check sees it."""
    return _text(_BY_NAME[name], given)


def _text(option: Option, given: Mapping[str, Any]) -> str:
    value = given.get(option.name)
    return str(value if value is not None else os.environ.get(option.variable, option.default)).strip()


def _checked(option: Option, given: Mapping[str, Any], contents: Mapping[str, str] | None) -> Any:
    text = _text(option, given)
    try:
        if contents is not None and option.there is not None:
            return option.there(text, contents.get(option.name, ""))
        return option.check(text)
    except OSError as error:
        raise UsageError(f"{option.flag}: {text}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{option.flag}: {error}") from None
