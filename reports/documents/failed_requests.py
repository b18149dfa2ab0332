"""Why requests failed, and what to do about it: by the kind of failure, or the one operation that nearly all are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from reports.formats.lines import without_middle
from reports.formats.table import printable
from sla.values.assessment import Assessment, ObjectiveResult
from sla.values.remedies import Remedy, RemedyWords

REFUSED = "http_4xx"
CAUSES: Mapping[str, str | Remedy] = {
    "http_5xx": "the node's own log of these seconds says why it failed",
    "http_3xx": "the service redirects: give the address that it redirects to",
    REFUSED: "the request was refused: look at the token, the base path and any proxy's limits",
    "timeout": Remedy.FIND_THE_STALL,
    "generator": "the generator's own machine had no descriptor, port or address for them: no request reached the service",
    "exception": "the locustfile's own code raised an exception: see its reason, and Locust's log with its place in the code",
    "transport": "connections were refused or reset: look at the node's restarts, open-file limit and accept queue",
}
REFUSED_ALONE = "others succeed: look at this request's own path, parameters and rights"
NEARLY_ALL = 0.9  # of the failures of a kind: the rest may be chance, and the advice would be the same
LONGEST_REASON = 60  # characters of a reason: the first line of an error's body may be a page


def ended(o: ObjectiveResult, a: Assessment) -> tuple[int, Counter[str]]:
    """How many of its operations were successful in the judged part, and how many failed, by category."""
    mine = [s for s in a.operations if s.operation in o.operations]
    failed = Counter[str]()
    for s in mine:
        failed.update(s.failed)
    return sum(s.ok for s in mine), failed


def remedy(o: ObjectiveResult, a: Assessment, category: str, words: RemedyWords) -> str:
    """What to do about failures of a category among an objective's operations."""
    if category == REFUSED and blamed(o, a, category):
        return REFUSED_ALONE
    cause = CAUSES.get(category, "the response was not what the operation promises: its content, signature or value was wrong")
    return words[cause] if isinstance(cause, Remedy) else cause


def blamed(o: ObjectiveResult, a: Assessment, category: str) -> str:
    """ "GET /missing: 84 of 84 failed, status 404: Not Found" of the one operation that nearly all of an objective's failures
    of a category are of, while others of the run succeed; "" where there is none.
    """
    mine = [s for s in a.operations if s.operation in o.operations]
    count = sum(s.failed.get(category, 0) for s in mine)
    worst = max(mine, key=lambda s: s.failed.get(category, 0), default=None)
    if worst is None or not count or worst.failed.get(category, 0) < NEARLY_ALL * count:
        return ""
    if not any(s.ok for s in a.operations if s is not worst):
        return ""
    why = (f.reason for f in a.failures if (f.operation, f.category) == (worst.operation, category))  # most frequent first
    reason = without_middle(printable(next(why, category)), LONGEST_REASON)
    ended_in_all = worst.ok + sum(worst.failed.values())
    return f"{printable(worst.operation)}: {worst.failed[category]:,} of {ended_in_all:,} failed, {reason}"
