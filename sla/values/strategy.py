"""How a decision is rolled out, as values: steps, what is watched, what rolls it back and with which commands."""

from __future__ import annotations

from dataclasses import dataclass

DAY_S = 86_400.0  # a day


@dataclass(frozen=True)
class Step:
    """`traffic_percent` of the traffic is on the new version for `hold_min_h` to `hold_max_h` hours."""

    traffic_percent: int
    hold_min_h: float
    hold_max_h: float


@dataclass(frozen=True)
class Trigger:
    """Roll back when the PromQL `expression` returns anything for `for_s` seconds without a break.

    threshold   the figure inside the expression, in `unit` ("ns", "ratio", "alerts"); None where it compares with earlier data
    """

    key: str
    title: str
    expression: str
    for_s: float
    threshold: float | None
    unit: str


@dataclass(frozen=True)
class Command:
    """A shell command of the rollback; `kind` is "names", "automated" or "manual"."""

    kind: str
    title: str
    command: str


@dataclass(frozen=True)
class Watch:
    """One line of the monitoring plan: when, and what is checked."""

    when: str
    what: str


@dataclass(frozen=True)
class Strategy:
    """`steps` is empty where nothing may be rolled out; `advice` says what to do then. check_every_s: between two checks."""

    name: str
    steps: tuple[Step, ...] = ()
    min_days: float = 0.0
    max_days: float = 0.0
    check_every_s: float = 0.0
    check: str = ""
    advice: str = ""
    triggers: tuple[Trigger, ...] = ()
    commands: tuple[Command, ...] = ()
    monitoring: tuple[Watch, ...] = ()
    approvals: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.steps:
            return f"{self.name}: {self.advice}"
        shares = ", ".join(str(s.traffic_percent) for s in self.steps)
        watched = "" if self.check_every_s >= DAY_S else f", {self.check}"
        return f"{self.name} {shares} % ({self.min_days:g} to {self.max_days:g} days){watched}"


def rehearsed(strategy: Strategy | None) -> Strategy:
    """What is left of a strategy in a rehearsal, which judged the reference node: nothing to roll out, and its advice."""
    reason = "a rehearsal on the reference node"
    return Strategy("none", advice=f"{reason}; {strategy.advice}" if strategy and strategy.advice else reason)
