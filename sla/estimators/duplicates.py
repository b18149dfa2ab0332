"""One server process that was scraped twice: by two replicas of a Prometheus, or in two of its jobs.

What both hold is the same and must not be added. Two targets are one when nothing that they count says otherwise, no bucket of
a histogram either, and
- their processes started at the same moment and differ in nothing but who scraped them (promql.SCRAPERS, *replica*), or
- one of the two, and every metric that both have was compared and agrees.
Two may be one, and that stays undecided, that differ in nothing but who scraped them, at the same time, and of which too few
scrapes say anything; or that differ in the replica of Prometheus alone and count otherwise; or that count the same, and whose
processes started in the same second, as far as that is known, or show no start and agree to the last bucket.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sla.estimators.dependence import FloatArray
from sla.estimators.series import by_target, counter_values, observation_counts, times_s
from sla.values.promql import MONITORS, SCRAPERS
from sla.values.snapshot import Labels, Snapshot, labels_text, metric_of

START_TIME = "process_start_time_seconds"
CLOCKS_APART_S = 5.0  # of two Prometheus servers, unless they are known to scrape one process
FARTHEST_CLOCKS_S = 60.0  # of two that are known to: a clock that is not kept right is off by seconds, not by hours
TOO_FEW, ALIKE = "too few scrapes to tell", "they count the same, and no start time tells them apart"
UNLIKE = "only the replica of Prometheus differs, and they do not count the same (is a clock off?)"
_MANY, _SCRAPES, _BUCKETS = 1000, 3, 3  # operations in so many buckets, the same in so many scrapes: that is no chance
_START_APART_S = 0.005  # the kernel counts it in hundredths of a second


@dataclass(frozen=True)
class Duplicate:
    """What `dropped` holds is in `kept` too, which was filled up from it where it was not scraped."""

    kept: Labels
    dropped: Labels

    def __str__(self) -> str:
        kept, dropped = _apart(self.kept, self.dropped)
        return f"one node was scraped twice ({kept} and {dropped} count the same): {kept} is judged"


@dataclass(frozen=True)
class Undecided:
    """Two targets that may be one: both are counted."""

    first: Labels
    second: Labels
    why: str = TOO_FEW

    def __str__(self) -> str:
        first, second = _apart(self.first, self.second)
        return f"one node may have been scraped twice ({first} and {second}): {self.why}, so both are counted"


@dataclass(frozen=True)
class Targets:
    """`snapshots`: by time, each process once as far as that is known."""

    snapshots: list[Snapshot]
    duplicates: list[Duplicate]
    undecided: list[Undecided]


def without_duplicates(snapshots: Sequence[Snapshot]) -> Targets:
    """The snapshots less what another target holds too; of each such pair the one with more scrapes stays. What it lacks is
    taken from the other: scrapes where it has none, and metrics that it has not at all.
    """
    targets = sorted(by_target(snapshots).items(), key=lambda item: (-len(item[1]), -len(_metrics(item[1])), item[0]))
    kept: dict[Labels, list[Snapshot]] = {}
    duplicates: list[Duplicate] = []
    undecided: list[Undecided] = []
    for labels, scrapes in targets:
        rest = scrapes
        for twin, others in list(kept.items()):
            one = bool(rest) and _one_process(twin, others, labels, rest)
            if isinstance(one, str):
                undecided.append(Undecided(twin, labels, one))
            elif one:
                duplicates.append(Duplicate(twin, labels))
                kept[twin] = _filled_up(others, rest)
                rest = _of_further_metrics(rest, _metrics(others))
        if rest:
            kept[labels] = rest
    if not duplicates:
        return Targets(list(snapshots), [], undecided)
    return Targets(
        sorted((s for scrapes in kept.values() for s in scrapes), key=lambda s: (s.at_ns, s.target)), duplicates, undecided
    )


def _apart(a: Labels, b: Labels) -> tuple[str, str]:
    """The labels in which two targets differ."""
    first, second = (labels_text(sorted(set(x) - set(y))) or "no further label" for x, y in ((a, b), (b, a)))
    return first, second


def _metrics(scrapes: Sequence[Snapshot]) -> set[str]:
    """Names of what is counted; gauges count nothing."""
    return {metric_of(key) for s in scrapes for key in (*s.counters, *s.histograms)}


def _of_further_metrics(scrapes: Sequence[Snapshot], known: set[str]) -> list[Snapshot]:
    """The scrapes less the metrics in `known`; none where that leaves nothing."""
    if _metrics(scrapes) <= known:
        return []
    return [
        replace(
            s,
            gauges={key: value for key, value in s.gauges.items() if key == START_TIME},
            counters={key: value for key, value in s.counters.items() if metric_of(key) not in known},
            histograms={key: value for key, value in s.histograms.items() if metric_of(key) not in known},
        )
        for s in scrapes
    ]


def _filled_up(kept: Sequence[Snapshot], other: Sequence[Snapshot]) -> list[Snapshot]:
    """`kept` with the other's scrapes before its first one, after its last one and where it missed some, as far as they are a
    usual interval away from its own and in the same order by either clock.
    """
    at_s = times_s(kept).tolist()
    usual_s = float(np.median(np.diff(at_s if len(at_s) > 1 else times_s(other)))) if len(other) > 1 or len(at_s) > 1 else 0.0
    taken = []
    for scrape in other:
        i, now_s = bisect_left(at_s, scrape.at_ns / 1e9), scrape.at_ns / 1e9
        beside = at_s[max(i - 1, 0) : i + 1]
        ordered = (i == 0 or _follows(kept[i - 1], scrape)) and (i == len(at_s) or _follows(scrape, kept[i]))
        if ordered and all(abs(now_s - s) >= usual_s and now_s != s for s in beside):
            taken.append(replace(scrape, target=kept[0].target))
    return sorted([*kept, *taken], key=lambda s: s.at_ns)


def _follows(earlier: Snapshot, later: Snapshot) -> bool:
    """Whether `later` was scraped later, though by another clock: what counts less within their difference was not."""
    if later.at_ns - earlier.at_ns > CLOCKS_APART_S * 1e9:
        return True
    counters, histograms = later.counters, later.histograms
    return all(counters.get(key, value) >= value for key, value in earlier.counters.items()) and all(
        histograms.get(key, h).count >= h.count for key, h in earlier.histograms.items()
    )


def _one_process(a: Labels, a_scrapes: Sequence[Snapshot], b: Labels, b_scrapes: Sequence[Snapshot]) -> bool | str:
    """Why it is not known, where it is not."""
    a_started, b_started = _starts_s(a_scrapes), _starts_s(b_scrapes)
    same = {s for s in a_started for t in b_started if abs(s - t) <= _START_APART_S}
    differing = _differing(dict(a), dict(b))
    by_whom_alone = all(_says_who_scraped(name) or name in MONITORS for name in differing)
    one_address = _one_address(dict(a), dict(b))
    if not same and ((a_started and b_started) or not (by_whom_alone or one_address)):
        return ALIKE if not (a_started and b_started) and _to_the_last(a_scrapes, b_scrapes) else False
    restarted = len(a_started | b_started) > 1 and max(a_started | b_started) - min(a_started | b_started) > _START_APART_S
    of_a, of_b = _metrics(a_scrapes), _metrics(b_scrapes)
    names = sorted(of_a & of_b)
    one_process = bool(same) and not restarted
    replicas = any("replica" in name or name == "prometheus" for name in differing)
    counts = _compared(a_scrapes, b_scrapes, names, CLOCKS_APART_S, one_process)
    replicas_of_one = (one_process or one_address) and all(map(_says_who_scraped, differing)) and replicas
    if counts is False and replicas_of_one:
        counts = _compared(a_scrapes, b_scrapes, names, FARTHEST_CLOCKS_S, one_process)
    if counts is False:
        return UNLIKE if replicas_of_one and not same else False
    if same and by_whom_alone:
        return True
    if counts is None:  # of two that follow each other nothing is counted twice
        a_s, b_s = times_s(a_scrapes), times_s(b_scrapes)
        return TOO_FEW if by_whom_alone and a_s[0] < b_s[-1] and b_s[0] < a_s[-1] else False
    # without a common start, only some metrics in common and all of them idle is too little
    moved = _moved(a_scrapes, names)
    enough = bool(same) or of_a == of_b or moved
    if not by_whom_alone and all(abs(s - round(s)) < _START_APART_S for s in same):
        return ALIKE if moved else False  # two often start within one second
    return enough


def _to_the_last(a: Sequence[Snapshot], b: Sequence[Snapshot]) -> bool:
    """Whether two that show no start hold the very same counts, to the last bucket of a histogram: one node by its name and by
    its address. Totals alone may be the same by a fair balancer; how long each operation took is not.
    """
    names = sorted(_metrics(a) & _metrics(b))
    if not names:
        return False
    totals = [{tuple(row) for row in np.stack([_total(scrapes, n) for n in names], axis=1).tolist()} for scrapes in (a, b)]
    shared = {row for row in totals[0] & totals[1] if sum(row) >= _MANY}
    if len(shared) < _SCRAPES:
        return False
    keys = sorted({key for s in (*a, *b) for key in (*s.counters, *s.histograms) if metric_of(key) in names})
    edges = {key: {s.histograms[key].edges_s for s in (*a, *b) if key in s.histograms} for key in keys}
    if any(len(of_key) > 1 for of_key in edges.values()):
        return False
    counted = [{tuple(_values(s, keys, edges)) for s in scrapes} for scrapes in (a, b)]
    buckets = [len({n for h in s.histograms.values() for n in h.cumulative if n}) for s in a]
    return len(counted[0] & counted[1]) >= _SCRAPES and max(buckets) >= _BUCKETS


def _starts_s(scrapes: Sequence[Snapshot]) -> set[float]:
    """When the process started, and started again: of two that scrape it only one may have seen the last one."""
    return {s.gauges[START_TIME] for s in scrapes if START_TIME in s.gauges}


def _differing(a: Mapping[str, str], b: Mapping[str, str]) -> set[str]:
    return {name for name in a.keys() | b.keys() if a.get(name) != b.get(name)}


def _says_who_scraped(label: str) -> bool:
    return label in SCRAPERS or "replica" in label


def _one_address(a: Mapping[str, str], b: Mapping[str, str]) -> bool:
    """Also where one was scraped from a Prometheus that had scraped it itself. Two clusters may use the same addresses."""
    if {"cluster"} <= a.keys() & b.keys() and a["cluster"] != b["cluster"]:
        return False
    addresses = [{t.get("instance"), t.get("exported_instance")} - {None} for t in (a, b)]
    return bool(addresses[0] & addresses[1])


def _moved(scrapes: Sequence[Snapshot], names: Sequence[str]) -> bool:
    return any(total[-1] != total[0] for total in (_total(scrapes, name) for name in names))


def _compared(
    a: Sequence[Snapshot], b: Sequence[Snapshot], names: Sequence[str], apart_s: float, one_process: bool
) -> bool | None:
    """Whether all that both count agrees; None when some of it could not be compared."""
    a_s, b_s = times_s(a), times_s(b)
    agreeing = [_agrees(a_s, _total(a, name), b_s, _total(b, name), apart_s, one_process) for name in names]
    if not agreeing or False in agreeing:
        return False
    if not all(_series_agree(a, b, name, apart_s) for name in names):
        return False
    return None if None in agreeing else True


def _series_agree(a: Sequence[Snapshot], b: Sequence[Snapshot], name: str, apart_s: float) -> bool:
    """_agrees() of each label set and each bucket: two nodes behind one balancer count alike, but are not alike. Where a series
    went back, and before and after the other's scrapes, nothing is compared.
    """
    keys = sorted({key for s in (*a, *b) for key in (*s.counters, *s.histograms) if metric_of(key) == name})
    edges = {key: {s.histograms[key].edges_s for s in (*a, *b) if key in s.histograms} for key in keys}
    if any(len(of_key) > 1 for of_key in edges.values()):
        return True  # the totals have been compared
    a_values, b_values = (np.array([_values(s, keys, edges) for s in scrapes]) for scrapes in (a, b))
    a_s, b_s = times_s(a), times_s(b)
    first = np.searchsorted(a_s, b_s - apart_s, side="right") - 1
    last = np.searchsorted(a_s, b_s + apart_s)
    inside = (first >= 0) & (last < a_s.size)
    if not inside.any():
        return True
    forwards = (np.diff(a_values, axis=0) >= 0).all(axis=0) & (np.diff(b_values, axis=0) >= 0).all(axis=0)
    low, high, value = a_values[first[inside]], a_values[last[inside]], b_values[inside]
    return bool(((low <= value) & (value <= high) | ~forwards).all())


def _values(scrape: Snapshot, keys: Sequence[str], edges: Mapping[str, set[tuple[float, ...]]]) -> list[float]:
    values: list[float] = []
    for key in keys:
        for of_key in edges[key] or [()]:
            h = scrape.histograms.get(key)
            values += (h.cumulative if h else [0.0] * len(of_key)) if of_key else [scrape.counters.get(key, 0.0)]
    return values


def _total(scrapes: Sequence[Snapshot], name: str) -> FloatArray:
    """What the metric has counted at each scrape, over its label sets, shape (n,)."""
    total: FloatArray = counter_values(scrapes, name).sum(axis=1) + observation_counts(scrapes, name).sum(axis=1)
    return total


def _agrees(a_s: FloatArray, a: FloatArray, b_s: FloatArray, b: FloatArray, apart_s: float, same_process: bool) -> bool | None:
    """Whether every count of b is one that a had at that moment, as far as its scrapes and the clocks leave that open; None
    when they leave everything open. `same_process`: by their start times both are of one process that never restarted, or of
    two that started at once.
    """
    compared = False
    for at_s, value in zip(b_s.tolist(), b.tolist(), strict=True):
        first = int(np.searchsorted(a_s, at_s - apart_s, side="right")) - 1
        last = int(np.searchsorted(a_s, at_s + apart_s))
        around = a[max(first, 0) : last + 1]
        began, ended = first < 0, last >= a_s.size  # so one side is open: only a process that never restarted counts on
        if (began or ended) and not same_process:
            continue
        enough, little = began or value >= around[0], ended or value <= around[-1]
        went_back = bool((np.diff(around) < 0).any())
        # at a restart it counted on from the first of them for some time, and then from 0
        if not (enough or little) if went_back else not (enough and little):
            return False
        equal = same_process and (value > 0 or not b.any()) and bool((a[np.abs(a_s - at_s) <= apart_s] == value).any())
        compared = compared or equal or not (went_back or began or ended)
    return True if compared else None
