"""What is known of a response by its head. Heads repeat, so each is looked at once, and its headers when somebody asks."""

from __future__ import annotations

import re

from geventhttpclient.header import Headers
from locust.contrib.fasthttp import LocustUserAgent
from requests.utils import get_encoding_from_headers

from bizra_load.engine.http_parser import Head

KNOWN_HEADS = 1_000  # of one process: they differ by their Date, once a second, and by the length
_SPECIAL = re.compile(rb"\n(set-cookie|content-encoding|location)[ \t]*:", re.IGNORECASE)


class HeadFacts:
    """One head of a response, without the blank line.

    plain         the response is what it seems: a success that leads nowhere else, sets no cookie, and is not encoded
    sets_cookies  it has a Set-Cookie
    """

    __slots__ = ("_encoding", "_headers", "plain", "sets_cookies", "status", "text")

    def __init__(self, text: bytes, status: int) -> None:
        self.text, self.status = text, status
        names = {name.lower() for name in _SPECIAL.findall(text)}
        self.sets_cookies = b"set-cookie" in names
        self.plain = status in LocustUserAgent.valid_response_codes and not names
        self._headers: Headers | None = None
        self._encoding: str | None = ""

    @property
    def encoding(self) -> str | None:
        """Its text's, where the headers say it."""
        if self._encoding == "":
            self._encoding = get_encoding_from_headers(self.headers)  # type: ignore[arg-type]  # as Locust does
        return self._encoding

    @property
    def headers(self) -> Headers:
        """Those of all responses with this head: for reading."""
        if self._headers is None:
            self._headers = Headers()
            for line in self.text.split(b"\r\n")[1:]:
                name, _, value = line.decode("latin-1").partition(":")
                self._headers.add(name, value.strip())
        return self._headers


NOTHING = HeadFacts(b"", 0)
_facts: dict[bytes, HeadFacts] = {}


def facts_of(head: Head) -> HeadFacts:
    """The facts of a head that the engine has parsed."""
    known = _facts.get(head.text)
    if known is None:
        if len(_facts) >= KNOWN_HEADS:
            _facts.clear()
        known = _facts[head.text] = HeadFacts(head.text, head.status)
    return known
