"""OpenModelUser for locustfiles: one rate slot on one connection."""

from __future__ import annotations

import logging
import random
import time
import types
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

import gevent
from gevent import GreenletExit
from locust import User
from locust.exception import InterruptTaskSet, RescheduleTask, StopTest, StopUser
from locust.user.task import LOCUST_STATE_STOPPING, DefaultTaskSet

from bizra_load.engine.client import Connection, PreparedRequest
from bizra_load.engine.errors import EngineError
from bizra_load.engine.http_parser import Head
from bizra_load.engine.outcomes import TRUTH_VALUES, Unsettled
from bizra_load.exit_codes import UsageError
from bizra_load.io.redaction import secret_values
from bizra_load.measure.categories import category_of_error, category_of_status, reason_of
from bizra_load.measure.reasons import first_line
from bizra_load.measure.recorder import Operation
from bizra_load.products import default_agreement, settings_of
from bizra_load.runtime.worker_run import WorkerRun
from bizra_load.settings.settings import Settings

logger = logging.getLogger(__name__)
ENDING = (InterruptTaskSet, RescheduleTask, StopTest, StopUser)  # Locust's own way to leave a task, a user or a test


class WrongResponse(Exception):
    """A response that arrived and is not correct; `category` is one of sla.values.window.FAILURE_CATEGORIES."""

    def __init__(self, category: str, reason: str) -> None:
        super().__init__(f"{category}: {reason}")
        self.category, self.reason = category, reason


class ScheduledTasks(DefaultTaskSet):
    """Locust's loop over a user's tasks without its wait: gevent.sleep(0) after every task is a turn of the hub, which costs
    a tenth of a request.
    """

    def run(self) -> None:  # type: ignore[misc]  # final for type checkers, not for Locust
        user, choice = self.user, random.choice
        tasks: list[Callable[[Any], Any]] = self.user.tasks  # type: ignore[assignment]  # on_start() has seen that none is a set
        only = tasks[0] if len(set(tasks)) == 1 else None
        while True:
            try:
                while user._state != LOCUST_STATE_STOPPING:
                    (only or choice(tasks))(user)
                raise StopUser
            except (StopUser, StopTest, GreenletExit):
                raise
            except Exception as error:
                user.environment.events.user_error.fire(user_instance=self, exception=error, tb=error.__traceback__)
                if not user.environment.catch_exceptions:
                    raise
                logger.exception("a task failed")
                gevent.sleep(0.1)  # a task that fails at once must not take the whole core


class OpenModelUser(User):
    """One rate slot: perform() waits for the next due arrival, sends, checks and records it.

    request_type   what Locust's tables show as the type of its operations
    product        what its requests are of (bizra_load.products), whose agreement is taken where none is named; "": any service
    """

    abstract = True
    request_type = "HTTP"
    product = ""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        while not hasattr(environment, "bizra_load"):  # a late worker's users may be there before Locust says that it is ready
            gevent.sleep(0.01)
        self.test_run: WorkerRun = environment.bizra_load.wait_for_run()
        settings = self.test_run.settings
        self.slot = self.test_run.schedule.new_slot()
        host = self.host or environment.host
        if not host:
            raise UsageError("-H/--host: no target given (allowed: a URL such as http://127.0.0.1:8080)")
        self.test_run.recorder.reasons.hide(secret_values((), host))
        self.connection = Connection(
            host,
            timeout_s=settings.request_timeout_s,
            headers=dict(settings.headers),
            ca_file=settings.ca_file or None,
            insecure=settings.insecure,
        )
        self._reconnects = 0

    @classmethod
    def operation_shares(cls, settings: Settings) -> dict[str, float]:
        """Which part of the arrivals each operation gets; the check before the load says what they can't decide."""
        return {}

    def on_start(self) -> None:
        """A subclass with an on_start of its own calls this one."""
        if not any(isinstance(task, type) for task in self.tasks):
            self._taskset_instance = ScheduledTasks(self)

    def wait_time(self) -> float:
        """Nothing to wait for between tasks: perform() itself waits for the schedule."""
        return 0.0

    def stop(self, force: bool = False) -> bool:
        """Locust takes this user away: the run ends, or its share moves to another worker."""
        self.test_run.take_away(self.slot)
        return bool(super().stop(force=True))

    def on_stop(self) -> None:
        self.connection.close()

    def operation(self, name: str) -> Operation:
        """The recorder's buffers of this operation; look it up once, in __init__."""
        return self.test_run.recorder.operation(name)

    def perform(self, operation: Operation, request: PreparedRequest, body: bytes, check: Callable[[bytes], Any]) -> Any | None:
        """Send one operation when it is due; returns what `check(body)` returns, or None after any failure (recorded). A check
        that returns False or raises has failed; WrongResponse says with which category, all else is "not_valid".
        """
        intended_ns = self.slot.take()
        connection = self.connection
        error: Exception | None = None
        result = None
        try:
            result = connection.attempt(operation, request, body, check, intended_ns)
            if connection.reconnects == self._reconnects and not self.test_run.fire_request_events:
                return result
        except Unsettled as left:
            result, error = self._settled(left, operation, intended_ns)
        except EngineError as trouble:
            error = trouble
            sent_ns, done_ns = connection.last_sent_ns, time.perf_counter_ns()
            if not connection.last_started:  # it failed before anything was sent: count it as started all the same
                sent_ns = done_ns
                operation.started(sent_ns)
            connection.last_done_ns = done_ns
            operation.failed(category_of_error(trouble), intended_ns, sent_ns, done_ns, str(trouble))
            self.test_run.request_failed()
        if connection.reconnects != self._reconnects:
            self.test_run.reconnects += connection.reconnects - self._reconnects
            self._reconnects = connection.reconnects
        if self.test_run.fire_request_events:
            self._fire(operation, intended_ns, error)
        ending = error.__cause__ if isinstance(error, WrongResponse) and isinstance(error.__cause__, ENDING) else None
        error = None  # its traceback holds this frame: a circle that only the garbage collector would find
        if ending is not None:
            raise ending
        return result

    def _settled(self, left: Unsettled, operation: Operation, intended_ns: int) -> tuple[Any, WrongResponse | None]:
        """What a check returned, and why the response counts as wrong, if it does; recorded."""
        sent_ns, done_ns = self.connection.last_sent_ns, self.connection.last_done_ns
        wrong = _wrong(left, self.connection.last_head)
        if wrong is None:
            operation.succeeded(intended_ns, sent_ns, done_ns)
            return left.result, None
        operation.failed(wrong.category, intended_ns, sent_ns, done_ns, wrong.reason)
        self.test_run.request_failed()
        return None, wrong

    def _fire(self, operation: Operation, intended_ns: int, error: Exception | None) -> None:
        """Locust's event of a request, which the recorder has already."""
        self.environment.events.request.fire(
            request_type=self.request_type,
            name=operation.name,
            response_time=(self.connection.last_done_ns - intended_ns) / 1e6,
            response_length=0 if error else self.connection.last_bytes,
            exception=error,
            context={},
            start_time=time.time() - (time.perf_counter_ns() - intended_ns) / 1e9,
            url=None,
            response=None,
            bizra_load_recorded=True,
        )


def _wrong(left: Unsettled, head: Head) -> WrongResponse | None:
    """Why a response is no success; None where the check returned True in numpy's way."""
    if not 200 <= head.status < 300:
        return _refusal(head, left.content)
    if isinstance(left.error, WrongResponse):
        return left.error
    if left.error is not None:
        wrong = WrongResponse("not_valid", f"the check raised {reason_of(left.error)}")
        wrong.__cause__ = left.error if isinstance(left.error, ENDING) else None
        return wrong
    if isinstance(left.result, TRUTH_VALUES):
        return None if left.result else WrongResponse("not_valid", "the check returned False")
    if isinstance(left.result, types.CoroutineType):
        left.result.close()  # or Python warns of it each time
    kind = type(left.result).__name__
    return WrongResponse("not_valid", f"the check has not run: it gave back a {kind} (allowed: def, no yield)")


def _refusal(head: Head, content: bytes) -> WrongResponse:
    """What a status says that is no success, with where a redirect leads and what an error's body says first."""
    reason = f"status {head.status}"
    if head.location:
        reason += f", Location: {head.location}"
    elif first := first_line(content):
        reason += f": {first}"
    return WrongResponse(category_of_status(head.status), reason)


def settings_for(users: Iterable[type[User]], options: object | None) -> Settings:
    """Settings from parsed options; where no agreement is named, it is that of the users' product. Raises UsageError."""
    settings = settings_of(options)
    if settings.agreement or settings.objectives:
        return settings
    named = (user.product for user in users if issubclass(user, OpenModelUser) and user.product)
    return replace(settings, agreement=default_agreement(next(named, "")))


def operation_shares(users: Iterable[type[User]], settings: Settings, judged: Collection[str]) -> dict[str, float]:
    """Which part of the arrivals each operation of these user classes gets; all of them the only one that is `judged`, where no
    class says it.
    """
    shares: dict[str, float] = {}
    for user in users:
        if issubclass(user, OpenModelUser):
            shares |= user.operation_shares(settings)
    return shares or (dict.fromkeys(judged, 1.0) if len(judged) == 1 else {})


def request_type_of(users: Iterable[type[User]], settings: Settings) -> Callable[[str], str]:
    """An operation's type: that of the class which names it before the load (operation_shares()), else that of all classes, and
    of OpenModelUser where they differ.
    """
    ours = [user for user in users if issubclass(user, OpenModelUser)]
    named = {operation: user.request_type for user in ours for operation in user.operation_shares(settings)}
    types = {user.request_type for user in ours}
    common = types.pop() if len(types) == 1 else OpenModelUser.request_type
    return lambda operation: named.get(operation, common)
