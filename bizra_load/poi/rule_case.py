"""What a case of a rule is: the series that are played for it, and the alert that must come of them. As values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bizra_load.poi.rules import JOB

NODE, SECOND = "node-0:9090", "node-1:9090"
OTHER_JOB = "kubernetes-pods"  # a second scrape job that finds the node too
# the operator's, Thanos' and Mimir's
REPLICA_LABELS = ("prometheus", "prometheus_replica", "receive_replica", "replica", "__replica__", "endpoint", "service")
OWN, OTHER = "own", "other"  # values of a label by which two nodes differ
REPLICAS = tuple(", ".join(f'{label}="r{number}"' for label in REPLICA_LABELS) for number in (0, 1))
SHARE = 0.15  # of the first node's traffic that a second one has
WELL_MIN, BAD_MIN, HOUR_MIN = 12, 18, 62  # minutes before a fault; of one, or where a rule looks back an hour
MISSING, NAN = float("nan"), float("-inf")  # no samples, and samples that are NaN


@dataclass(frozen=True)
class Case:
    """A rule, and what goes wrong for `minutes`: increments a minute of counters and values of gauges that replace those of a
    node that is well. `value` is the alert's as a description displays it; by `clears_min` it has resolved (0: not asked).

    beside    series that are there all the time and never change, such as those of a second node
    absent    series that are never there
    twice     everything is scraped by OTHER_JOB as well
    replicas  two replicas of a Prometheus deliver everything
    apart_by  a label: a node of the same instance that differs in it is well all the time
    restarts  the process starts again shortly before the end of the first two stretches
    every_min from one scrape to the next
    instance  whose alert it is; "" where it is that of no single one
    labels    what else the alert has
    """

    alert: str
    well: Mapping[str, float]
    bad: Mapping[str, float]
    value: str = ""
    minutes: int = BAD_MIN
    clears_min: int = 6
    title: str = "alone"
    well_min: int = WELL_MIN
    beside: Mapping[str, float] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    twice: bool = False
    replicas: bool = False
    apart_by: str = ""
    restarts: bool = False
    every_min: int = 1
    instance: str = NODE
    labels: Mapping[str, str] = field(default_factory=dict)
    fires: bool = True
    from_the_start: bool = False


def is_gauge(series: str) -> bool:
    return not any(series.split("{")[0].endswith(end) for end in ("_total", "_bucket"))


def series(name: str, instance: str = NODE, le: str = "") -> str:
    labels = {"job": JOB, "instance": instance} | ({"le": le} if le else {})
    inside = ", ".join(f'{k}="{v}"' for k, v in labels.items())
    return f"{name}{{{inside}}}"


def labelled(series: str, labels: str) -> str:
    """With more labels, such as `replica="a"`; with none where that is ""."""
    return series.replace("}", f", {labels}}}") if labels else series


def duration(seconds: float) -> str:
    """Less than a minute, as Prometheus' humanizeDuration formats it."""
    for factor, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= factor:
            return f"{seconds / factor:.4g}{name}"
    return f"{seconds * 1e9:.4g}ns"


def percent(share: float) -> str:
    """As Prometheus' humanizePercentage formats it."""
    return f"{100 * share:.4g}%"


def si(value: float) -> str:
    """A number as Prometheus' humanize formats it."""
    for factor, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.4g}{name}"
    return f"{value:.4g}"
