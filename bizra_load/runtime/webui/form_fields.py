"""Our options as fields of Locust's form: which are on it, in which group, what can be chosen, and what is taken from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bizra_load.engine.arrivals import SATURATE
from bizra_load.exit_codes import UsageError
from bizra_load.io.redaction import without_userinfo
from bizra_load.products import added_options, all_options, packaged_files
from bizra_load.runtime.locust_arguments import attribute_of
from bizra_load.settings.arguments import SWITCHES, Option, Switch, attribute
from bizra_load.settings.defaults import NO_AGREEMENT, OBJECTIVE
from bizra_load.settings.settings import texts_of
from sla.values.section import unknown

# in this order; the first two are open when the form is
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Planned load": ("target_ops", "ramp", "duration", "stages", "arrivals", "ops_per_user"),
    "Verdict": ("agreement", "objective", "environment_name", "baseline", "fail_on", "abort_on_fail", "stop_when_decided"),
    "Metrics of the service": ("metrics_url", "prometheus_url", "prometheus_selector"),
}
OTHERS, OF_PRODUCTS = "Requests and run", "Operations"
LOAD = GROUPS["Planned load"]
APART = ";"  # between objectives in their one field
_OBJECTIVE = attribute(OBJECTIVE)
_OF_OBJECTIVES = f'In words, such as "checkout p95 < 100 ms" or "error rate < 1 %, warning"; several with {APART} between'

# the help of options whose files the form may not name
_BY_NAME_ALONE = {
    "stages": "Steps, a spike or a soak at the target rate, in place of ramp and duration",
    "agreement": "A packaged one; none: figures without a verdict",
    "baseline": "A packaged one, in place of the agreement's own",
    "fold_names": "Names of requests that differ in ids alone as one",
}
_OF_TASKS = {"arrivals": "constant or poisson"}  # the help where our schedule paces tasks


class Fields:
    """Ours on the form of a web UI that was started with Locust's `options`; `files`: it may name files and folders."""

    def __init__(self, options: object | None, files: bool) -> None:
        self._start = texts_of(options, added_options())
        self._files = files
        self._options = {option.name: option for option in all_options()}
        rows: tuple[Option | Switch, ...] = (*self._options.values(), *SWITCHES)
        self._on_form = [row.name for row in rows if row.on_the_web_form]
        self._names = {attribute_of(name, options): name for name in (*self._on_form, _OBJECTIVE)} if options else {}

    def name_of(self, key: str) -> str | None:
        """Our name of a field of the form; None of what is not ours."""
        return self._names.get(key)

    def __iter__(self) -> Any:
        return iter(self._names)

    def shown(self, key: str, default: object, without: Sequence[str]) -> bool:
        """Whether a field stands on the form: a file or folder where that was allowed, and nothing that holds a password.
        `without`: names of ours that this form has no use for.
        """
        name = self._names.get(key, "")
        option = self._options.get(name)
        return (
            name not in without and (option is None or option.path != "yes" or self._files) and not _holds_a_password(default)
        )

    def choices(self, name: str, now: str, paced: bool) -> list[str] | None:
        """What can be chosen, `now` among it; None where anything may be written. `paced`: of a schedule for tasks, if any."""
        option = self._options.get(name)
        if option is None or (option.path != "no" and self._files):
            return None
        names = option.names or _packaged(name)
        nothing = ("",) if option.default == "" and name != "agreement" else ()
        values = dict.fromkeys((*nothing, *names, now))
        return [value for value in values if not (paced and value == SATURATE)] if names else None

    def group(self, name: str) -> str:
        """Its title; "" of what is the locustfile's own."""
        if name in {option.name for option in added_options()}:
            return OF_PRODUCTS
        return next((title for title, names in GROUPS.items() if name in names), OTHERS) if name else ""

    def help(self, key: str, paced: bool) -> str:
        """What is below a field of ours: its help and its default. `paced` as in choices()."""
        name = self._names[key]
        other = "" if name == key else f". The locustfile has an option --{name.replace('_', '-')} of its own"
        if name == _OBJECTIVE:
            return _OF_OBJECTIVES + other
        if (option := self._options.get(name)) is not None:
            text = option.help if self._files else _BY_NAME_ALONE.get(name, option.help)
            text = _OF_TASKS.get(name, text) if paced else text
            default = f" (default: {option.default})" if option.default and "default:" not in text else ""
            return f"{text}{default}{other}".replace(" per cent", " %")
        return next(switch.help for switch in SWITCHES if switch.name == name) + other

    def taken(self, name: str, values: Sequence[str]) -> Any:
        """The value of an option as it is handed on. Raises UsageError."""
        option, value = self._options.get(name), values[0]
        flag = option.flag if option else f"--{name.replace('_', '-')}"
        if len(values) > 1:
            raise UsageError(f"{flag}: is given {len(values)} times (allowed: once)")
        if name == _OBJECTIVE:
            return [words.strip() for words in value.split(APART) if words.strip()]
        if option is None:
            if value not in ("true", "false"):
                raise UsageError(f"{flag}: {unknown(value, ('true', 'false'))}")
            return value == "true"
        if option.leads_to_a_file(value.strip()) and not self._files and value != self._start[name]:
            allowed = f"start Locust with {flag}, or with --web-files"
            raise UsageError(f"{flag}: leads to a file or folder, which the web form may not name (allowed: {allowed})")
        return value


def _packaged(name: str) -> tuple[str, ...]:
    """What this option may name, of what products bring."""
    if name == "agreement":
        return NO_AGREEMENT, *(path.stem for path in packaged_files("agreements", ".yaml"))
    return tuple(path.stem for path in packaged_files("baselines", ".json")) if name == "baseline" else ()


def _holds_a_password(value: object) -> bool:
    return without_userinfo(str(value)) != str(value)
