"""Whether a dashboard's panels return data: as a table for people, as JSON for the gate "monitoring operational"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from reports.formats.table import Row
from reports.formats.text import draw, terminal
from sla.release.dashboard_evidence import DASHBOARD_SCHEMA


@dataclass(frozen=True)
class PanelCheck:
    """`expressions`: as the panel has them, with Grafana's variables; `series`: how many finite values they return now, all
    together; `empty`: legends that return none.
    """

    title: str
    expressions: tuple[str, ...]
    series: int
    empty: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return bool(self.expressions) and not self.empty


@dataclass(frozen=True)
class DashboardCheck:
    """`scrape_s`: the slowest scrape of the node, None where none is known; `scrape_limit_s`: what the agreement allows;
    checked_at: UTC. job: which jobs were asked for, a regular expression.
    """

    url: str
    asked: str  # of whom: Grafana's proxy or a Prometheus
    checked_at: str
    panels: tuple[PanelCheck, ...]
    scrape_s: float | None
    scrape_limit_s: float
    job: str = ".*"

    @property
    def passed(self) -> bool:
        scraped = self.scrape_s is not None and self.scrape_s < self.scrape_limit_s
        return scraped and bool(self.panels) and all(p.passed for p in self.panels)


def render_json(check: DashboardCheck, run: Mapping[str, str], agreement: str, agreement_sha256: str) -> str:
    """JSON text of SCHEMA. `run`: after which load test, and the sha256 of what that measured, "" for none; agreement_sha256:
    of the text of the agreement by which it was checked.
    """
    panels = [asdict(p) | {"passed": p.passed} for p in check.panels]
    head = {"schema": DASHBOARD_SCHEMA, **run, "agreement": agreement, "agreement_sha256": agreement_sha256}
    return json.dumps({**head, **asdict(check), "panels": panels, "passed": check.passed}, indent=2) + "\n"


def render(check: DashboardCheck, width: int = 120, colour: bool = False) -> str:
    """A table, with ANSI colours where asked for."""
    console, out = terminal(width, colour)
    rows = [
        Row(
            (p.title, str(len(p.expressions)), str(p.series), "PASS" if p.passed else f"no data: {', '.join(p.empty)}"),
            "PASS" if p.passed else "FAIL",
        )
        for p in check.panels
    ]
    draw(console, f"Panels, queried through {check.asked}", ("Panel", "Expressions", "Series", "Result"), rows, 3)
    scrape = "no scrape of the node is known" if check.scrape_s is None else f"slowest scrape {check.scrape_s:.3f} s"
    console.print(f"{scrape} (allowed: under {check.scrape_limit_s:g} s)", markup=False)
    return out.getvalue().rstrip("\n")
