"""Scrapes so few that nothing can be said of how much the server's figures vary, and how often would do."""

from __future__ import annotations

from sla.estimators.dependence import FEWEST_WINDOWS

ENOUGH = 20  # scrape intervals: Student's t costs a tenth of the width then
USUAL_S = (60, 30, 15, 10, 5, 2, 1)  # scrape intervals that are commonly set


def too_few_scrapes(intervals: int, length_s: float) -> str:
    """Why so many scrape intervals in so many seconds bound nothing; "" where they do."""
    if intervals >= FEWEST_WINDOWS:
        return ""
    every_s = next((s for s in USUAL_S if s * ENOUGH <= length_s), 1)
    named = f"{intervals} scrape interval{'' if intervals == 1 else 's'} of the server"
    return f"{named} bound nothing, at least {FEWEST_WINDOWS} are needed: scrape every {every_s} s, or measure longer"
