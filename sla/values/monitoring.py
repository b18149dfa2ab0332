"""What must be watched before a release, as numbers and names; each product has its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RequiredMonitoring:
    """`critical_rules` are the names of the alert rules that a drill must have seen firing and resolving; `rules` and `panels`
    are how many alert rules must be loaded and how many panels must return data. Nothing is required of a product that says
    nothing.
    """

    critical_rules: tuple[str, ...] = ()
    rules: int = 0
    panels: int = 0

    @property
    def any(self) -> bool:
        """Whether there is anything to watch by."""
        return bool(self.rules or self.panels)


@dataclass(frozen=True)
class MadeRule:
    """An alert rule of an agreement, as its product makes it; `waits_s` is its "for"."""

    name: str
    group: str
    severity: str
    expression: str
    waits_s: float


@dataclass(frozen=True)
class MadeMonitoring:
    """The alert rules and the panels (title -> expressions) that a product makes of an agreement; why it can't, "" where it
    can.
    """

    rules: tuple[MadeRule, ...] = ()
    no_rules: str = ""
    panels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    no_panels: str = ""
