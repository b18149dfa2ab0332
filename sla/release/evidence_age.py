"""When evidence was made: said beside what it proves; what is too old for the run proves nothing of it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from sla.release.evidence_fields import EvidenceError, kind_of
from sla.values.assessment import Evidence, Status

CLOCK_SKEW_S = 300.0  # between the machine that made it and this one
_ANY_ZONE_S = 14 * 3600.0  # the farthest from UTC
_DAY_S = 86_400.0  # seconds of a day


@dataclass(frozen=True)
class Made:
    """`at` in UTC, with what it may be off (s); `how` it is known."""

    at: datetime
    off_s: float = 0.0
    how: str = "made"

    def __str__(self) -> str:
        zone = "Z" if not self.off_s else " in a time zone that it does not name"
        return f"{self.how} {self.at:%Y-%m-%dT%H:%M:%S}{zone}"


@dataclass(frozen=True)
class Clocks:
    """`run`: when the run began that the evidence is for; `most_s`: how old evidence may be then."""

    now: datetime
    run: datetime
    most_s: float


def made_at(document: Mapping[str, Any]) -> Made | None:
    """By a document's own `checked_at`; None where nobody said when. Raises EvidenceError."""
    value = document.get("checked_at")
    if value is None:
        return None
    made = made_in(value) if isinstance(value, str) else None
    if made is None or made.off_s:
        raise EvidenceError(f"checked_at: must be a time such as 2027-01-15T08:00:00Z, not {kind_of(value)} of another form")
    return made


def made_in(text: str, how: str = "made") -> Made | None:
    """A time of ISO 8601, of RFC 1123 (mocha) or with UTC or GMT behind it (TestNG), or in s or ms since 1970; None for what is
    none. A test tool's may lack its zone.
    """
    word = text.strip()
    try:
        at = _moment(word) if len(word) <= 50 else None
        if at is None:
            return None
        return Made(at.replace(tzinfo=UTC), _ANY_ZONE_S, how) if at.tzinfo is None else Made(at.astimezone(UTC), 0.0, how)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _moment(word: str) -> datetime | None:
    if re.fullmatch(r"[0-9]{10}(?:\.[0-9]+)?|[0-9]{13}", word):
        return datetime.fromtimestamp(float(word) / (1000 if len(word) == 13 and "." not in word else 1), UTC)
    if len(word) < 16:
        return None  # a day without a time
    if re.search(r"[A-Za-z]{3} [0-9]{4} ", word):
        return parsedate_to_datetime(word)
    return datetime.fromisoformat(re.sub(r" (?:UTC|GMT|Z)$", "+00:00", word))


def dated(proofs: Iterable[Evidence], made: Made | None, clocks: Clocks) -> tuple[Evidence, ...]:
    """Proofs that say when they were made. A pass of no known time, or made too long before the run, is INCONCLUSIVE. Raises
    EvidenceError for a time in the future.
    """
    if made is None:
        return tuple(
            _unless_passed(e, "when it was made is not known (checked_at; of tests: timestamp)", say="") for e in proofs
        )
    if (made.at - clocks.now).total_seconds() > CLOCK_SKEW_S + made.off_s:
        now = f"{clocks.now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        raise EvidenceError(f"{made}, which is in the future (now: {now}; allowed: up to {CLOCK_SKEW_S / 60:g} minutes)")
    age_s = (clocks.run - made.at).total_seconds()
    if age_s - made.off_s <= clocks.most_s:
        return tuple(dataclasses.replace(e, reason=f"{e.reason}; {made}") for e in proofs)
    old = f"{made}, {age_s / _DAY_S:,.0f} days before the run (allowed: {clocks.most_s / _DAY_S:g} days)"
    return tuple(_unless_passed(e, old, say=f"; {made}") for e in proofs)


def _unless_passed(e: Evidence, why: str, say: str) -> Evidence:
    """Whatever is no pass stays as it is, with what to `say`: an old failure is one."""
    if e.status is not Status.PASS:
        return dataclasses.replace(e, reason=e.reason + say)
    return dataclasses.replace(e, status=Status.INCONCLUSIVE, reason=f"{why}; {e.reason}")
