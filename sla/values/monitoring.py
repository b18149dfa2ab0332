"""What must be watched before a release, as numbers and names; each product has its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RequiredMonitoring:
    """`critical_rules` are the names of the alert rules that a drill must have seen firing and resolving; `rules` and `panels`
    are how many alert rules must be loaded and how many panels must return data. Nothing is required of a product that says
    nothing.
    """

    critical_rules: tuple[str, ...] = ()
    rules: int = 0
    panels: int = 0
