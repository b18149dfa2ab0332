"""Series of a run as figures of an SVG: coordinates are computed here, the template only draws. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.formats.table import quantity, target
from sla.estimators.quantiles import order_statistic_limits
from sla.judgement.steady import operations_of
from sla.values.assessment import ObjectiveResult
from sla.values.histogram import Histogram, merge
from sla.values.window import SCHEDULE, Window

WIDTH, HEIGHT, LEFT, BOTTOM = 720.0, 200.0, 80.0, 24.0
MOST_POINTS = 120
MOST_CHARTS = 8
LEAST_SAMPLES = 20
_SPAN = 2.0  # decades to both sides of the target


@dataclass(frozen=True)
class ChartLine:
    """`points` and `band` are SVG point lists; `style` is a class of the style sheet."""

    label: str
    style: str
    points: str
    band: str = ""


@dataclass(frozen=True)
class Chart:
    """Ticks are (position, text)."""

    title: str
    lines: tuple[ChartLine, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Bar:
    """An estimate's interval on a logarithmic scale of its ratio to the target, 0 to 100 (the target is at 50)."""

    title: str
    status: str
    low: float
    high: float
    point: float
    text: str


Point = tuple[float, float, float | None, float | None]  # second, value, low, high


def charts(windows: Sequence[Window]) -> list[Chart]:
    """Planned and achieved rate, then the response time of each operation, over the seconds since the first one."""
    seconds = sorted({w.second for w in windows})
    if len(seconds) < 2 or seconds[-1] - seconds[0] > 400 * 86_400:
        return []
    first, width = seconds[0], max(math.ceil((seconds[-1] - seconds[0] + 1) / MOST_POINTS), 1)
    bins: dict[int, list[Window]] = {}
    for w in windows:
        bins.setdefault((w.second - first) // width, []).append(w)
    planned: list[Point] = [(b * width, sum(w.planned for w in group) / width, None, None) for b, group in sorted(bins.items())]
    achieved: list[Point] = [
        (b * width, sum(w.finished for w in group) / width, None, None) for b, group in sorted(bins.items())
    ]
    drawn = [_chart("Rate", "ops/s", [("planned", "planned", planned), ("achieved", "achieved", achieved)])]
    for operation in [o for o in operations_of(windows) if o != SCHEDULE][:MOST_CHARTS]:
        histograms = {b: merge(w.response for w in group if w.operation == operation) for b, group in sorted(bins.items())}
        lines = [(name, name, _quantiles(histograms, q, width)) for name, q in (("p50", 0.5), ("p99", 0.99))]
        drawn.append(_chart(f"Response time of {operation}", "ns", lines))
    return [c for c in drawn if any(line.points for line in c.lines)]


def bars(objectives: Sequence[ObjectiveResult]) -> list[Bar]:
    """One bar an objective that has an estimate and a target: its interval over the target, on a logarithmic scale."""
    drawn = []
    for o in objectives:
        if o.estimate is not None and o.target:
            low, high, point = (_place(v / o.target) for v in (o.estimate.low, o.estimate.high, o.estimate.point))
            text = f"{quantity(o.estimate.low, o.unit)} to {quantity(o.estimate.high, o.unit)}"
            drawn.append(Bar(o.title, o.status.value, low, high, point, f"{text}, target {target(o)}"))
    return drawn


def _place(ratio: float) -> float:
    decades = math.log10(ratio) if 0 < ratio < math.inf else math.copysign(_SPAN, ratio - 1)
    return round(50 + 50 * max(-1.0, min(1.0, decades / _SPAN)), 2)


def _quantiles(histograms: dict[int, Histogram], q: float, width: int) -> list[Point]:
    """The quantile of each bin, with the interval that its samples give if they were independent."""
    points: list[Point] = []
    for b, h in histograms.items():
        if h.total >= LEAST_SAMPLES:
            low, high = order_statistic_limits(q, float(h.total), 0.95)
            value = h.quantile_ns(q)
            if math.isfinite(value):
                top = h.quantile_ns(high) if high is not None else math.inf
                points.append((b * width, value, h.quantile_ns(low), top if math.isfinite(top) else value))
    return points


def _chart(title: str, unit: str, lines: list[tuple[str, str, list[Point]]]) -> Chart:
    points = [p for _, _, series in lines for p in series]
    last = max((p[0] for p in points), default=1) or 1
    top = max((max(p[1], p[3] or 0) for p in points), default=1) or 1

    def xy(second: float, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - 10) * second / last
        return f"{x:.1f},{HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 10) * min(value / top, 1):.1f}"

    drawn = []
    for label, style, series in lines:
        upper = [xy(s, high) for s, _, _, high in series if high is not None]
        lower = [xy(s, low) for s, _, low, _ in series if low is not None]
        drawn.append(ChartLine(label, style, " ".join(xy(s, v) for s, v, *_ in series), " ".join([*upper, *reversed(lower)])))
    x_ticks = tuple((float(xy(last * k / 4, 0).split(",")[0]), f"{last * k / 4:,.0f} s") for k in range(5))
    y_ticks = tuple((float(xy(0, top * k / 2).split(",")[1]), quantity(top * k / 2, unit)) for k in range(3))
    return Chart(title, tuple(drawn), x_ticks, y_ticks)
