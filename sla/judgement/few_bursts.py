"""What fails or is slow in few bursts: an average over them says little of the next ones, so no objective passes by it."""

from __future__ import annotations

from collections.abc import Callable

from sla.estimators.dependence import FloatArray
from sla.estimators.proportions import ENOUGH_BURSTS, FewBursts, few_bursts
from sla.estimators.quantiles import LOWEST_PROXY
from sla.estimators.rates import few_dips

LARGER = 2.0  # times as large as the largest that was seen a burst of errors may be: an outage has no usual length
NOTHING = "", 0.0


def failing_bursts(ok: FloatArray, attempted: FloatArray, target: float, length_s: float, level: float) -> tuple[str, float]:
    """Why a success rate of at least `target` can't pass, and in how many seconds enough bursts would be seen at this rate of
    them; nothing where it is kept whatever may be unknown of them. Both counts are per window, shape (m,), over `length_s` s.
    """
    return _few("errors", ok, attempted, 1 - target, length_s, lambda bursts: bursts.share_of_any_size(level, LARGER))


def slow_bursts(kept: FloatArray, sizes: FloatArray, q: float, length_s: float, level: float) -> tuple[str, float]:
    """The same of a q-quantile, where `kept` of so many responses are under its target. Of a tail alone: what half of all may
    exceed is no burst.
    """
    if q < LOWEST_PROXY:
        return NOTHING
    return _few("responses over the target", kept, sizes, 1 - q, length_s, lambda bursts: _as_they_spread(bursts, level))


def dips(done: FloatArray, lengths_s: FloatArray, target_per_s: float, level: float) -> tuple[str, float]:
    """The same of a throughput of at least `target_per_s` (NaN: unknown), of completions per window and how long it was, both
    of shape (m,).
    """
    few = few_dips(done, lengths_s)
    if few is None or not few.usual_per_s * (1 - _as_they_spread(few.bursts, level)) < target_per_s:
        return NOTHING
    count, s = few.bursts.count, "" if few.bursts.count == 1 else "s"
    text = f"throughput fell in {count} burst{s} of the run: with fewer than {ENOUGH_BURSTS} no interval is reliable"
    return text, float(lengths_s.sum()) * ENOUGH_BURSTS / count


def _as_they_spread(bursts: FewBursts, level: float) -> float:
    """At most, whichever way their number is accounted for: what a queue makes is seldom much larger than what was seen."""
    return min(bursts.share_of_any_size(level, 1.0), bursts.share_of_such_sizes(level))


def _few(
    what: str,
    kept: FloatArray,
    of_all: FloatArray,
    allowed: float,
    length_s: float,
    share_at_most: Callable[[FewBursts], float],
) -> tuple[str, float]:
    bursts = few_bursts(kept, of_all)
    if bursts is None or share_at_most(bursts) <= allowed:
        return NOTHING
    count, s = float((of_all - kept).sum()), "" if bursts.count == 1 else "s"
    text = f"the {count:,.0f} {what} came in {bursts.count} burst{s}: with fewer than {ENOUGH_BURSTS} no interval is reliable"
    return text, length_s * ENOUGH_BURSTS / bursts.count
