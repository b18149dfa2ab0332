"""Failure categories of an operation, by what is known of its end, and the reason in a line of text."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from http.client import HTTPException
from typing import cast

from bizra_load.engine.errors import EngineError, GeneratorError, ResponseTimeout
from bizra_load.engine.exhaustion import described, is_own
from sla.values.window import EXCEPTION, FAILURE_CATEGORIES, GENERATOR

_MAX_CHAIN = 20
_BY_CHECK = "CatchResponseError"  # Locust's, of response.failure(...)
_NUMBER = re.compile(r"(?<!ipv)\d+")  # of an address's kind, ipv4, it is no number
_NO_THREAD = "can't start new thread"  # CPython's own word, in a RuntimeError: for lack of memory, or of a process's limit
# Of requests: errors of sockets, TLS and `requests` are OSErrors; those of http.client, which urllib3 raises too, and ours not.
_OF_A_REQUEST = (OSError, HTTPException, EngineError)
_CONNECTION = "connection"  # in the name of an error that is none of these, as WebSocket clients and databases have it


def category_of_status(status: int) -> str:
    """Failure category of an HTTP status that is no success."""
    return "http_5xx" if status >= 500 else "http_4xx" if status >= 400 else "http_3xx"


def category_of_error(error: EngineError) -> str:
    """Failure category of an exchange that ended without a whole response."""
    if isinstance(error, GeneratorError):
        return GENERATOR
    return "timeout" if isinstance(error, ResponseTimeout) else "transport"


def category_of(exception: object, response: object = None) -> str:
    """Failure category of a foreign user's exception, by status (its own, or that of the `response` it is about), causes or
    name; "transport" where none of these is known. A successful response that the user's own check refuses was not valid.
    """
    category = _attribute(exception, "category")
    if type(category) is str and category in FAILURE_CATEGORIES:
        return category
    received = _attribute(response, "status_code")
    for status in (_attribute(_attribute(exception, "response"), "status_code"), _attribute(exception, "code"), received):
        # isinstance() would ask the object what it is, and this one may be anybody's
        if issubclass(type(status), int) and 300 <= status < 600:  # type: ignore[operator]  # a WebSocket's 1006 is no status
            return category_of_status(int(status))  # type: ignore[call-overload]
    if _own_error(exception) is not None:
        return GENERATOR
    if type(exception).__name__ == _BY_CHECK and issubclass(type(received), int) and 200 <= received < 300:  # type: ignore[operator]
        return "not_valid"
    # geventhttpclient has the time-out that it gave up after as `original`
    kinds = (type(exception), type(_attribute(exception, "original")))
    return "timeout" if any("timeout" in kind.__name__.lower() for kind in kinds) else "transport"


def category_of_task(exception: BaseException) -> str:
    """Failure category of a task that an exception ended: category_of() it, but EXCEPTION where it is of no request."""
    category = category_of(exception)
    if (
        category != "transport"
        or _attribute(exception, "category") == category
        or any(map(_is_of_a_request, _chain(exception)))
    ):
        return category
    return EXCEPTION


def _is_of_a_request(e: BaseException) -> bool:
    """Not of a file, which has a name."""
    kind = type(e)
    return (issubclass(kind, _OF_A_REQUEST) and _attribute(e, "filename") is None) or _CONNECTION in kind.__name__.lower()


def reason_of(exception: object) -> str:
    """What a foreign user's exception says: its type and text, or what this machine ran out of. Of a gRPC error its
    status and details: their numbers differ from request to request, and are left out.
    """
    if (own := _own_error(exception)) is not None:
        return described(own)
    if code := _grpc_code(exception):
        details = _NUMBER.sub("{n}", _details(exception))
        return f"{code}: {details}" if details else code
    try:
        text = str(exception)
    except Exception:  # it is anybody's object
        text = ""
    return f"{type(exception).__name__}: {text}" if text else type(exception).__name__


def _grpc_code(exception: object) -> str:
    """The name of a gRPC error's status, such as UNAVAILABLE; "" of anything else."""
    name = _attribute(_called(exception, "code"), "name")
    return name if type(name) is str else ""


def _details(exception: object) -> str:
    details = _called(exception, "details")
    return details if type(details) is str else ""


def _called(thing: object, name: str) -> object:
    """What a method of it returns; None where it has none, or where that fails."""
    method = _attribute(thing, name)
    try:
        return method() if callable(method) else None
    except Exception:
        return None


def _own_error(exception: object) -> OSError | None:
    """The error of this machine's own that an exception was made of."""
    for e in _chain(exception):
        if issubclass(type(e), OSError) and is_own(cast(OSError, e)):
            return cast(OSError, e)
        if issubclass(type(e), MemoryError):
            return OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        if type(e) is RuntimeError and e.args and type(e.args[0]) is str and e.args[0] == _NO_THREAD:
            return OSError(errno.ENOMEM, _NO_THREAD)
    return None


def _chain(exception: object) -> Iterator[BaseException]:
    """The exception and what it holds or was caused by: requests and urllib3 wrap the error of the socket several times."""
    waiting, known = [exception], set[int]()
    while waiting and len(known) < _MAX_CHAIN:
        e = waiting.pop(0)
        if issubclass(type(e), BaseException) and id(e) not in known:
            known.add(id(e))
            yield e  # type: ignore[misc]
            arguments = _attribute(e, "args")
            waiting += arguments if type(arguments) is tuple else ()
            waiting += [_attribute(e, name) for name in ("reason", "__cause__")]  # __context__ may have been handled


def _attribute(thing: object, name: str) -> object:
    """None where it has none, or where asking for it fails: it is anybody's object."""
    try:
        return getattr(thing, name, None)
    except Exception:
        return None
