"""What is posted to start a test is checked before Locust takes any of it: a wrong value is one line, and starts nothing.

Locust would take every option that it is sent, of the form or not, one after the other, and fail in the middle. Ours are handed
on as `bizra-load run` does it, so that what has their names in the locustfile stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from flask import Response, jsonify, request
from locust import FastHttpUser, HttpUser, LoadTestShape
from locust.env import Environment
from locust.runners import STATE_CLEANUP, STATE_RUNNING, STATE_SPAWNING, STATE_STOPPED, STATE_STOPPING
from locust.web import WebUI

from bizra_load.exit_codes import BizraLoadError, UsageError
from bizra_load.io.redaction import without_userinfo
from bizra_load.judging.beforehand import check_settings
from bizra_load.products import added_options
from bizra_load.runtime.locust_arguments import attribute_of
from bizra_load.runtime.locust_quirks import until
from bizra_load.runtime.shapes import StagesShape
from bizra_load.runtime.start_addresses import StartAddresses
from bizra_load.runtime.users import OpenModelUser, settings_for
from bizra_load.runtime.webui.common_fields import COMMON, NO_SHAPE, check_common, check_some_users
from bizra_load.runtime.webui.form_fields import Fields
from bizra_load.runtime.webui.load_model import LoadModel
from bizra_load.settings import inputs
from bizra_load.settings.defaults import OPTIONS
from bizra_load.settings.settings import paces_tasks, texts_of
from sla.values.section import unknown

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
JUDGED_WITHIN_S = 10.0  # of a long run that takes some seconds; a browser waits for longer
_USER_FIELDS: Mapping[str, Any] = {
    "user_class_name": str,
    "host": (str, type(None)),
    "weight": int,
    "fixed_count": int,
    "tasks": list,
}


class WebForm:
    """The form of one web UI. `ending`: whether the load of a run has ended and its verdict is still to come."""

    def __init__(self, environment: Environment, web_ui: WebUI, ending: Callable[[], bool]) -> None:
        self._environment, self._web_ui, self._ending = environment, web_ui, ending
        options = environment.parsed_options
        self._start = dict(vars(options)) if options else {}
        self._start_addresses: StartAddresses | None = None
        self.fields = Fields(options, files=bool(self._start.get(attribute_of("web_files", options))))
        self.model = LoadModel(environment, paces_tasks(options))
        self._now = self.model.begin_with(texts_of(options, added_options()))
        # what drives the load is decided below, where the options are, too
        web_ui._update_shape_class = lambda _: None  # type: ignore[method-assign]

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

    def begins_with(self, key: str) -> str | None:
        """The text that a field of ours begins with, without a password that was posted; None of what is not ours, and of a
        switch.
        """
        value = self._now.get(self.fields.name_of(key) or "")
        return without_userinfo(value) if isinstance(value, str) else None

    def shows(self, key: str, default: object) -> bool:
        """Whether an option stands on the form."""
        of_no_product = () if self.model.products else tuple(option.name for option in added_options())
        return self.fields.shown(key, default, (*self.model.of_no_use, *of_no_product))

    def check_request(self) -> Response | None:
        """Before each request: a refusal in Locust's own form, which its page shows; None where there is nothing to refuse."""
        checks = {"locust.swarm": self._take_swarm, "locust.update_user": self._check_user}
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

    def _take_swarm(self, started_with: StartAddresses) -> None:
        """Check all fields; then take ours, Locust takes its own."""
        if request.files or ((request.mimetype or request.content_length) and request.mimetype not in _FORMS):
            raise UsageError(f"the form's fields are taken, as {_FORMS[0]}, and neither files nor JSON")
        if request.content_length and not request.form:  # such as parts whose boundary is not named
            raise UsageError(f"no field can be read (allowed: {_FORMS[0]})")
        environment = self._environment
        self._wait_for_the_end()
        runner = environment.runner
        running = runner is not None and runner.state in (STATE_SPAWNING, STATE_RUNNING)
        if environment.shape_class is not None and running:
            raise UsageError("a test is running (allowed: stop it first)")
        now = self._posted()
        classes = _chosen(environment, request.form.getlist("user_classes"))
        shape, given = self.model.chosen(classes, request.form.get("shape_class", NO_SHAPE), now)
        if shape is not None and running:
            raise UsageError("a test is running (allowed: stop it first)")
        if not running and (shape is None or (shape.use_common_options and not isinstance(shape, StagesShape))):
            check_some_users(request.form.get("user_count"))
        settings = settings_for(classes, SimpleNamespace(**{OPTIONS: given}))
        check_settings(settings)
        started_with.check(self._targets(classes), settings)
        self._now = now
        if not running:
            self._take(shape, given)
        if (options := environment.parsed_options) is not None:
            setattr(options, attribute_of("objective", options), "")  # of an empty list Locust would make whole numbers

    def _wait_for_the_end(self) -> None:
        """The test before has stopped, as Locust says, and its verdict is on its way: wait for it. Raises UsageError as long as
        it has not stopped: a test that started now would be ended in its place.
        """
        runner = self._environment.runner
        if runner is not None and runner.state == STATE_STOPPED:
            until(lambda: not self._ending(), JUDGED_WITHIN_S)
        if self._ending() or (runner is not None and runner.state in (STATE_STOPPING, STATE_CLEANUP)):
            raise UsageError("the test before is still ending (allowed: start again once it has ended)")

    def _posted(self) -> dict[str, Any]:
        """Our options with what was posted of them. Raises UsageError for any field that may not be as it is."""
        own = vars(self._environment.parsed_options) if self._environment.parsed_options else {}
        now = dict(self._now)
        shown = self._shown()
        for key, values in request.form.lists():
            if key in COMMON:
                check_common(self._environment, key, values, self.model.decided)
            elif (name := self.fields.name_of(key)) is not None:
                taken = self.fields.taken(name, values)
                now[name] = self._now[name] if taken and taken == self.begins_with(key) else taken
            elif key in shown and key in own:
                _check_of_the_locustfile(key, values, own[key], shown[key].get("choices"))
            else:
                raise UsageError(f"the web form: {unknown(key, (*COMMON, *self.fields, *shown))}")
        return now

    def _take(self, shape: LoadTestShape | None, given: Mapping[str, Any]) -> None:
        environment = self._environment
        if environment.parsed_options is not None:
            setattr(environment.parsed_options, OPTIONS, given)
        environment.shape_class = shape
        if shape is not None:
            shape.runner = environment.runner

    def _shown(self) -> Mapping[str, Mapping[str, Any]]:
        """The options on the form, a locustfile's own among them, as its page takes them."""
        self._web_ui.update_template_args()
        options: Mapping[str, Mapping[str, Any]] = self._web_ui.template_args.get("extra_options", {})
        return options

    def _targets(self, classes: Sequence[type[Any]]) -> list[str]:
        """What a test with these fields puts load on. Raises UsageError where one of its users could not."""
        environment = self._environment
        host = request.form.get("host", environment.host or "").replace("<", "").replace(">", "")  # as Locust takes it
        targets = [host] if host else [user.host or "" for user in classes]
        for user in classes:
            if check := _check_of_target(user):
                inputs.option("-H/--host" if host else f"{user.__name__}.host", check, host or user.host or "")
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
            if check := _check_of_target(known[name]):
                inputs.option("host", check, host)
            started_with.check([host], settings_for(self._environment.user_classes, self._environment.parsed_options))


def _available(environment: Environment) -> Mapping[str, type[Any]]:
    known: Mapping[str, Any] = environment.available_user_classes or {}  # which Locust's hint takes for users
    return known


def _chosen(environment: Environment, names: Sequence[str]) -> list[type[Any]]:
    known = _available(environment)
    return [known[name] for name in names if name in known] or list(environment.user_classes)


def _check_of_target(user: type[Any]) -> Callable[[str], str] | None:
    """As `bizra-load run` checks it; None of users with a client of their own, which name what they like."""
    if issubclass(user, OpenModelUser):
        return lambda value: inputs.base_url(_given(value))
    return (lambda value: inputs.url(_given(value))) if issubclass(user, HttpUser | FastHttpUser) else None


def _given(value: str) -> str:
    if not value:
        raise ValueError("no target given (allowed: a URL such as http://127.0.0.1:8080)")
    return value


def _check_of_the_locustfile(key: str, values: Sequence[str], now: Any, choices: Sequence[Any] | None) -> None:
    """Whether it is one of its `choices`, or what is there now, and Locust can convert it to the type of that. Raises
    UsageError.
    """
    value = values[0]
    if choices is not None:
        kept = {str(one) for one in now} if isinstance(now, list) else {"" if now is None else str(now)}
        for word in value.split(",") if isinstance(now, list) and "," in value else values:
            if word not in {str(one) for one in choices} | kept:
                raise UsageError(f"{key}: {unknown(word, choices)}")
    if isinstance(now, bool) and value not in ("true", "false"):
        raise UsageError(f"{key}: {unknown(value, ('true', 'false'))}")
    if len(values) > 1 and not isinstance(now, list):
        raise UsageError(f"{key}: is given {len(values)} times (allowed: once)")
    try:
        if isinstance(now, list):
            words = value.split(",") if "," in value else list(values)
            [int(word) for word in words if all(isinstance(one, int) for one in now)]
        elif now is not None and not isinstance(now, bool):
            type(now)(value)
    except (ValueError, TypeError, ArithmeticError):
        raise UsageError(f"{key}: {value[:100]!r} (allowed: a value like {str(now)[:100]!r})") from None
