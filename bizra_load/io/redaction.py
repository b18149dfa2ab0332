"""What may hold a secret is taken out of whatever is printed or stored: option values, user information in URLs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

_SECRET = re.compile(r"token|key|password|passwd|secret|login|auth", re.IGNORECASE)


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
