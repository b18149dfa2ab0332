"""PromQL that stays correct where counters are exposed late and where nodes are scraped twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

# labels that say who scraped, not what: what replicas of a Prometheus or a receiver add (operator, Thanos, Mimir), and jobs
REPLICAS = ("prometheus", "prometheus_replica", "receive_replica", "replica", "__replica__")
# what the operator's monitors add for one port of one pod. A program may as well tell its own requests apart by these, and a
# query can't see which it is: only what has no labels of a program's own, or must not be counted twice, is asked without them
MONITORS = ("endpoint", "service")
REPLICAS_OF_TARGETS = (*REPLICAS, *MONITORS)
SCRAPERS = ("job", *REPLICAS)
SCRAPERS_OF_TARGETS = ("job", *REPLICAS_OF_TARGETS)
# a store of several clusters tells them apart by this label, beside job and instance; where it is not there it parts nothing.
# Labels that a deploy may change (namespace, environment, version) are not among them: an alert would fire for what has left
DEPLOYMENT = ("job", "cluster")
# pods whose `instance` is their machine's name differ in `pod` alone; one that left has no `up`, and no rate, for long
TARGET = ("instance", *DEPLOYMENT, "pod")


def job_name(text: str) -> str:
    """The name of a scrape job, such as Prometheus and its operator make them. Raises ValueError for any other text: in a query
    or a document it might be something else.
    """
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_./:@-]{0,99}", text) is None:
        raise ValueError(f"{text[:200]!r} (allowed: up to 100 letters, digits and _ . / : @ -, such as bizra-node)")
    return text


def on(*labels: str) -> str:
    """The clause that pairs series by these labels."""
    return f"on ({', '.join(labels)})"


ON_TARGET = on(*TARGET)
ON_TARGET_OF_SCRAPER = on(*TARGET, *REPLICAS)
FEWEST_FAILURES = 5  # in a window: one of three requests at night is no rate, and pages nobody (SRE workbook, chapter 5)
FEWEST_SLOW = FEWEST_FAILURES  # in a window: one slow check of forty is no p99


def with_metric(targets: str, metric: str) -> str:
    """The `targets`, such as series of `up`, on which there are series of `metric`.

    A program may expose a label `cluster` or `pod` of its own, which no target of its Prometheus has: such series are paired
    without it.
    """
    return f"({' or '.join(f'{targets} and {clause} {series}' for clause, series in _pairs(targets, metric))})"


def without_metric(targets: str, metric: str) -> str:
    """The other ones."""
    return f"({targets}{''.join(f' unless {clause} {series}' for clause, series in _pairs(targets, metric))})"


def _pairs(targets: str, metric: str) -> list[tuple[str, str]]:
    """Clauses and the series that each pairs with its target: those that no closer clause has paired."""
    in_pod, in_cluster, alike = on("job", "instance", "pod"), on("job", "instance", "cluster"), on("job", "instance")
    left = f"({metric} unless {ON_TARGET} {targets})"
    last = f"({metric} unless {in_pod} {targets} unless {in_cluster} {targets})"
    return [(ON_TARGET, metric), (in_pod, left), (in_cluster, left), (alike, last)]


def by(*labels: str) -> str:
    """The clause of an aggregation that keeps these labels."""
    return f"by ({', '.join(labels)})"


def added(vectors: Sequence[str], clause: str = "") -> str:
    """The sum of vectors that are there, such as rates of several counters, and never less than 0; `clause`: see by().

    `a + b` is empty where one of them is: some clients expose a counter with its first event. Here a label of its own keeps
    the series of each apart, so that `or` joins them all; the sum is empty only where all are.
    """
    numbers = [f"{v} >= 0" for v in vectors]  # of no counter less, but for NaN: one of them makes the whole sum NaN
    return f"sum {clause + ' ' if clause else ''}({joined(numbers)})"


def joined(vectors: Sequence[str]) -> str:
    """All series of all vectors, which may have the same labels, for an aggregation."""
    apart = [f'label_replace({v}, "summand", "{number}", "", "")' for number, v in enumerate(vectors)]
    return " or ".join(apart) if len(vectors) > 1 else vectors[0]


def successful(failed: str, attempts: str) -> str:
    """The share of attempts that did not fail; 1 where no counter of failures is there, since none has been needed yet."""
    return f"1 - ({failed} or 0 * {attempts}) / {attempts}"


def enough(failures: str, window_s: float) -> str:
    """That failures of so many a second are enough in a window to be judged."""
    return f"{window_s:g} * {failures} >= {FEWEST_FAILURES}"


def rate_from_0(counter: str, known: str, window: str, window_s: float) -> str:
    """The rate of a counter that may be exposed with its first event.

    rate() does not see what the first sample holds: of a burst nothing, if nothing follows. A series that was not there in the
    window before, and whose target was scraped already then, began at 0 within the window, so all of its value counts. That the
    target was is shown by `known`, a counter of its that was there then with the very labels that it has now: else a store that
    is new, or a label that was added to all series, would make a burst of all that was ever counted.
    """
    was_there = f"{ON_TARGET_OF_SCRAPER} ({known} and {known} offset {window})"
    began = f"{counter} unless count_over_time({counter}[{window}] offset {window}) and {was_there}"
    return f"({began}) / {window_s:g} or rate({counter}[{window}])"


def once(vector: str, scrapers: Sequence[str] = SCRAPERS_OF_TARGETS) -> str:
    """Series that differ in who scraped them alone are one: the highest. With REPLICAS each job keeps its own. A share or a
    quantile is the same of what is counted twice, but not of the highest of several series: it is asked without MONITORS.
    """
    return f"max without ({', '.join(scrapers)}) ({vector})"


def quantile_of(q: float, buckets: str, clause: str = "") -> str:
    """A quantile of the sum of rates of buckets; `clause` keeps labels, `le` among them (see by())."""
    return f"histogram_quantile({q:g}, {added([buckets], clause)})"


def quantile_over(q: float, limit: str, histogram: str, matchers: str, window: str, window_s: float, clause: str) -> str:
    """The quantile where it is over a limit, such as ">= 0.001", and FEWEST_SLOW or more in the window are; `clause` as in
    quantile_of().

    The latter asks for the quantile of the rank N - 5 of N, which differs by target, and histogram_quantile() takes one figure
    for all. Where the bucket +Inf holds 100 (N - 5), its quantile 0.01 has that rank. It is a hair more: of five that all are
    slow, the rank 0 would lie in the first bucket. Without +Inf, which less than five leave out, it is NaN and over no limit.
    """
    most = (FEWEST_SLOW - 0.01) / window_s
    every = added([bucket_rates(histogram, matchers, window, edges='le="+Inf"')], clause)
    edges = added([bucket_rates(histogram, matchers, window, edges='le!="+Inf"')], clause)
    rank = f"histogram_quantile(0.01, {edges} or 100 * ({every} - {most:.6g} > 0))"
    return f"{quantile_of(q, bucket_rates(histogram, matchers, window), clause)} {limit} and {rank} {limit}"


def bucket_rates(histogram: str, matchers: str, window: str, scrapers: Sequence[str] = REPLICAS, edges: str = "") -> str:
    """Rates of a histogram's buckets, those of each target as one scraper has seen them: the one that has seen the most.

    Scrapers may write the same edge in two ways (Prometheus 2 keeps le="1", 3 makes le="1.0" of it): what once() gives would
    count such an edge twice, and be no distribution. Those of different targets may go into one sum: PromQL adds what has the
    same edge. `edges`: a matcher of `le`, for some of them.
    """
    every = f'{matchers}, le="+Inf"' if matchers else 'le="+Inf"'
    asked = ", ".join(m for m in (matchers, edges) if m)
    all_of = f"rate({histogram}_bucket{{{asked}}}[{window}])" if asked else f"rate({histogram}_bucket[{window}])"
    most = f"topk without (le, {', '.join(scrapers)}) (1, rate({histogram}_bucket{{{every}}}[{window}]) >= 0)"
    return f"({all_of} and ignoring (le) {most})"
