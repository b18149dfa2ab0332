"""What an alert drill provokes: faults of the node, and the alerts that each of them must raise. As values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bizra_load.monitoring.rules import AlertRule

if TYPE_CHECKING:  # numpy is not for whoever only renders rules
    from sla.estimators.node_baseline import NodeBaseline


@dataclass(frozen=True)
class Phase:
    """Faults that are switched on together, and the alerts that each of them must raise; they do not disturb each other."""

    faults: Mapping[str, tuple[str, tuple[str, ...]]]  # fault -> (value, alerts)

    @property
    def alerts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a for _, alerts in self.faults.values() for a in alerts))

    def fault_of(self, alert: str) -> str:
        return ", ".join(f"{name}={value}" for name, (value, alerts) in self.faults.items() if alert in alerts)


@dataclass(frozen=True)
class DrillConditions:
    """What is known before a drill: by how much rules are sped up, the resident memory of the idle node (bytes), and what its
    operations take alone on this machine.
    """

    speed_up: float
    idle_memory_bytes: float
    alone: NodeBaseline


@dataclass(frozen=True)
class DrillPlan:
    """Rules as they are loaded, phases in their order, what was changed of the agreement (what -> how), and the light load on
    the node of a URL that keeps its series moving until the block ends.
    """

    rules: tuple[AlertRule, ...]
    phases: tuple[Phase, ...]
    changed: Mapping[str, str]
    load: Callable[[str], AbstractContextManager[object]]
