"""What went wrong in our client, as the exceptions that FastHttpUser's has for it: listeners and tables know those."""

from __future__ import annotations

from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.useragent import RetriesExceeded

from bizra_load.engine.errors import EngineError, ProtocolError, ResponseTimeout


def failure_of(trouble: EngineError, url: str) -> Exception:
    """The exception of its event."""
    if isinstance(trouble, ResponseTimeout):
        return RetriesExceeded(url, 0, original=TimeoutError("timed out"))
    text = str(trouble)
    if trouble.error is not None and not text.startswith("receiving"):
        return trouble.error
    if isinstance(trouble, ProtocolError) or "before the response was complete" in text:
        return HTTPParseError(text)
    return HTTPConnectionClosed(text)
