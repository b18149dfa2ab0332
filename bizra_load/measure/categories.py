"""Failure categories of an operation, by what is known of its end."""

from __future__ import annotations

from sla.values.window import FAILURE_CATEGORIES


def category_of_status(status: int) -> str:
    """Failure category of an HTTP status that is no success."""
    return "http_5xx" if status >= 500 else "http_4xx" if status >= 400 else "http_3xx"


def category_of(exception: object) -> str:
    """Failure category of a foreign user's exception, by its HTTP status or its name; "transport" when nothing tells more."""
    category = getattr(exception, "category", None)
    if category in FAILURE_CATEGORIES:
        return str(category)
    status = getattr(getattr(exception, "response", None), "status_code", None) or getattr(exception, "code", None)
    if isinstance(status, int) and status >= 300:
        return category_of_status(status)
    return "timeout" if "timeout" in type(exception).__name__.lower() else "transport"
