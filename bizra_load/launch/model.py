"""Which model a locustfile is run in, and with which words for Locust: options that this model has no use for are refused."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bizra_load.engine.arrivals import SATURATE
from bizra_load.exit_codes import UsageError
from bizra_load.io.units import duration_s
from bizra_load.launch.locust_options import check_master_address, check_options, check_role, check_words
from bizra_load.launch.locustfile import Locustfile, check_there, of_ours, survey
from bizra_load.products import added_options, all_options
from bizra_load.settings import inputs
from bizra_load.settings.arguments import SWITCHES
from bizra_load.settings.defaults import WEB_UI_VARIABLE
from bizra_load.settings.pacing import decided_by_rate, paced
from bizra_load.settings.settings import replaced_by, text_of, texts
from sla.values.section import unknown

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")  # Locust's own
OF_ARRIVALS = {"ramp": "--ramp", "arrivals": "--arrivals", "ops_per_user": "--ops-per-user"}
OF_REQUESTS = {  # options that act on requests of users of ours alone: what others do instead, and what is allowed
    "headers_file": "requests have headers of their own (allowed: in the locustfile)",
    "fire_request_events": "requests fire the event in any case (allowed: leave it out)",
}
OF_TRUST = dict.fromkeys(  # those that act on the server's metrics, too
    ("ca_file", "insecure"),
    "users verify by their own settings (allowed: in the locustfile; or with --metrics-url or --prometheus-url)",
)
PLANS = {"target_ops": "TARGET_OPS_SEC", "stages": "STAGES"}  # and their variables
_SPAN = re.compile(r"(?=.)(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,4})s?)?", re.ASCII)  # as Locust writes --stop-timeout and -t
_MORE_OF_OURS = {"processes": "--workers", "dry_run": "--dry-run", "quiet": "--quiet", "verbose": "--verbose"}
LOCUSTS = {"users": "-u", "spawn_rate": "-r", "run_time": "-t"}  # how many users, and for how long


@dataclass(frozen=True)
class Model:
    """`given`: the options as that model has them; `locust_words`: those of Locust's own; `surveyed`: None of our scenarios;
    `shadowed`: one line for each option that was given to us while the locustfile has one of that name.
    """

    given: Mapping[str, Any]
    locust_words: tuple[str, ...]
    surveyed: Locustfile | None
    shadowed: tuple[str, ...] = ()


def model_of(given: Mapping[str, Any], words: Sequence[str], host: str, web_ui: bool = False) -> Model:
    """Our schedule, tasks paced by it, or users that work as they please. `words` as load_request() has them. Raises
    UsageError, with a hint where the locustfile has an option of the refused one's name.
    """
    check_words(words)
    if any(word.partition("=")[0] == "--exit-code-on-error" for word in words):
        raise UsageError('--exit-code-on-error: the verdict decides the exit code (allowed: --objective "error rate < 1 %")')
    locust_words = (*_locust_words(given), *words)
    surveyed = None
    if given["locustfile"]:
        check_there(given["locustfile"])
        surveyed = None if words or web_ui else of_ours(given["locustfile"])
        environment = {**os.environ, WEB_UI_VARIABLE: "1" if web_ui else ""}
        surveyed = surveyed or survey(given["locustfile"], (*locust_words, *(("-H", host) if host else ())), environment)
        check_options(surveyed.options)
        check_role(words, surveyed.options)
        if surveyed.options["master"] and not surveyed.makes_no_run:
            check_master_address(surveyed.options)
    shadowed = _shadowed(given, words, surveyed.own_flags) if surveyed is not None else {}
    try:
        model = _model(given, words, locust_words, surveyed, web_ui)
    except UsageError as error:
        hint = next((hint for flag, hint in shadowed.items() if flag in re.split("[ :]", str(error))), "")
        raise UsageError(f"{error} ({hint})" if hint else str(error)) from None
    if web_ui:  # where ours has another name, which is said there
        return model
    return dataclasses.replace(model, shadowed=tuple(f"{flag} is bizra-load's here: {hint}" for flag, hint in shadowed.items()))


def _shadowed(given: Mapping[str, Any], words: Sequence[str], own_flags: Sequence[str]) -> dict[str, str]:
    """By flags that were given to us alone, while the locustfile has them too: how its own are given."""
    ours = {flag: name for name, flag in {**_of_the_master(), **_MORE_OF_OURS}.items()}
    to_the_file = {word.partition("=")[0] for word in words}
    both = [flag for flag in own_flags if flag in ours and flag not in to_the_file]
    hint = "the locustfile's own comes after --, such as -- {flag} VALUE"
    return {flag: hint.format(flag=flag) for flag in both if given.get(ours[flag]) not in (None, False, [])}


def _model(
    given: Mapping[str, Any], words: Sequence[str], locust_words: tuple[str, ...], surveyed: Locustfile | None, web_ui: bool
) -> Model:
    """Raises UsageError."""
    if surveyed is not None and surveyed.options["worker"]:
        _check_not_given(given, _of_the_master(), "the master decides (allowed with --worker: -f, -H, --processes, --loglevel)")
        return Model(given, locust_words, surveyed)
    if surveyed is not None and surveyed.options["master"] and given["processes"] is not None:
        raise UsageError("--processes: workers come from elsewhere with --master (allowed: --expect-workers N; or no --master)")
    if surveyed is not None:
        _check_requests(given, surveyed)
    if surveyed is None or surveyed.open_model:
        _check_not_given(
            given, {"group_by": "--group-by"}, "requests of our user classes have no context (allowed: with others)"
        )
        _check_not_given(given, LOCUSTS, "the planned rate decides how many users there are, and for how long")
        _check_stages_alone(given)
        return Model(given, locust_words, surveyed)
    if surveyed.stages and not surveyed.makes_no_run and texts(given)["arrivals"] != SATURATE:
        raise UsageError(
            f"-f: {given['locustfile']}: a StagesShape, and no user class that it drives "
            "(allowed: an OpenModelUser; or no shape, and --target-ops)"
        )
    if _asks_for_arrivals(given):
        given = _paced(given, surveyed)
        return Model(given, (*_locust_words({**given, **dict.fromkeys(LOCUSTS)}), *words), surveyed)
    _check_not_given(given, OF_ARRIVALS, "users of this locustfile work as they please: give --target-ops or --stages, too")
    run_time = () if web_ui and given["duration"] is None else _run_time(given, surveyed)  # until somebody stops it
    return Model(given, (*locust_words, *run_time), surveyed)


def _locust_words(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of Locust's options that this command line has too. Raises UsageError."""
    words: list[str] = []
    for name, flag in LOCUSTS.items():
        if (text := given[name]) is not None:
            words += [flag, str(text)]
    if given["stop_timeout"] is not None:
        words += ["--stop-timeout", str(_stop_timeout(given["stop_timeout"]))]
    if given["loglevel"] is not None:
        if given["loglevel"].upper() not in LOG_LEVELS:
            raise UsageError(f"--loglevel: {unknown(given['loglevel'], LOG_LEVELS)}")
        words += ["--loglevel", given["loglevel"].upper()]
    return (*words, "--enable-rebalancing") if given["enable_rebalancing"] else tuple(words)


def _of_the_master() -> dict[str, str]:
    """Options that it sends to its workers, or that it alone uses."""
    options = {option.name: option.flag for option in all_options()}
    switches = {switch.name: switch.flag for switch in SWITCHES}
    return {**LOCUSTS, **options, **switches, "objective": "--objective", "evidence": "--evidence"}


def _check_not_given(given: Mapping[str, Any], options: Mapping[str, str], why: str) -> None:
    """Raises UsageError for options that a load has no use for: ignoring them would make another test."""
    for name, flag in options.items():
        if given[name] not in (None, False, []):
            raise UsageError(f"{flag}: {why}")


def _check_requests(given: Mapping[str, Any], surveyed: Locustfile) -> None:
    """Raises UsageError for options of requests that no user of the locustfile reads."""
    flags = _of_the_master()
    if not surveyed.product:
        of_products = {option.name: option.flag for option in added_options()}
        _check_not_given(given, of_products, "is for users of a product, such as PoIUser; this locustfile has none of them")
    if not surveyed.ours:
        metrics = text_of("metrics_url", given) or text_of("prometheus_url", given) or os.environ.get("GRAFANA_URL")
        for name, instead in {**OF_REQUESTS, **({} if metrics else OF_TRUST)}.items():
            _check_not_given(given, {name: flags[name]}, f"is for users of ours; this locustfile's {instead}")


def _check_stages_alone(given: Mapping[str, Any]) -> None:
    """Raises UsageError for an option that the stages take the place of. One of an environment is no wish for this run."""
    if stages := text_of("stages", given):
        flags = _of_the_master()
        replaced = {name: flags[name] for name in replaced_by(stages) if name != "stages"}
        _check_not_given(given, replaced, f"--stages {stages} decides it (allowed: one of the two)")


def _asks_for_arrivals(given: Mapping[str, Any]) -> bool:
    """Whether tasks are to be due at a planned rate."""
    planned = (given[name] or os.environ.get(variable) for name, variable in PLANS.items())
    return bool(given["pace_tasks"]) or any(planned)


def _paced(given: Mapping[str, Any], surveyed: Locustfile) -> Mapping[str, Any]:
    """The options of a load whose tasks are due at the planned rate, by as many users as were asked for. Raises UsageError."""
    if surveyed.shape:
        raise UsageError(f"--target-ops: the locustfile's shape {surveyed.shape} decides the load (allowed: one of the two)")
    for name in ("run_time", "spawn_rate"):
        _check_not_given(given, {name: LOCUSTS[name]}, decided_by_rate(name, surveyed.options["run_time"]))
    _check_stages_alone(given)
    return paced(given, surveyed.options["num_users"], added_options())


def _run_time(given: Mapping[str, Any], surveyed: Locustfile) -> tuple[str, ...]:
    """Words for how long a locustfile without our schedule runs, where neither Locust's options nor a shape of its own say it.
    Raises UsageError.
    """
    if surveyed.options["run_time"] is not None:
        if given["duration"] is not None:
            raise UsageError("--duration and -t/--run-time: give only one of them")
        return ()
    if surveyed.shape and given["duration"] is None:
        return ()
    return "-t", f"{math.ceil(inputs.option('--duration', duration_s, texts(given)['duration']))}s"


def _stop_timeout(text: str) -> int:
    parts = _SPAN.fullmatch(text)
    seconds = sum(int(part or 0) * unit for part, unit in zip(parts.groups(), (3600, 60, 1), strict=True)) if parts else None
    if seconds is None or seconds > 3600:
        raise UsageError(f"--stop-timeout: {text!r} (allowed: 0 to 3600 seconds, such as 20, 20s or 1m30s)")
    return seconds
