"""Fields that the CSV files of several tools have: times, latencies, statuses."""

from __future__ import annotations

import math
import re
from datetime import datetime

from sla.values.histogram import HIGHEST_NS
from sla.values.number import number_in, whole_in
from sla.values.window import GENERATOR

LOCAL_TIME = "times without a zone are read as this machine's local time"
_LATEST_NS = 9e18  # the year 2255: all that is later fits no 64 bits, in ns
_TIMES = "Unix time, RFC 3339, or yyyy/MM/dd HH:mm:ss.SSS"


_JMETERS_OWN = "Non HTTP response code"
# what operating systems and Java say where the generator had no descriptor, port, buffer, memory, thread or name for a request
_OWN = re.compile(
    "too many open files|can(?:not|.t) assign requested address|no buffer space|cannot allocate memory"
    "|lacked sufficient buffer space"
    "|only one usage of each socket address|bindexception|no such host|unknownhostexception|name or service not known"
    "|failure in name resolution|nodename nor servname|outofmemoryerror|unable to create (new )?native thread"
    "|can.t start new thread",
    re.IGNORECASE,
)


def category_of_failure(status: str, text: str) -> str:
    """The category of a request that failed, by its status, and by what the tool says where there was no response: with one,
    the words are the server's, which may have run out of something itself.
    """
    without_response = status in ("", "0") or status.startswith(_JMETERS_OWN)
    return GENERATOR if without_response and _OWN.search(f"{status} {text}") else category_of_code(status)


def category_of_code(status: str) -> str:
    """The category of a request that failed, by its HTTP status."""
    if status[:1] in ("3", "4", "5") and len(status) == 3:
        return f"http_{status[0]}xx"
    return "transport" if status in ("", "0") or not status.isdigit() else "bad_json"  # a response that the tool judged wrong


def latency_ns(text: str, name: str) -> int:
    """Milliseconds to ns. Raises ValueError."""
    value = number_in(text)
    if value is None:
        raise ValueError(f"{name}: {text!r} (allowed: milliseconds, not negative)")
    return round(min(value * 1e6, HIGHEST_NS + 1.0))


def time_ns(text: str) -> tuple[int, bool]:
    """(Unix ns, whether the text had no zone) of a time in s, ms, us or ns (which, its size decides), or of a date. Raises
    ValueError.
    """
    value = number_in(text)
    if value is None:
        try:
            at = datetime.fromisoformat(text.replace("/", "-").replace("Z", "+00:00"))
            if not 0 < (found_ns := round(at.timestamp() * 1e9)) < _LATEST_NS:
                raise ValueError
            return found_ns, at.tzinfo is None
        except (ValueError, OverflowError, OSError):
            raise ValueError(f"time stamp {text!r} (allowed: {_TIMES})") from None
    if not 0 < value < _LATEST_NS:
        raise ValueError(f"time stamp {text!r} (allowed: {_TIMES})")
    factor = next(f for limit, f in ((1e11, 1e9), (1e14, 1e6), (1e17, 1e3), (math.inf, 1.0)) if value < limit)
    found_ns = int(text) * int(factor) if whole_in(text) is not None else round(value * factor)
    if found_ns >= _LATEST_NS:
        raise ValueError(f"time stamp {text[:50]!r} (allowed: {_TIMES}; up to the year 2255)")
    return found_ns, False
