"""Which failure category a status and an exception of a foreign user belong to."""

import errno
import socket
from http.client import RemoteDisconnected
from types import SimpleNamespace

import numpy as np
import pytest

from bizra_load.engine.errors import GeneratorError, ResponseTimeout, TransportError
from bizra_load.measure.categories import category_of, category_of_error, category_of_status, category_of_task, reason_of
from sla.values.window import FAILURE_CATEGORIES


@pytest.mark.parametrize(
    ("status", "category"), [(300, "http_3xx"), (399, "http_3xx"), (400, "http_4xx"), (499, "http_4xx"), (500, "http_5xx")]
)
def test_a_status_that_is_no_success_names_its_category(status, category):
    assert category_of_status(status) == category
    assert category in FAILURE_CATEGORIES
    refused = ValueError("refused")
    refused.response = SimpleNamespace(status_code=status)
    assert category_of(refused) == category


def test_an_exception_without_a_status_is_told_by_its_name():
    assert category_of(type("ReadTimeout", (Exception,), {})()) == "timeout"
    assert category_of(OSError("reset")) == "transport"
    given_up = ConnectionError("URL http://h/: 0, original=timed out")  # as geventhttpclient's RetriesExceeded
    given_up.original = TimeoutError("timed out")
    assert category_of(given_up) == "timeout"
    named = ValueError("no JSON")
    named.category = "bad_json"
    assert category_of(named) == "bad_json"


@pytest.mark.parametrize(
    ("status", "category"),
    [(200, "not_valid"), (204, "not_valid"), (404, "http_4xx"), (500, "http_5xx"), (0, "transport"), (None, "transport")],
)
def test_a_check_of_the_users_own_is_told_by_the_response_that_it_refuses(status, category):
    """Without one, or with a status of nothing, nobody knows whether the service has counted it."""
    refused = type("CatchResponseError", (Exception,), {})("not paid")  # Locust's own, in tests/e2e/test_with_locust.py
    assert category_of(refused, SimpleNamespace(status_code=status)) == category
    assert category_of(refused) == "transport"
    assert category_of(ConnectionError("reset"), SimpleNamespace(status_code=200)) == "transport"


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (ValueError("no seat"), "exception"),
        (AssertionError(), "exception"),
        (KeyError("id"), "exception"),
        (FileNotFoundError(errno.ENOENT, "No such file", "users.csv"), "exception"),
        (PermissionError(errno.EACCES, "Permission denied"), "transport"),  # of connect(2): a router's word
        (type("WebSocketConnectionClosed", (Exception,), {})(), "transport"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "transport"),
        (RemoteDisconnected("closed"), "transport"),
        (TransportError("closed"), "transport"),
        (type("ReadTimeout", (Exception,), {})(), "timeout"),
        (OSError(errno.EMFILE, "Too many open files"), "generator"),
    ],
)
def test_a_task_that_its_own_code_ended_is_no_matter_of_connections(error, category):
    assert category_of_task(error) == category
    assert category in FAILURE_CATEGORIES


def test_a_task_that_an_error_of_a_request_ended_has_the_requests_category():
    assert category_of_task(wrapped(ConnectionRefusedError(errno.ECONNREFUSED, "refused"))) == "transport"
    refused = ValueError("refused")
    refused.response = SimpleNamespace(status_code=503)
    assert category_of_task(refused) == "http_5xx"
    named = ValueError("lost")
    named.category = "transport"
    assert category_of_task(named) == "transport"


def wrapped(error):
    """As urllib3 and requests wrap an error of the socket: by its arguments, by `reason`, and as the context."""
    try:
        try:
            raise error
        except OSError as cause:
            pool = ValueError("Max retries exceeded")
            pool.reason = ValueError(f"failed: {cause}")
            raise pool from cause
    except ValueError as pool:
        return ConnectionError(pool)


@pytest.mark.parametrize(
    ("error", "category", "message"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "generator", "Too many open files (EMFILE); ulimit -n is "),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), "generator", "Cannot assign requested address"),
        (socket.gaierror(-3, "Temporary failure in name resolution"), "generator", "the name could not be resolved: Temp"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "transport", "ConnectionError: Max retries"),
    ],
)
def test_what_the_generator_ran_out_of_is_found_within_what_a_library_wrapped_it_in(error, category, message):
    exception = wrapped(error)
    assert category_of(exception) == category
    assert reason_of(exception).startswith(message)


def test_the_reason_of_a_foreign_exception_is_its_type_and_text_whatever_it_is():
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError

    assert reason_of(ValueError("no such key")) == "ValueError: no such key"
    assert reason_of(ValueError()) == "ValueError"
    assert reason_of(Silent()) == "Silent"
    assert reason_of("a text") == "str: a text"
    circle = ValueError("round")
    circle.__cause__ = circle
    assert category_of(circle) == "transport"


@pytest.mark.parametrize(
    ("error", "category"),
    [(GeneratorError("x"), "generator"), (ResponseTimeout("x"), "timeout"), (TransportError("x"), "transport")],
)
def test_an_exchange_without_a_whole_response_has_its_category(error, category):
    assert category_of_error(error) == category


class HostileError(Exception):
    """An error of somebody's client library: what it is asked for, it raises."""

    @property
    def category(self):
        raise RuntimeError("no")

    @property
    def response(self):
        raise ZeroDivisionError

    code = 503


@pytest.mark.parametrize("category", [[], np.array([1, 2]), 5, type("Text", (str,), {})("bad_json")])
def test_an_exception_whose_attributes_are_anything_has_a_category(category):
    assert category_of(HostileError()) == "http_5xx"
    assert category_of(SimpleNamespace(category=category)) in FAILURE_CATEGORIES


def test_an_exception_that_was_handled_before_is_no_reason():
    def checkout():
        try:
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        except OSError:
            raise RuntimeError("checkout answered: order lost")  # noqa: B904  # as users write it

    with pytest.raises(RuntimeError) as raised:
        checkout()
    assert category_of(raised.value) == "transport"
    assert reason_of(raised.value) == "RuntimeError: checkout answered: order lost"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), "Cannot allocate memory (ENOMEM)"),
        (RuntimeError("can't start new thread"), "can't start new thread (ENOMEM)"),
        (ConnectionError(MemoryError("no more")), "Cannot allocate memory (ENOMEM)"),
    ],
)
def test_memory_and_threads_that_the_generator_lacks_are_its_own(error, message):
    assert (category_of(error), reason_of(error)) == ("generator", message)
    assert category_of(RuntimeError("cannot schedule new futures after shutdown")) == "transport"


def test_a_code_that_is_no_http_status_is_none():
    class Closed(Exception):
        code = 1006  # RFC 6455: the connection was closed abnormally

    assert category_of(Closed()) == "transport"


class Rpc(Exception):
    """As grpc.RpcError is: what it says of itself is of many lines."""

    def __init__(self, details, name="INVALID_ARGUMENT"):
        super().__init__(f"<_InactiveRpcError of RPC that terminated with: {details}>")
        self._details, self._name = details, name

    def code(self):
        return SimpleNamespace(name=self._name)

    def details(self):
        return self._details


def test_the_reason_of_a_grpc_error_is_its_status_and_its_details_without_numbers():
    assert {reason_of(Rpc(f"bad arg {n}")) for n in (7, 112)} == {"INVALID_ARGUMENT: bad arg {n}"}
    assert reason_of(Rpc("ipv4:127.0.0.1:9: refused", "UNAVAILABLE")).startswith("UNAVAILABLE: ipv4:{n}.")
    assert reason_of(Rpc(None, "INTERNAL")) == reason_of(Rpc("", "INTERNAL")) == "INTERNAL"


def test_whatever_else_has_a_code_is_no_grpc_error():
    class Broken(Rpc):
        def code(self):
            raise ValueError

    class Numbered(Rpc):
        code = 7

    for kind in (Broken, Numbered):
        assert reason_of(kind("x 1")).startswith(f"{kind.__name__}: <_InactiveRpcError")
    assert reason_of(Rpc("x 1", 14)).startswith("Rpc: ")  # a name that is no text
