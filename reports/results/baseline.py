"""What the reference node's operations take alone, in Criterion's manner: intervals, outliers, what is too short to time."""

from __future__ import annotations

from reports.formats.table import Row, interval, quantity, with_interval
from reports.formats.text import draw, terminal
from sla.estimators.bootstrap import DRAWS
from sla.estimators.node_baseline import FEWEST_TICKS, NodeBaseline, OperationBaseline
from sla.estimators.sample import Outliers

COLUMNS = ("Operation", "Rounds", "p50", "95 % interval", "p99", "95 % interval", "Mean", "95 % interval", "Back to back, mean")


def render(baseline: NodeBaseline, width: int = 120, colour: bool = False) -> str:
    """A table, the outliers of each operation, and what else one must know to trust it."""
    console, out = terminal(width, colour)
    draw(console, "The reference node's operations alone", COLUMNS, [_row(o) for o in baseline.operations])
    lines = [line for o in baseline.operations for line in _outliers(o.name, o.paced.n, o.paced.outliers)]
    lines += [_coarse(baseline, o) for o in baseline.operations if o.name in baseline.coarse]
    lines.append(f"Timer: steps of {quantity(baseline.tick_ns, 'ns')} were seen")
    lines.append(f"Intervals: {DRAWS:,} bootstrap resamples, seed {baseline.seed}; dependence between timings is accounted for")
    lines.append(_machine(baseline))
    for line in lines:
        console.print(line, markup=False)
    return out.getvalue().rstrip("\n")


def one_line_of(baseline: NodeBaseline) -> str:
    """ "generate p99 46.4 us, verify p99 ..."."""
    return ", ".join(f"{o.name} p99 {with_interval(o.paced.p99, 'ns')}" for o in baseline.operations)


def _row(o: OperationBaseline) -> Row:
    cells = [o.name, f"{o.paced.n:,}"]
    for estimate in (o.paced.p50, o.paced.p99, o.paced.mean):
        cells += [quantity(estimate.point, "ns"), interval(estimate, "ns")]
    return Row((*cells, with_interval(o.hot_mean, "ns")), "")


def _outliers(name: str, n: int, outliers: Outliers) -> list[str]:
    """In Criterion's words."""
    if not outliers.total:
        return [f"{name}: no outliers among {n:,} timings"]
    kinds = ("low severe", "low mild", "high mild", "high severe")
    counts = (outliers.low_severe, outliers.low_mild, outliers.high_mild, outliers.high_severe)
    named = ", ".join(f"{c:,} ({100 * c / n:.2f} %) {kind}" for kind, c in zip(kinds, counts, strict=True) if c)
    return [f"{name}: {outliers.total:,} outliers among {n:,} timings ({100 * outliers.total / n:.2f} %): {named}"]


def _coarse(baseline: NodeBaseline, o: OperationBaseline) -> str:
    ticks = o.paced.p50.point / baseline.tick_ns
    return (
        f"{o.name}: its median is {ticks:.1f} steps of the timer (under {FEWEST_TICKS:g}), and the timer's own cost is in it; "
        f"in batches, back to back, one takes {with_interval(o.hot_mean, 'ns')}"
    )


def _machine(baseline: NodeBaseline) -> str:
    m = baseline.machine
    cost = 100 * baseline.cpu_s / baseline.took_s if baseline.took_s else 0.0
    steal = m.get("steal")
    stolen = f"{100 * steal:.1f} %" if isinstance(steal, int | float) else "unknown"
    return (
        f"Machine: {m.get('cpu', 'unknown')}, {m.get('cores', '?')} cores, Python {m.get('python', '?')}, "
        f"load {m.get('load_1m', '?')}, steal {stolen}; "
        f"{m.get('interrupted', 0)} timings left out: another process had the core meanwhile; "
        f"measured for {baseline.took_s:.1f} s at {baseline.at}, with {cost:.0f} % of a core"
    )
