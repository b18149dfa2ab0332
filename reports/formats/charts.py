"""Series of a run as figures of an SVG: coordinates are computed here, the template only draws. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from reports.formats import many
from reports.formats.table import interval, kept_below, quantity, target
from sla.estimators.share_limits import order_statistic_limits
from sla.judgement.steady import operations_of
from sla.values.agreement import planned_of
from sla.values.assessment import ObjectiveResult, Status
from sla.values.histogram import Histogram, merge
from sla.values.window import Window

WIDTH, HEIGHT, LEFT, BOTTOM = 720.0, 200.0, 80.0, 24.0
MOST_POINTS = 120
MOST_CHARTS = 8
LEAST_SAMPLES = 20
_SPAN = 2.0  # decades to both sides of the target


@dataclass(frozen=True)
class ChartLine:
    """`points` and `bands` are SVG point lists, one for each stretch without a gap; `style` is a class of the style sheet."""

    label: str
    style: str
    points: tuple[str, ...]
    bands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chart:
    """Ticks are (position, text); `outages`: (left, width) of each stretch in which operations ended, and none successfully."""

    title: str
    lines: tuple[ChartLine, ...]
    outages: tuple[tuple[float, float], ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Bar:
    """An estimate's interval on a logarithmic scale of its ratio to the target, 0 to 100 (the target is at 50); `resampled`:
    that of a latency's resamples, on the same scale.
    """

    title: str
    status: str
    low: float
    high: float
    point: float
    text: str
    resampled: tuple[float, float] | None = None


Point = tuple[float, float, float | None, float | None]  # second, value, low, high
Series = list[Point | None]  # a value for each bin, None where there is none: no line is drawn across it


def charts(windows: Sequence[Window]) -> list[Chart]:
    """Rate, planned (where it is known) and achieved, then response times by operation, by seconds since the first one."""
    seconds = sorted({w.second for w in windows})
    if len(seconds) < 2 or seconds[-1] - seconds[0] > 400 * 86_400:
        return []
    first, width = seconds[0], max(math.ceil((seconds[-1] - seconds[0] + 1) / MOST_POINTS), 1)
    bins: dict[int, list[Window]] = {}
    for w in windows:
        bins.setdefault((w.second - first) // width, []).append(w)
    every = range(max(bins) + 1)
    counted = set(planned_of(operations_of(windows)))
    planned, achieved = Series(), Series()
    for b in every:
        group = bins.get(b)
        planned.append((b * width, sum(w.planned for w in group) / width, None, None) if group else None)
        ended = sum(w.finished for w in group or () if w.operation in counted)
        achieved.append((b * width, ended / width, None, None) if group else None)
    rates = [("planned", planned)] if any(w.planned for w in windows) else []  # a line at 0 would say that no load was planned
    rates.append(("achieved", achieved))
    drawn = [_chart("Rate", "ops/s", rates, _outages(windows, first), every[-1] * width)]
    for operation in many.charted(windows, operations_of(windows), MOST_CHARTS):
        mine = [[w for w in bins.get(b, ()) if w.operation == operation] for b in every]
        histograms = [merge(w.response for w in group) for group in mine]
        lines = [(name, _quantiles(histograms, q, width)) for name, q in (("p50", 0.5), ("p99", 0.99))]
        drawn.append(_chart(f"Response time of {operation}", "ns", lines, _outages(chain(*mine), first), every[-1] * width))
    return [c for c in drawn if any(line.points for line in c.lines)]


def uncharted(windows: Sequence[Window]) -> int:
    """How many operations have no chart of their own: those have that failed most, are the slowest or the most frequent."""
    return max(len(operations_of(windows)) - MOST_CHARTS, 0)


def bars(objectives: Sequence[ObjectiveResult]) -> list[Bar]:
    """One bar an objective that has an estimate and a target: its interval over the target, on a logarithmic scale. Where it
    crosses the target and something else decided, the text says what.
    """
    drawn = []
    for o in objectives:
        if o.estimate is not None and o.target:
            below = kept_below(o)
            ends = (o.estimate.low, o.estimate.high if below is None else below)
            low, high, point = (_place(v / o.target) for v in (*ends, o.estimate.point))
            text, resampled = f"{interval(o.estimate, o.unit, below)}, target {target(o)}", None
            if b := o.bootstrap:
                resampled = _place(b.low / o.target), _place(b.high / o.target)
                text += f"; {100 * b.level:g} % of {b.draws:,} resamples: {interval(b, o.unit)}"
            if o.status in (Status.PASS, Status.WARN, Status.FAIL) and o.estimate.low < o.target < o.estimate.high:
                text += f"; {o.reason}"
            drawn.append(Bar(o.title, o.status.value, low, high, point, text, resampled))
    return drawn


def _place(ratio: float) -> float:
    decades = math.log10(ratio) if 0 < ratio < math.inf else math.copysign(_SPAN, ratio - 1)
    return round(50 + 50 * max(-1.0, min(1.0, decades / _SPAN)), 2)


def _outages(windows: Iterable[Window], first: int) -> list[tuple[int, int]]:
    """(from, to) of each stretch of seconds since `first` in which operations ended, and none successfully."""
    ok, failed = set[int](), set[int]()
    for w in windows:
        if w.ok:
            ok.add(w.second)
        if w.failures:
            failed.add(w.second)
    stretches: list[tuple[int, int]] = []
    for second in sorted(failed - ok):
        at = second - first
        begin = stretches.pop()[0] if stretches and stretches[-1][1] == at else at
        stretches.append((begin, at + 1))
    return stretches


def _quantiles(histograms: Sequence[Histogram], q: float, width: int) -> Series:
    """The quantile of each bin, with the interval that its samples give if they were independent. None where too few were
    successful, or where it is over range.
    """
    points: Series = []
    for b, h in enumerate(histograms):
        value = h.quantile_ns(q) if h.total >= LEAST_SAMPLES else math.inf
        if not math.isfinite(value):
            points.append(None)
            continue
        low, high = order_statistic_limits(q, float(h.total), 0.95)
        top = h.quantile_ns(high) if high is not None else math.inf
        points.append((b * width, value, h.quantile_ns(low), top if math.isfinite(top) else value))
    return points


def _stretches(series: Series) -> list[list[Point]]:
    """Points without a gap between them. A point by itself comes twice: a line of one point is not drawn."""
    stretches = [[p for p in group if p] for there, group in groupby(series, key=lambda p: p is not None) if there]
    return [s if len(s) > 1 else [*s, *s] for s in stretches]


def _chart(title: str, unit: str, lines: Sequence[tuple[str, Series]], outages: Sequence[tuple[int, int]], last: int) -> Chart:
    """All charts of a run have one time axis, to the second `last`."""
    last = last or 1
    points = [p for _, series in lines for p in series if p]
    top = max((max(p[1], p[3] or 0) for p in points), default=1) or 1

    def xy(second: float, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - 10) * min(max(second / last, 0), 1)
        return f"{x:.1f},{HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 10) * min(value / top, 1):.1f}"

    def band(stretch: list[Point]) -> str:
        upper = [xy(s, high) for s, _, _, high in stretch if high is not None]
        lower = [xy(s, low) for s, _, low, _ in stretch if low is not None]
        return " ".join([*upper, *reversed(lower)])

    drawn = []
    for name, series in lines:
        stretches = _stretches(series)
        bands = tuple(b for s in stretches if (b := band(s)))
        drawn.append(ChartLine(name, name, tuple(" ".join(xy(s, v) for s, v, *_ in stretch) for stretch in stretches), bands))
    edges = [[float(xy(second - 0.5, 0).split(",")[0]) for second in stretch] for stretch in outages]  # around its points
    marks = tuple((left, max(round(right - left, 1), 0.5)) for left, right in edges)
    x_ticks = tuple((float(xy(last * k / 4, 0).split(",")[0]), f"{last * k / 4:,.0f} s") for k in range(5))
    y_ticks = tuple((float(xy(0, top * k / 2).split(",")[1]), quantity(top * k / 2, unit)) for k in range(3))
    return Chart(title, tuple(drawn), marks, x_ticks, y_ticks)
