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

from sla.estimators.same_counts import FARTHEST_CLOCKS_S, compared, metrics, same_to_the_last_bucket, total_of
from sla.estimators.series import by_target, times_s
from sla.values.promql import MONITORS, SCRAPERS
from sla.values.snapshot import Labels, Snapshot, labels_text, metric_of

START_TIME = "process_start_time_seconds"
CLOCKS_APART_S = 5.0  # of two Prometheus servers, unless they are known to scrape one process
TOO_FEW, ALIKE = "too few scrapes to tell", "they count the same, and no start time tells them apart"
UNLIKE = "only the replica of Prometheus differs, and they do not count the same (is a clock off?)"
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
    targets = sorted(by_target(snapshots).items(), key=lambda item: (-len(item[1]), -len(metrics(item[1])), item[0]))
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
                rest = _of_further_metrics(rest, metrics(others))
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


def _of_further_metrics(scrapes: Sequence[Snapshot], known: set[str]) -> list[Snapshot]:
    """The scrapes less the metrics in `known`; none where that leaves nothing."""
    if metrics(scrapes) <= known:
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
        return ALIKE if not (a_started and b_started) and same_to_the_last_bucket(a_scrapes, b_scrapes) else False
    restarted = len(a_started | b_started) > 1 and max(a_started | b_started) - min(a_started | b_started) > _START_APART_S
    of_a, of_b = metrics(a_scrapes), metrics(b_scrapes)
    names = sorted(of_a & of_b)
    one_process = bool(same) and not restarted
    replicas = any("replica" in name or name == "prometheus" for name in differing)
    counts = compared(a_scrapes, b_scrapes, names, CLOCKS_APART_S, one_process)
    replicas_of_one = (one_process or one_address) and all(map(_says_who_scraped, differing)) and replicas
    if counts is False and replicas_of_one:
        counts = compared(a_scrapes, b_scrapes, names, FARTHEST_CLOCKS_S, one_process)
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
    return any(total[-1] != total[0] for total in (total_of(scrapes, name) for name in names))
