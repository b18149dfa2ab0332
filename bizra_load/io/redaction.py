"""What may hold a secret is taken out of whatever is printed or stored: option values, user information in URLs."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from bizra_load.exit_codes import USER_INFORMATION

_SECRET = re.compile(r"token|key|password|passwd|secret|login|auth", re.IGNORECASE)
_LEAST_SECRET = 4  # characters: a shorter value would be found in every text
_LEAST_WORD = 7  # so long a part of a value is looked for by itself; "Bearer" is none
_PLAIN_HEADERS = ("accept", "content-", "user-agent", "cache-control")
_PARTS = re.compile(r"[\s;,:=]+")
_VALUE = r"""(?:"[^"]*"?|'[^']*'?|[^\s"'&,;}]+)"""
# each looks at a character a bounded number of times: what a target says is redacted in the middle of a measurement
_IN_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic|digest)\s{1,3}[A-Za-z0-9._~+/=-]{6,}"), r"\1 ***"),
    (
        re.compile(
            r"(?i)((?:token|api[_-]?key|password|passwd|secret)[\w-]{0,30}[\"']?\s{0,3}[=:]\s{0,3})" + _VALUE,
        ),
        r"\1***",
    ),
    (USER_INFORMATION, "***@"),
    (re.compile(r"(?<=[\w/~%-])\?[\w.~%\[\]-]{1,100}=[^\s\"')]*"), "?***"),
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


def secret_values(headers: Iterable[tuple[str, str]], url: str = "") -> list[str]:
    """What no text may hold, longest first: values of request headers (but of those that name a kind of content) and their
    parts, and the user information of a URL, also as HTTP sends it (RFC 7617).
    """
    values = [" ".join(value.split()) for name, value in headers if not name.lower().startswith(_PLAIN_HEADERS)]
    user, _, password = unquote(urlsplit(url).netloc.rpartition("@")[0]).partition(":")
    if password:
        values += [password, base64.b64encode(f"{user}:{password}".encode()).decode("ascii")]
    parts = [part for value in values for part in _PARTS.split(value) if len(part) >= _LEAST_WORD]
    return sorted({value for value in (*values, *parts) if len(value) >= _LEAST_SECRET}, key=len, reverse=True)


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
    like, schemes of Authorization, user information and queries of URLs; and without the `secrets` themselves, in whatever
    case and as they stand in URLs, JSON, HTML and base64. The text may have been cut within one: what a secret begins with is
    taken out of its end.
    """
    if hidden := tuple(secrets):
        text = _without_begun(_any_form_of(hidden).sub("***", text), _forms_of(hidden))
    for pattern, instead in _IN_TEXT:
        text = pattern.sub(instead, text)
    return text


def _without_begun(text: str, forms: Iterable[str]) -> str:
    lower, end = text.lower(), len(text)
    for form in forms:
        at = lower.find(form[:_LEAST_SECRET], max(len(text) - len(form), 0))
        while at >= 0 and not form.startswith(lower[at:]):
            at = lower.find(form[:_LEAST_SECRET], at + 1)
        end = min(end, at) if at >= 0 else end
    return f"{text[:end]}***" if end < len(text) else text


@lru_cache(maxsize=8)  # the few lists of a process; a pattern is made of dozens of forms
def _any_form_of(secrets: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, _forms_of(secrets))), re.IGNORECASE)


@lru_cache(maxsize=8)
def _forms_of(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """In small letters, the longest first."""
    return tuple(sorted({form.lower() for secret in secrets for form in _forms(secret)}, key=len, reverse=True))


def _forms(secret: str) -> set[str]:
    """As a server may write it back."""
    in_json = json.dumps(secret)[1:-1]
    coded = base64.b64encode(secret.encode(errors="replace")).decode("ascii").rstrip("=")
    return {
        secret, quote(secret, errors="replace"), quote(secret, safe="", errors="replace"), in_json, in_json.replace("/", "\\/"),
        html.escape(secret), coded, coded.replace("+", "-").replace("/", "_"),
    }  # fmt: skip
