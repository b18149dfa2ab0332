"""Times as our files have them."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_text(at: datetime) -> str:
    """ISO 8601 to the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def utc_now() -> str:
    """utc_text() of this moment, by this machine's clock."""
    return utc_text(datetime.now(UTC))
