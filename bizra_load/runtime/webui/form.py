"""What is posted to start a test is checked before Locust takes any of it: a wrong value is one line, and starts nothing.

Locust would take every option that it is sent, of the form or not, one after the other, and fail in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from flask import Response, jsonify, request
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING
from locust.util.timespan import parse_timespan
from locust.web import WebUI

from bizra_load.exit_codes import BizraLoadError, UsageError
from bizra_load.io.redaction import without_userinfo
from bizra_load.judging.beforehand import check_settings
from bizra_load.products import all_options
from bizra_load.runtime.shapes import StagesShape
from bizra_load.runtime.start_addresses import StartAddresses
from bizra_load.runtime.users import OpenModelUser, settings_for
from bizra_load.settings import inputs
from bizra_load.settings.arguments import SWITCHES, Option, Switch
from sla.values.number import whole_in
from sla.values.section import unknown

COMMON = ("user_count", "spawn_rate", "run_time", "host", "profile", "user_classes", "shape_class")  # of Locust's own form
_LONGEST = 2000
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_USER_FIELDS: Mapping[str, Any] = {
    "user_class_name": str,
    "host": (str, type(None)),
    "weight": int,
    "fixed_count": int,
    "tasks": list,
}


class WebForm:
    """The form of one web UI. `start`: the options that this process was started with, by their attribute's name."""

    def __init__(self, environment: Environment, web_ui: WebUI) -> None:
        self._environment, self._web_ui = environment, web_ui
        self._start = dict(vars(environment.parsed_options)) if environment.parsed_options else {}
        self._start_addresses: StartAddresses | None = None
        self._by_name = {option.name: option for option in all_options()}
        ours: tuple[Option | Switch, ...] = (*self._by_name.values(), *SWITCHES)
        self._ours = frozenset(option.name for option in ours if option.on_the_web_form)
        self._files = bool(self._start.get("web_files"))

    @property
    def start_addresses(self) -> StartAddresses:
        """The addresses of the start; it is over when they are first asked for."""
        if self._start_addresses is None:
            environment = self._environment
            start = settings_for(environment.user_classes, SimpleNamespace(**self._start))
            hosts = [environment.host] if environment.host else [user.host for user in environment.user_classes]
            self._start_addresses = StartAddresses(
                tuple(host for host in hosts if host), start.metrics_url, start.prometheus_url
            )
        return self._start_addresses

    def shows(self, name: str, default: object) -> bool:
        """Whether an option stands on the form: files and folders where that was allowed, and nothing that holds a password."""
        option = self._by_name.get(name)
        return (option is None or option.path != "yes" or self._files) and not _holds_a_password(default)

    def check_request(self) -> Response | None:
        """Before each request: a refusal in Locust's own form, which its page shows; None where there is nothing to refuse."""
        checks = {"locust.swarm": self._check_swarm, "locust.update_user": self._check_user}
        check = checks.get(request.endpoint or "")
        if check is None:
            return None

        def refusal() -> Response | None:
            started_with = self.start_addresses
            try:
                check(started_with)
            except BizraLoadError as error:
                return jsonify({"success": False, "message": str(error), "host": self._environment.host})
            return None

        response: Response | None = self._web_ui.auth_required_if_enabled(refusal)()  # others learn nothing of the form
        return response

    def _check_swarm(self, started_with: StartAddresses) -> None:
        if request.files or ((request.mimetype or request.content_length) and request.mimetype not in _FORMS):
            raise UsageError(f"the form's fields are taken, as {_FORMS[0]}, and neither files nor JSON")
        if request.content_length and not request.form:  # such as parts whose boundary is not named
            raise UsageError(f"no field can be read (allowed: {_FORMS[0]})")
        environment = self._environment
        runner, shape = environment.runner, environment.shape_class
        if shape is not None and runner is not None and runner.state in (STATE_SPAWNING, STATE_RUNNING):
            raise UsageError("a test is running (allowed: stop it first)")
        options = dict(vars(environment.parsed_options)) if environment.parsed_options else {}
        for key, values in request.form.lists():
            if key in COMMON:
                self._check_common(key, values)
            elif key in options and (key in self._ours or key in self._shown()):
                options[key] = self._converted(key, values, options[key])
            else:
                raise UsageError(f"the web form: {unknown(key, (*COMMON, *self._ours, *self._shown()))}")
        settings = settings_for(environment.user_classes, SimpleNamespace(**options))
        check_settings(settings)
        started_with.check(self._targets(), settings)

    def _shown(self) -> frozenset[str]:
        """The options on the form, a locustfile's own among them."""
        self._web_ui.update_template_args()
        return frozenset(self._web_ui.template_args.get("extra_options", {})) - self._ours

    def _converted(self, key: str, values: Sequence[str], now: Any) -> Any:
        """As Locust converts it: to the type of the value that is there now. Raises UsageError."""
        option, value = self._by_name.get(key), values[0]
        flag = option.flag if option else key
        if len(values) > 1 and not isinstance(now, list):
            raise UsageError(f"{flag}: is given {len(values)} times (allowed: once)")
        if isinstance(now, bool):
            if value not in ("true", "false"):
                raise UsageError(f"{flag}: {unknown(value, ('true', 'false'))}")
            return value == "true"
        if option is not None and option.leads_to_a_file(value.strip()) and not self._files and value != self._start.get(key):
            allowed = f"start Locust with {flag}, or with --web-files"
            raise UsageError(f"{flag}: leads to a file or folder, which the web form may not name (allowed: {allowed})")
        try:
            if isinstance(now, list):
                words = value.split(",") if "," in value else list(values)
                return [int(word) for word in words] if all(isinstance(one, int) for one in now) else words
            return value if now is None else type(now)(value)
        except (ValueError, TypeError, ArithmeticError):
            raise UsageError(f"{flag}: {value[:100]!r} (allowed: a value like {str(now)[:100]!r})") from None

    def _check_common(self, key: str, values: Sequence[str]) -> None:
        environment, value = self._environment, values[0]
        if key != "user_classes" and len(values) > 1:
            raise UsageError(f"{key}: is given {len(values)} times (allowed: once)")
        if key == "user_count" and not _is_count(value):
            raise UsageError(f"user_count: {value[:100]!r} (allowed: a whole number, from 0 to {inputs.MAX_USERS:,})")
        if key == "spawn_rate" and not _is_rate(value):
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
            shapes = ("Default", *(environment.available_shape_classes or ()))
            if value not in shapes:
                raise UsageError(f"shape_class: {unknown(value, shapes)}")

    def _check_shape(self, classes: Sequence[type[Any]]) -> None:
        """Raises UsageError for a shape that the classes picked on the form can't be run with."""
        shapes = self._environment.available_shape_classes or {}
        shape = shapes.get(request.form.get("shape_class", "Default"))
        ours = any(issubclass(user, OpenModelUser) for user in classes)
        if self._web_ui.userclass_picker_is_active and ours and not isinstance(shape, StagesShape):
            names = [name for name, one in shapes.items() if isinstance(one, StagesShape)]
            raise UsageError(f"shape_class: an OpenModelUser needs a StagesShape (allowed: {', '.join(names)})")

    def _targets(self) -> list[str]:
        """What a test with these fields puts load on. Raises UsageError where one of our users could not."""
        environment = self._environment
        host = request.form.get("host", environment.host or "").replace("<", "").replace(">", "")  # as Locust takes it
        classes = _chosen(environment, request.form.getlist("user_classes"))
        self._check_shape(classes)
        targets = [host] if host else [user.host or "" for user in classes]
        if any(issubclass(user, OpenModelUser) for user in classes):
            for target in targets:
                inputs.option("-H/--host", _target, target)
        return targets

    def _check_user(self, started_with: StartAddresses) -> None:
        """One user class is edited."""
        try:
            fields = request.get_json(force=True, silent=True)
        except RecursionError:  # of a hundred thousand brackets
            fields = None
        if not isinstance(fields, dict):
            raise UsageError(f"the user class: must be JSON with {', '.join(_USER_FIELDS)}")
        for key, value in fields.items():
            if key not in _USER_FIELDS:
                raise UsageError(f"the user class: {unknown(key, _USER_FIELDS)}")
            if not isinstance(value, _USER_FIELDS[key]) or isinstance(value, bool):
                raise UsageError(f"the user class: {key} is no value of its kind")
        known = _available(self._environment)
        name: str = fields.get("user_class_name", "")
        if name not in known:
            raise UsageError(f"user_class_name: {unknown(name, known)}")
        for key in ("weight", "fixed_count"):
            if not 0 <= fields.get(key, 0) <= inputs.MAX_USERS:
                raise UsageError(f"{key}: {str(fields[key])[:40]} (allowed: from 0 to {inputs.MAX_USERS:,})")
        available: Mapping[str, Any] = self._environment.available_user_tasks or {}
        tasks = [task.__name__ for task in available.get(name, [])]
        for task in fields.get("tasks", []):
            if task not in tasks:
                raise UsageError(f"tasks: {unknown(str(task), tasks)}")
        if host := fields.get("host"):
            if issubclass(known[name], OpenModelUser):
                inputs.option("host", _target, host)
            started_with.check([host], settings_for(self._environment.user_classes, self._environment.parsed_options))


def _available(environment: Environment) -> Mapping[str, type[Any]]:
    known: Mapping[str, Any] = environment.available_user_classes or {}  # which Locust's hint takes for users
    return known


def _chosen(environment: Environment, names: Sequence[str]) -> list[type[Any]]:
    known = _available(environment)
    return [known[name] for name in names if name in known] or list(environment.user_classes)


def _target(value: str) -> str:
    if not value:
        raise ValueError("no target given (allowed: a URL such as http://127.0.0.1:8080)")
    return inputs.base_url(value)


def _holds_a_password(value: object) -> bool:
    return without_userinfo(str(value)) != str(value)


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
