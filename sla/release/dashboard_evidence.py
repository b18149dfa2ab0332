"""What a dashboard check proves: the gate "monitoring", and the items on the dashboard, its panels and the scrape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sla.release.evidence_fields import (
    MAX_EXPRESSION,
    MAX_TEXT,
    OF_RUN,
    EvidenceError,
    a_count,
    a_flag,
    a_list,
    a_text,
    an_object,
    another_agreement,
    left_open,
    of_schema,
    only,
    seconds,
    worst,
)
from sla.values.assessment import Evidence, Status
from sla.values.monitoring import MadeMonitoring, RequiredMonitoring

DASHBOARD_SCHEMA = "bizra-load/dashboard-check/1"
KEYS = ("monitoring", "dashboard", "panels", "scrape")
_TOP = (
    *("schema", *OF_RUN, "agreement", "agreement_sha256", "checked_at", "url", "asked", "job", "panels"),
    *("scrape_s", "scrape_limit_s", "passed"),
)
_PANEL = ("title", "expressions", "series", "empty", "passed")
# what a browser would open as a page: no script, no file, no blanks, quotes or brackets of HTML
_URL = re.compile(r"https?://(?!/)[^\s<>\"'\\^`{|}\x00-\x1f\x7f]+", re.IGNORECASE)


@dataclass
class _Panels:
    """What a check says of its panels: their expressions by title, None where it does not say; those without data."""

    asked: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)


def of_dashboard(
    document: object, required: RequiredMonitoring, made: MadeMonitoring, scrape_limit_s: float, sha256: str
) -> tuple[Evidence, ...]:
    """The scrape must take less than the limit. A check by another agreement than the one with this `sha256`, or of other
    panels than are `made` of it, proves nothing of it.
    """
    top = an_object(document, "the document")
    of_schema(top, DASHBOARD_SCHEMA)
    if other := another_agreement(top, sha256):
        return left_open(KEYS, f"{other}: repeat the dashboard check")
    only(top, _TOP, "")
    url, passed, scrape_s = _url(top), a_flag(top, "passed", ""), seconds(top, "scrape_s", "")
    checked = _checked(top)
    panels, panels_text = Status.PASS, f"all {len(checked.asked)} panels return data"
    if checked.empty:
        panels, panels_text = Status.FAIL, f"no data in: {', '.join(checked.empty)}"
    elif len(checked.asked) < required.panels:
        panels, panels_text = Status.INCONCLUSIVE, f"only {len(checked.asked)} of {required.panels} panels were checked"
    elif unlike := _unlike(checked.asked, made):
        panels, panels_text = Status.INCONCLUSIVE, f"{unlike}: repeat the dashboard check"
    scrape, scrape_text = Status.INCONCLUSIVE, "how long a scrape takes was not measured"
    if scrape_s is not None:
        scrape = Status.PASS if scrape_s < scrape_limit_s else Status.FAIL
        scrape_text = f"a scrape takes {scrape_s:.3g} s (limit: < {scrape_limit_s:g} s)"
    gate, text = worst((panels, scrape)), f"{panels_text}; {scrape_text}"
    if gate is Status.PASS and not passed:
        gate, text = Status.FAIL, f"the check reports that it did not pass; {text}"
    return (
        Evidence("monitoring", gate, text, facts={"url": url}),
        Evidence("dashboard", Status.PASS if url else Status.INCONCLUSIVE, f"at {url}" if url else "its URL is not given"),
        Evidence("panels", panels, panels_text),
        Evidence("scrape", scrape, scrape_text),
    )


def _url(top: Mapping[str, Any]) -> str:
    url = a_text(top, "url", "")
    if url and not _URL.fullmatch(url):
        raise EvidenceError('url: is no address of a page (allowed: http://... or https://..., or "")')
    return url


def _checked(top: Mapping[str, Any]) -> _Panels:
    panels = _Panels()
    for i, value in enumerate(a_list(top, "panels")):
        panel, where = an_object(value, f"panels[{i}]"), f"panels[{i}]."
        only(panel, _PANEL, where)
        title = a_text(panel, "title", where)
        if title in panels.asked:
            raise EvidenceError(f"{where}title: {title[:100]!r} is there twice")
        panels.asked[title] = asked = _expressions(panel, where)
        series = a_count(panel, "series", where)
        empty = a_list(panel, "empty", where) if "empty" in panel else []
        if not a_flag(panel, "passed", where) or empty or series < max(len(asked or ()), 1):
            panels.empty.append(title)
    return panels


def _expressions(panel: Mapping[str, Any], where: str) -> tuple[str, ...] | None:
    """None where only their number is there, as in files of earlier versions, or nothing."""
    if isinstance(panel.get("expressions", 0), int):
        return None
    texts = a_list(panel, "expressions", where)
    return tuple(a_text({"": t}, "", f"{where}expressions[{n}]", MAX_EXPRESSION) for n, t in enumerate(texts))


def _unlike(asked: Mapping[str, tuple[str, ...] | None], made: MadeMonitoring) -> str:
    """Why these are not the panels of the agreement; "" where they are among them."""
    if made.no_panels:
        return f"no panels can be made of the agreement to compare with ({made.no_panels})"
    if lacking := [title for title in made.panels if title not in asked]:
        return (
            f"not the agreement's panels: {', '.join(lacking)[:MAX_TEXT]} {'is' if len(lacking) == 1 else 'are'} not among them"
        )
    if any(asked[title] is None for title in made.panels):
        return "it does not say which expressions were asked"
    others = [title for title, expressions in made.panels.items() if asked[title] != expressions]
    return f"other expressions than the agreement's were asked in: {', '.join(others)[:MAX_TEXT]}" if others else ""
