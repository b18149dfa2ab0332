"""What may hold a secret is taken out of whatever is printed or stored: option values, user information in URLs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit, urlunsplit

_SECRET = re.compile(r"token|key|password|passwd|secret|login|auth", re.IGNORECASE)
_LEAST_SECRET = 7  # characters: a shorter value, or "Bearer", would be found in every text
_PLAIN_HEADERS = ("accept", "content-", "user-agent", "cache-control")
_IN_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+[A-Za-z0-9._~+/=-]{6,}"), r"\1 ***"),
    (
        re.compile(r"(?i)([\w-]*(?:token|api[_-]?key|password|passwd|secret)[\w-]*[\"']?\s*[=:]\s*)[\"']?[^\s\"'&,;}]+"),
        r"\1***",
    ),
    (re.compile(r"(://)[^/\s@]*@"), r"\1"),
    (re.compile(r"(https?://[^\s?#\"']*|Location: [^\s?#]*)\?[^\s\"']+"), r"\1?***"),
)


def without_secrets(argv: Sequence[str]) -> list[str]:
    """The command line with the values of options that may hold a secret, and user information in URLs, replaced."""
    words: list[str] = []
    hide_next = False
    for word in argv:
        if hide_next and not word.startswith("--"):
            word = "***"
        hide_next = False
        if word.startswith("-") and _SECRET.search(word.partition("=")[0]):
            flag, equals, _ = word.partition("=")
            word, hide_next = (flag + "=***" if equals else word), not equals
        words.append(without_userinfo(word))
    return words


def secret_values(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Values of request headers that no text may hold: whatever names no kind of content, and its words ("Bearer", token)."""
    values = [value for name, value in headers if not name.lower().startswith(_PLAIN_HEADERS)]
    return [word for value in values for word in (value, *value.split()) if len(word) >= _LEAST_SECRET]


def without_userinfo(word: str) -> str:
    """`user:password@` taken out of a URL, also one after `--option=`; any other word as it is."""
    if "://" not in word or "@" not in word:
        return word
    flag, equals, url = word.partition("=") if word.startswith("-") else ("", "", word)
    try:
        parts = urlsplit(url)
    except ValueError:
        return flag + equals + "***"  # no URL of any host, and it may still hold a password
    return flag + equals + urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def text_without_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """A text from the outside, such as a response's, without what looks like a credential: values named token, password and the
    like, schemes of Authorization, user information and queries of URLs; and without the `secrets` themselves.
    """
    for secret in secrets:
        text = text.replace(secret, "***")
    for pattern, instead in _IN_TEXT:
        text = pattern.sub(instead, text)
    return text
