"""Everything that evaluate() judges: the windows, the generators' health, the server's snapshots, the plan and the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter

from sla.values.failure import FailureReason
from sla.values.health_rows import HealthRows
from sla.values.machine import MachineSecond
from sla.values.operation_groups import groups_of
from sla.values.shown import first_of
from sla.values.snapshot import Snapshot
from sla.values.window import Health, Window

SHOWN_CHECKS = 5  # checks of responses that a line names


@dataclass(frozen=True)
class PlannedSegment:
    """Planned arrival rate over a piece of the run, linear from `from_per_s` to `to_per_s` (operations per second)."""

    duration_s: float
    from_per_s: float
    to_per_s: float


@dataclass(frozen=True)
class UserCount:
    """From `from_ns` (Unix ns) on so many users ran, all of them; 0: their number was changing."""

    from_ns: int
    users: int


@dataclass(frozen=True)
class Loss:
    """What is known of a worker that did not hand over everything.

    after_report  sequence number of its last report that arrived; -1 for none
    at_most       operations that it can have sent and not reported, by the plan (-1: unknown, nothing was planned)
    """

    worker: str
    after_report: int
    at_most: int = -1


@dataclass(frozen=True)
class FailedCheck:
    """A check of another tool's script that failed `count` times; the tool does not say for which operations."""

    name: str
    count: int


def failed_checks_text(checks: Sequence[FailedCheck]) -> str:
    """Their names and counts, as many as fit a line."""
    return first_of([f"{failed.name} ({failed.count:,})" for failed in checks], SHOWN_CHECKS, last="; and ")


@dataclass(frozen=True)
class RunFacts:
    """What is known of the run besides its samples.

    load_started_ns, load_ended_ns  Unix ns between which the schedule ran (ended: the stop of the schedule, before the drain)
    drained_ns         Unix ns at which the last operation under way had ended (0: unknown)
    plan               the load curve; empty for a closed model (any locustfile without our schedule)
    drawn              arrivals are drawn at the planned rate (Poisson), so that their number differs by chance
    users              of a closed model: how many there were, and from when on; empty where nobody counted them
    slots              users that the plan is divided among (0: unknown)
    workers            names of the workers that took part
    lost_workers       those that vanished before they had handed over everything
    losses             one for each lost worker, what it can have taken along
    closed             the master ended the run itself; False: it was killed, and the facts are as the files tell
    spools             names of the files that workers left behind and that were taken in
    missing_messages   exchange messages known to have been sent and never received
    lost_rows          rows of windows that were stored and are not in the run's file any more
    unsigned_messages  messages refused because they were not signed with the cluster's key
    scrapes_failed     readings of the server's metrics that failed
    interrupted        the run was stopped before its plan ended
    stopped_for        objectives for whose failure the run was stopped early (--abort-on-fail, --stop-when-decided)
    looked             it might have ended at any of several looks, either way (--stop-when-decided)
    decided            it did, with every objective decided
    judged_until_ns    Unix ns up to which a look that ended the run saw it, and it is judged (0: to the end of the load)
    failed_checks      of imported results: the script's own checks that failed, by name
    bad_samples        of imported results: samples with a time or a latency that is none
    exceptions         of the locustfile's own code, and those that followed from a failed request
    unexplained_exceptions  those of them that followed from none (-1: not told apart, in runs before 2026-12)
    target_is_local    the target runs on a machine that also makes the load
    request_timeout_ns after which a request of the load counted as timed out (0: unknown)
    tick_ns            of imported results: the step in which latencies were recorded, which each may be off by (0: a fine one)
    failures_known     False: imported from a file that holds no failures
    extra              facts that are shown and not judged
    """

    load_started_ns: int
    load_ended_ns: int
    drained_ns: int = 0
    plan: tuple[PlannedSegment, ...] = ()
    slots: int = 0
    workers: tuple[str, ...] = ()
    lost_workers: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    closed: bool = True
    spools: tuple[str, ...] = ()
    missing_messages: int = 0
    lost_rows: int = 0
    unsigned_messages: int = 0
    scrapes_failed: int = 0
    interrupted: bool = False
    stopped_for: tuple[str, ...] = ()
    looked: bool = False
    decided: bool = False
    judged_until_ns: int = 0
    failed_checks: tuple[FailedCheck, ...] = ()
    bad_samples: int = 0
    exceptions: int = 0
    unexplained_exceptions: int = -1
    seed: int = 0
    target_is_local: bool = False
    request_timeout_ns: int = 0
    tick_ns: int = 0
    failures_known: bool = True
    drawn: bool = False
    users: tuple[UserCount, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measurements:
    """`windows` merged over workers (see window.merge_windows), `health` by worker and second, `snapshots` by time; `target`:
    the process under test by second, where it runs on the master's machine; `failures`: the reasons, as merge_failures() has
    them.
    """

    windows: tuple[Window, ...]
    health: Sequence[Health]
    snapshots: tuple[Snapshot, ...]
    facts: RunFacts
    target: tuple[MachineSecond, ...] = ()
    failures: tuple[FailureReason, ...] = ()

    def windows_of(self, operation: str) -> tuple[Window, ...]:
        """Those of one operation, by second."""
        return self._by_operation.get(operation, ())

    def with_groups(self, operation: str) -> tuple[Window, ...]:
        """Those of one operation and of all its groups together, as a server counts them."""
        names = (operation, *groups_of(operation, self._by_operation))
        return tuple(w for name in names for w in self.windows_of(name))

    @cached_property
    def _by_operation(self) -> dict[str, tuple[Window, ...]]:
        groups: dict[str, list[Window]] = {}
        for w in sorted(self.windows, key=attrgetter("second")):
            groups.setdefault(w.operation, []).append(w)
        return {name: tuple(group) for name, group in groups.items()}

    @cached_property
    def health_rows(self) -> HealthRows:
        """`health` as columns."""
        return HealthRows.of(self.health)
