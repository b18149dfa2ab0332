"""Seconds or scrape intervals so few that little or nothing can be said of how much figures vary, and what would do."""

from __future__ import annotations

from sla.estimators.dependence import FEWEST_WINDOWS, FloatArray, too_few

MEASURE_LONGER = "measure longer"  # ends each reason
INTERVALS = "scrape intervals"  # what a server's windows are
ENOUGH = 20  # scrape intervals: Student's t costs a tenth of the width then
LONGER = 1.5  # times as long as it could be: some seconds at the ends of a run are in no interval
USUAL_S = (60, 30, 15, 10, 5, 2, 1)  # scrape intervals that are commonly set


def too_few_scrapes(intervals: int, length_s: float) -> str:
    """Why so many scrape intervals in so many seconds bound nothing; "" where they do."""
    if intervals >= FEWEST_WINDOWS:
        return ""
    return f"{_named(intervals)} bound nothing, at least {FEWEST_WINDOWS} are needed: {scrape_more(intervals, length_s)}"


def few_scrapes(intervals: int, length_s: float) -> str:
    """Why so many scrape intervals in so many seconds give a wide interval; "" where they need not, bound nothing at all, or
    are as short as they can be.
    """
    if not FEWEST_WINDOWS <= intervals < ENOUGH or not _shorter(intervals, length_s):
        return ""
    return f"{_named(intervals)} say little of how much it varies: {scrape_more(intervals, length_s)}"


def too_few_seconds(done: FloatArray) -> str:
    """Why seconds in which so much was done, shape (m,), bound nothing; "" where they do."""
    seconds = int((done > 0).sum())
    if seconds < FEWEST_WINDOWS:
        return f"{seconds} s bound nothing, at least {FEWEST_WINDOWS} s are needed: {MEASURE_LONGER}"
    if not too_few(done):
        return ""
    return f"{100 * float(done.max() / done.sum()):.3g} % of all lie in one second, which bounds nothing: {MEASURE_LONGER}"


def _named(intervals: int) -> str:
    return f"{intervals} scrape interval{'' if intervals == 1 else 's'} of the server"


def scrape_more(intervals: int, length_s: float) -> str:
    """What would do, where there were so many scrape intervals in so many seconds."""
    shorter = _shorter(intervals, length_s)
    return f"scrape every {shorter} s, or {MEASURE_LONGER}" if shorter else MEASURE_LONGER


def _shorter(intervals: int, length_s: float) -> int:
    """A scrape interval (s) of which there would be ENOUGH, or the shortest; 0 where those that were are not much longer."""
    every_s = next((s for s in USUAL_S if s * ENOUGH <= length_s), USUAL_S[-1])
    return every_s if length_s > LONGER * every_s * max(intervals, 1) else 0
