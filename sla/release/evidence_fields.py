"""Fields of a document that was given as evidence: each access checks the kind, and a refusal is one line with the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sla.values.assessment import Evidence, Status
from sla.values.number import finite
from sla.values.section import unknown, wrong_schema

_KINDS = ((str, "text"), (bool, "true or false"), (int | float, "a number"), (list, "a list"), (Mapping, "an object"))
MAX_COUNT = 1_000_000_000  # of tests, rules, panels: what is larger is a slip
MAX_ENTRIES = 1000  # of a list: more rules or panels than anybody has
OF_RUN = ("run", "measured_sha256")  # after which load test; earlier versions did not say
MAX_TEXT, MAX_EXPRESSION = 500, 20_000  # characters


class EvidenceError(ValueError):
    """A document of another form: where, what is wrong, what is allowed."""


def worst(statuses: Sequence[Status]) -> Status:
    """FAIL before INCONCLUSIVE before PASS."""
    return next((s for s in (Status.FAIL, Status.INCONCLUSIVE) if s in statuses), Status.PASS)


def another_agreement(top: Mapping[str, Any], sha256: str) -> str:
    """What is wrong where a document was made by another agreement; "" where it was not."""
    named = top.get("agreement_sha256")
    if named is None:
        return "it does not name the sha256 of the agreement that it was made by"
    return "" if named == sha256 else f"it was made by another agreement (sha256 {str(named)[:12]}, not {sha256[:12]})"


def left_open(keys: Sequence[str], reason: str, facts: Mapping[str, str] | None = None) -> tuple[Evidence, ...]:
    """All of these gates and items are INCONCLUSIVE."""
    return tuple(Evidence(key, Status.INCONCLUSIVE, reason, facts=facts or {}) for key in keys)


def an_object(value: object, where: str) -> Mapping[str, Any]:
    """The object that a value is."""
    if not isinstance(value, Mapping):
        raise EvidenceError(f"{where}: must be an object, not {kind_of(value)}")
    return value


def of_schema(top: Mapping[str, Any], wanted: str) -> None:
    """Refuses a document of another schema."""
    if wrong := wrong_schema(top, wanted):
        raise EvidenceError(wrong)


def only(values: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    """Refuses a key that nobody reads: what it says would be passed over."""
    for key in values:
        if key not in allowed:
            raise EvidenceError(f"{where}{key[:100]}: {unknown(key, allowed)}")


def a_list(values: Mapping[str, Any], key: str, where: str = "") -> list[Any]:
    """A list of at most MAX_ENTRIES."""
    value = values.get(key)
    if not isinstance(value, list):
        raise EvidenceError(f"{where}{key}: must be a list, not {kind_of(value)}")
    if len(value) > MAX_ENTRIES:
        raise EvidenceError(f"{where}{key}: has {len(value):,} entries (allowed: {MAX_ENTRIES:,})")
    return value


def a_text(values: Mapping[str, Any], key: str, where: str, most: int = MAX_TEXT) -> str:
    """Text of at most so many characters."""
    value = values.get(key)
    if not isinstance(value, str) or len(value) > most:
        what = f"text of {len(value):,}" if isinstance(value, str) else kind_of(value)
        raise EvidenceError(f"{where}{key}: must be text of at most {most:,} characters, not {what}")
    return value


def a_flag(values: Mapping[str, Any], key: str, where: str) -> bool:
    """True or false."""
    value = values.get(key)
    if not isinstance(value, bool):
        raise EvidenceError(f"{where}{key}: must be true or false, not {kind_of(value)}")
    return value


def a_count(values: Mapping[str, Any], key: str, where: str) -> int:
    """A whole number up to MAX_COUNT."""
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        allowed = f"a whole number from 0 to {MAX_COUNT:,}"
        raise EvidenceError(f"{where}{key}: must be {allowed}, not {kind_of(value)}")
    return value


def seconds(values: Mapping[str, Any], key: str, where: str) -> float | None:
    """None where it is null or missing: it was never seen."""
    value = values.get(key)
    if value is None:
        return None
    seconds = finite(value)
    if seconds is None or seconds < 0:
        raise EvidenceError(f"{where}{key}: must be seconds that are not negative, or null, not {kind_of(value)}")
    return seconds


def kind_of(value: object) -> str:
    """What it is, and nothing of it: the file may be one of secrets."""
    if value is None:
        return "missing"
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "something else")
