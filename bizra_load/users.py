"""Users for locustfiles: OpenModelUser is one rate slot on one connection; PoIUser adds the three PoI operations."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import gevent
import nacl.bindings
import nacl.exceptions
import orjson
from gevent import GreenletExit
from locust import User
from locust.exception import StopTest, StopUser
from locust.user.task import LOCUST_STATE_STOPPING, DefaultTaskSet

from bizra_load.engine.client import Connection, PreparedRequest
from bizra_load.engine.errors import EngineError, ResponseTimeout
from bizra_load.exit_codes import UsageError
from bizra_load.measure.recorder import Operation
from bizra_load.node.chain import FINALIZED, block_hash
from bizra_load.options import Settings
from bizra_load.worker import Measuring

logger = logging.getLogger(__name__)


class WrongAnswer(Exception):
    """An answer that arrived and is not right; `category` is one of sla.window.FAILURE_CATEGORIES."""

    def __init__(self, category: str, reason: str) -> None:
        super().__init__(f"{category}: {reason}")
        self.category = category


@dataclass(slots=True)  # not frozen: that would cost half a microsecond for each
class Attestation:
    """What generate answered: `verify_body` is the JSON of the verify request for it."""

    body: dict[str, Any]
    signature: str
    public_key: str

    @property
    def verify_body(self) -> bytes:
        return orjson.dumps({"body": self.body, "signature": self.signature, "public_key": self.public_key})


class ScheduledTasks(DefaultTaskSet):
    """Locust's loop over a user's tasks without its wait: gevent.sleep(0) after every task is a turn of the hub, which costs
    a tenth of a request.
    """

    def run(self) -> None:
        user, tasks, choice = self.user, self.user.tasks, random.choice
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
    """One rate slot: perform() waits for the next due arrival, sends, checks and records it."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        while not hasattr(environment, "bizra_load"):  # a late worker's users may be there before Locust says that it is ready
            gevent.sleep(0.01)
        self.measuring: Measuring = environment.bizra_load.wait_for_measuring()
        settings = self.measuring.settings
        self.slot = self.measuring.schedule.new_slot()
        host = self.host or environment.host
        if not host:
            raise UsageError("-H/--host: no target given (allowed: a URL such as http://127.0.0.1:8080)")
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
        """Locust takes this user away (the run ends, or its share moves to another worker): what is under way is finished
        first, whatever --stop-timeout says, or nobody would know whether the target did it.
        """
        if not self.measuring.schedule.draining:
            self.slot.retire()
            end = time.monotonic() + self.measuring.settings.request_timeout_s + 1
            while self.slot.busy and time.monotonic() < end:
                gevent.sleep(0.002)
        return bool(super().stop(force=True))

    def on_stop(self) -> None:
        self.connection.close()

    def operation(self, name: str) -> Operation:
        """The recorder's buffers of this operation; look it up once, in __init__."""
        return self.measuring.recorder.operation(name)

    def perform(self, operation: Operation, request: PreparedRequest, body: bytes, check: Callable[[bytes], Any]) -> Any | None:
        """Send one operation when it is due; what `check(answer)` returns, or None after any failure (recorded)."""
        intended_ns = self.slot.take()
        connection = self.connection
        error: Exception | None = None
        result = None
        try:
            response = connection.send(request, body, operation.started)
            sent_ns, done_ns = response.sent_ns, response.done_ns
            if response.status != 200:
                raise WrongAnswer("http_5xx" if response.status >= 500 else "http_4xx", f"status {response.status}")
            result = check(response.body)
            operation.succeeded(intended_ns, sent_ns, done_ns)
        except WrongAnswer as wrong:
            error = wrong
            operation.failed(wrong.category, intended_ns, sent_ns, done_ns)
        except EngineError as trouble:
            error = trouble
            done_ns = time.perf_counter_ns()
            sent_ns = connection.last_sent_ns
            if not connection.last_started:  # it failed before anything was sent: count it as started all the same
                sent_ns = done_ns
                operation.started(sent_ns)
            category = "timeout" if isinstance(trouble, ResponseTimeout) else "transport"
            operation.failed(category, intended_ns, sent_ns, done_ns)
        if connection.reconnects != self._reconnects:
            self.measuring.reconnects += connection.reconnects - self._reconnects
            self._reconnects = connection.reconnects
        if self.measuring.fire_request_events:
            self.environment.events.request.fire(
                request_type="PoI",
                name=operation.name,
                response_time=(done_ns - intended_ns) / 1e6,
                response_length=0 if error else len(response.body),
                exception=error,
                context={},
                start_time=time.time() - (time.perf_counter_ns() - intended_ns) / 1e9,
                url=None,
                response=None,
                bizra_load_recorded=True,
            )
        error = None  # its traceback holds this frame: a circle that only the garbage collector would find
        return result


def operation_shares(users: Iterable[type[User]], settings: Settings) -> dict[str, float]:
    """Which part of the arrivals each operation of these user classes gets."""
    shares: dict[str, float] = {}
    for user in users:
        if issubclass(user, OpenModelUser):
            shares |= user.operation_shares(settings)
    return shares


class PoIUser(OpenModelUser):
    """generate, verify and finality of a PoI node, each answer checked."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        settings = self.measuring.settings
        headers = {"Content-Type": "application/json"}
        self._generate = self.connection.prepare("POST", f"{settings.base_path}/poi/generate", headers)
        self._verify = self.connection.prepare("POST", f"{settings.base_path}/poi/verify", headers)
        self._finality = self.connection.prepare("POST", f"{settings.base_path}/finality", headers)
        self._generated = self.operation("generate")
        self._verified = self.operation("verify")
        self._finalized = self.operation("finality")
        self._random = self.measuring.random
        self._evidence = f"evidence of {self.measuring.worker} {id(self)} "
        self._count = 0

    def generate(self) -> Attestation | None:
        """Generate an attestation of fresh evidence; None after a failure."""
        self._count += 1
        body = orjson.dumps({"evidence": f"{self._evidence}{self._count}"})
        result: Attestation | None = self.perform(self._generated, self._generate, body, self._check_attestation)
        return result

    def verify(self, attestation: Attestation) -> bool:
        """Have an attestation verified; it must be valid."""
        return bool(self.perform(self._verified, self._verify, attestation.verify_body, _check_valid))

    def finality(self) -> bool:
        """Check that a finalized block is final."""
        hashes = self.measuring.settings.block_hashes
        block = self._random.choice(hashes) if hashes else block_hash(self._random.randrange(FINALIZED))
        body = orjson.dumps({"block_hash": block})
        return bool(self.perform(self._finalized, self._finality, body, _check_finalized))

    def _check_attestation(self, answer: bytes) -> Attestation:
        found = _json_object(answer)
        body, signature, public_key = found.get("body"), found.get("signature"), found.get("public_key")
        if not (
            isinstance(body, dict)
            and isinstance(signature, str)
            and len(signature) == 128
            and isinstance(public_key, str)
            and len(public_key) == 64
        ):
            raise WrongAnswer("bad_json", "not an attestation: body, signature (128 hex) and public_key (64 hex) expected")
        if self._random.random() < self.measuring.settings.verify_share:
            _check_signature(body, signature, public_key)
        return Attestation(body, signature, public_key)


def _check_signature(body: dict[str, Any], signature: str, public_key: str) -> None:
    """Ed25519 (RFC 8032) over the canonical JSON of the body: sorted keys, no white space, UTF-8."""
    try:
        signed = bytes.fromhex(signature) + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        nacl.bindings.crypto_sign_open(signed, bytes.fromhex(public_key))
    except (ValueError, nacl.exceptions.CryptoError) as error:
        raise WrongAnswer("bad_signature", "the attestation's signature does not fit its body") from error


def _json_object(answer: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(answer)
    except orjson.JSONDecodeError as error:
        raise WrongAnswer("bad_json", "the answer is not JSON") from error
    if not isinstance(found, dict):
        raise WrongAnswer("bad_json", "the answer is not a JSON object")
    return found


def _check_true(key: str) -> Callable[[bytes], bool]:
    def check(answer: bytes) -> bool:
        value = _json_object(answer).get(key)
        if value is True:
            return True
        if value is False:
            raise WrongAnswer("not_valid", f"{key} is false")
        raise WrongAnswer("bad_json", f"{key} is missing or not a boolean")

    return check


_check_valid, _check_finalized = _check_true("valid"), _check_true("finalized")
