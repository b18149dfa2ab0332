"""What fails or is slow in few bursts: an average over them says little of the next ones, so no objective passes by it."""

from __future__ import annotations

from collections.abc import Callable

from sla.estimators.dependence import FloatArray
from sla.estimators.proportions import ENOUGH_BURSTS, FewBursts, few_bursts
from sla.estimators.quantiles import LOWEST_PROXY

LARGER = 2.0  # times as large as the largest that was seen a burst of errors may be: an outage has no usual length
NOTHING = "", 0.0


def failing_bursts(ok: FloatArray, attempted: FloatArray, target: float, length_s: float, level: float) -> tuple[str, float]:
    """Why a success rate of at least `target` can't pass, and in how many seconds enough bursts would be seen at this rate of
    them; nothing where it is kept whatever may be unknown of them. Both counts are per window, shape (m,), over `length_s` s.
    """
    return _few("errors", ok, attempted, 1 - target, length_s, lambda bursts: bursts.share_of_any_size(level, LARGER))


def slow_bursts(kept: FloatArray, sizes: FloatArray, q: float, length_s: float, level: float) -> tuple[str, float]:
    """The same of a q-quantile, where `kept` of so many responses are under its target. Of a tail alone: what half of all may
    exceed is no burst. A queue's are seldom much larger than those that were seen, whichever way their number is accounted for.
    """
    if q < LOWEST_PROXY:
        return NOTHING

    def at_most(bursts: FewBursts) -> float:
        return min(bursts.share_of_any_size(level, 1.0), bursts.share_of_such_sizes(level))

    return _few("responses over the target", kept, sizes, 1 - q, length_s, at_most)


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
