"""Only pages of our own may send requests to Locust's web UI, and only they may read it: Locust itself lets every web page."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Response
from locust.web import WebUI

from bizra_load.exit_codes import UsageError
from bizra_load.io.cross_origin import authorities, is_same_origin, refusal

logger = logging.getLogger(__name__)
# a click in a frame of another page would come from our own
_NO_FRAMES = (("X-Frame-Options", "SAMEORIGIN"), ("Content-Security-Policy", "frame-ancestors 'self'"))
_MOST_LINES = 100  # of the log: whoever is refused can try again for ever

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def names_of(web_ui: WebUI, options: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(whose pages may send requests: --web-names and the display name; by what names the web UI is reached besides: --web-host
    and this machine's). Raises UsageError.
    """
    try:
        listed = authorities(str(getattr(options, "web_names", "") or ""))
    except ValueError as error:
        raise UsageError(f"--web-names: {error}") from None
    display = urlsplit(str(getattr(options, "web_host_display_name", "") or "")).netloc.lower()
    names = tuple(name.lower() for name in (web_ui.host, socket.gethostname()) if name)
    return (*listed, *([display] if display else [])), names


def allow_own_pages_only(web_ui: WebUI, listed: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Every route of it, Locust's own and those of others."""
    assert web_ui.app is not None
    web_ui.app.wsgi_app = OwnPagesOnly(web_ui.app.wsgi_app, listed, names)  # type: ignore[method-assign]  # as Flask advises


class OwnPagesOnly:
    """WSGI middleware: 403 with one line for what cross_origin.refusal() refuses; no CORS headers for pages of others, and none
    of our pages in a frame of theirs.
    """

    def __init__(self, app: WsgiApp, listed: tuple[str, ...], names: tuple[str, ...]) -> None:
        self._app, self._listed, self._names = app, listed, names
        self._logged: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN", "")
        site = environ.get("HTTP_SEC_FETCH_SITE", "")
        reason = refusal(environ["REQUEST_METHOD"], host, origin, site, self._listed, self._names)
        if reason:
            self._say(reason)
            text = f"bizra-load: refused: {reason}: --web-names lists further names\n"
            response: Iterable[bytes] = Response(
                text, 403, content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"}
            )(environ, start_response)
            return response
        same = is_same_origin(host, origin, self._listed)

        def for_own_pages(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept = [(name, value) for name, value in headers if same or not name.lower().startswith("access-control-")]
            return start_response(status, [*kept, *_NO_FRAMES], *more)

        return self._app(environ, for_own_pages)

    def _say(self, reason: str) -> None:
        if len(self._logged) < _MOST_LINES and reason not in self._logged:
            self._logged.add(reason)
            logger.warning("bizra-load: the web UI refused a request: %s (--web-names lists further names)", reason)
