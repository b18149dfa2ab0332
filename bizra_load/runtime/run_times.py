"""When a run's load begins and ends, by the master's clock."""

from __future__ import annotations

from bizra_load.engine.load_curve import LoadCurve
from bizra_load.measure.clock import SteadyClock
from sla.values.measurements import PlannedSegment

EARLY_S = 1.0  # so much sooner Locust's own timer may end a load: it counts from before the users start


class RunTimes:
    """All in Unix ns of `clock`, which a system clock that is set meanwhile does not move.

    curve        the planned rate; None in a closed model, where nothing is planned
    duration_s   of the schedule
    ends_by_plan whether that ends the load; that of a locustfile without our shape ends by Locust's own options
    started_ns   when the schedule begins; as long as that is unknown, somewhere in the future
    given_s      how long the load is to last by Locust's own options; None: until somebody stops it, or its shape ends
    ended_ns     when it ends: by its plan, or when the load was stopped
    drained_ns   when all that was under way had been handed over; 0 before
    begun        the schedule has begun, or begins in a moment
    stopped      the load has ended, and its drain has begun
    interrupted  it was stopped before the end of its plan, or of the time that Locust was given for it
    own_end      the locustfile's code stopped it: that is no interruption of a load that nothing was planned of
    """

    def __init__(
        self,
        clock: SteadyClock,
        curve: LoadCurve | None,
        duration_s: float,
        ends_by_plan: bool = True,
        given_s: float | None = None,
    ) -> None:
        self.clock = clock
        self.curve = curve
        self.started_ns = self.ended_ns = self.drained_ns = 0
        self.begun = self.stopped = self.interrupted = self.own_end = False
        self.given_s = given_s
        self._duration_ns = int(duration_s * 1e9)
        self.ends_by_plan = ends_by_plan

    @property
    def plan(self) -> tuple[PlannedSegment, ...]:
        """The curve's segments; () in a closed model."""
        return self.curve.segments if self.curve else ()

    @property
    def elapsed_s(self) -> float:
        """Since the start of the schedule, negative before it."""
        return (self.clock.unix_ns() - self.started_ns) / 1e9

    @property
    def length_s(self) -> float:
        """From the start of the schedule to its end."""
        return (self.ended_ns - self.started_ns) / 1e9

    @property
    def seconds_left(self) -> float | None:
        """Until the schedule ends; None before it begins and once the load has been stopped."""
        return (self.ended_ns - self.clock.unix_ns()) / 1e9 if self.begun and not self.stopped else None

    def planned_per_s(self) -> float:
        """The planned rate now; 0 before and after the schedule, and in a closed model."""
        now_ns = self.clock.unix_ns()
        return self.curve.rate_at((now_ns - self.started_ns) / 1e9) if self.curve and now_ns < self.ended_ns else 0.0

    def start_in(self, lead_s: float) -> None:
        """The schedule begins in so many seconds."""
        self.started_ns = self.clock.unix_ns() + int(lead_s * 1e9)
        self.ended_ns = self.started_ns + self._duration_ns

    def stop(self) -> None:
        """The load ends here if it has not ended by its plan."""
        self.stopped = True
        now_ns = self.clock.unix_ns()
        self.started_ns = min(self.started_ns, now_ns)  # stopped before it began: nothing was due
        if self.ends_by_plan:
            self.interrupted = now_ns < self.ended_ns
        elif self.given_s is not None and not self.own_end:
            self.interrupted = now_ns < self.started_ns + int((self.given_s - EARLY_S) * 1e9)
        self.ended_ns = min(self.ended_ns, now_ns) if self.plan else now_ns
