"""A user's cookies: the standard library's jar, which also says when what it would send may have changed."""

from __future__ import annotations

import time
from http.cookiejar import Cookie, CookieJar
from typing import Any

from geventhttpclient.header import Headers


class Jar(CookieJar):
    """`version` is another number after each change; see now()."""

    def __init__(self) -> None:
        super().__init__()
        self.version = 0
        self._expires = float("inf")  # the first of them (Unix time)

    def now(self) -> int:
        """The version, once what has expired is gone."""
        if time.time() >= self._expires:
            self._changed()
        return self.version

    @property
    def for_all_paths(self) -> bool:
        """Whether every cookie is sent with every path."""
        return all(cookie.path == "/" for cookie in self)

    def set_cookie(self, cookie: Cookie) -> None:
        """One that is there already changes nothing."""
        known = self._cookies.get(cookie.domain, {}).get(cookie.path, {}).get(cookie.name)  # type: ignore[attr-defined]
        super().set_cookie(cookie)
        if known is None or known.__dict__ != cookie.__dict__:
            self._changed()

    def clear(self, *where: Any) -> None:
        super().clear(*where)
        self._changed()

    def renew(self) -> None:
        """Another version, for whatever goes into requests as cookies do."""
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        now = time.time()
        self._expires = min((c.expires for c in self if c.expires is not None and c.expires > now), default=float("inf"))


class Info:
    """A response as http.cookiejar reads it."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def info(self) -> Headers:
        return self._headers
