"""The assessment of a run as a value: objectives, checks, decision. Renderers turn it into words; nothing here does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from sla.values.bootstrap import Bootstrap
from sla.values.estimate import Estimate
from sla.values.failure import FailureReason
from sla.values.kinds import KindName
from sla.values.shown_facts import NO_FACTS, ShownFacts
from sla.values.strategy import Strategy, rehearsed

SCHEMA = "bizra-load/assessment/1"


class Status(str, Enum):
    """Verdict of an objective, a check or a gate."""

    PASS = "PASS"  # noqa: S105  # a verdict, not a password
    WARN = "WARN"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"


class Severity(str, Enum):
    """What a missed objective does: CRITICAL decides NO-GO, WARNING makes the rollout slower."""

    CRITICAL = "CRITICAL"
    WARNING = "WARNING"


class Decision(str, Enum):
    """Verdict on a release."""

    GO = "GO"
    GO_WITH_CAUTION = "GO WITH CAUTION"
    CONDITIONAL_GO = "CONDITIONAL GO"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"
    NOT_JUDGED = "NOT JUDGED"  # no objectives were given: figures alone


@dataclass(frozen=True)
class ObjectiveResult:
    """One objective judged. `unit` is the unit of estimate, target, acceptable and baseline ("ns", "ops/s", "ratio").

    target           None: not known, for it is relative to a baseline or a plan that there is none of
    kind             the name of its kind (sla.values.kinds)
    times_baseline   the target is this multiple of the baseline, and not under `at_least`; 0: it is a figure of its own
    accepted         the environment's policy accepts this WARN: shown, not counted
    seconds_needed   for INCONCLUSIVE: how many more seconds at this rate would decide it, when that can be estimated
    bootstrap        of a latency: resamples beside its estimate. None without one, and of what an earlier version judged
    """

    key: str
    title: str
    severity: Severity
    unit: str
    comparison: str  # "<" or ">="
    target: float | None
    acceptable: float | None
    baseline: float | None
    estimate: Estimate | None
    status: Status
    reason: str
    accepted: bool = False
    seconds_needed: float | None = None
    source: str = ""  # "server" or "client", and the metric or operations
    operations: tuple[str, ...] = ()
    quantile: float = 0.0  # of a latency, else 0
    times_baseline: float = 0.0
    at_least: float = 0.0
    kind: KindName = field(kw_only=True)
    bootstrap: Bootstrap | None = None


@dataclass(frozen=True)
class Check:
    """One check of the run's own validity. FAIL opens what it touches (sla.judgement.checks.check_scope), WARN is shown,
    INCONCLUSIVE: could not be made.

    opens    of a FAIL: (objective's key, verdict of it that does not stand: PASS, FAIL or both)
    advice   what to do about it, where the figures say more than the check's name does; "" for nothing
    """

    key: str
    title: str
    status: Status
    figure: float | None
    limit: float | None
    unit: str
    reason: str
    opens: tuple[tuple[str, str], ...] = ()
    advice: str = ""


def check(
    key: str, title: str, bad: bool, reason: str, figure: float | None = None, limit: float | None = None,
    unit: str = "", worst: Status = Status.FAIL, advice: str = "",
) -> Check:  # fmt: skip
    """A check that is `worst` where it is `bad`, else PASS; `advice` counts only where it is bad."""
    return Check(key, title, worst if bad else Status.PASS, figure, limit, unit, reason, (), advice if bad else "")


@dataclass(frozen=True)
class Gate:
    """A gate of the decision matrix: an objective, or evidence from outside.

    measured   an objective with an estimate and a known target: where it is open, it was not forgotten
    """

    key: str
    title: str
    severity: Severity
    status: Status
    counts: bool  # False for an accepted WARN
    reason: str
    source: str = ""  # of evidence: its file in the run folder
    measured: bool = False

    @property
    def status_words(self) -> str:
        """The status as every document has it."""
        return self.status.value + ("" if self.counts else " (accepted)")


@dataclass(frozen=True)
class Evidence:
    """What a file from outside proves about one gate or one item of the checklist.

    key       a gate of the agreement, or an item of sla.release.checklist
    source    the copy's place in the run folder; sha256 of its bytes; modified: the file's own time, UTC, as a label
    facts     what else it holds, to be shown (a deployment's name, images, ...)
    """

    key: str
    status: Status
    reason: str
    source: str = ""
    sha256: str = ""
    modified: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FailedLatencies:
    """How long the failed requests of one operation took, ns; time-outs for as long as the client waited. Not of what failed on
    the generator itself.

    timed        how many they are of: the others were never sent, or timed by nobody
    quantiles    "p50" and "p99"; none where none was timed
    longest_ns   inf: over 60 s; 0 where none was timed
    """

    timed: int
    quantiles: Mapping[str, Estimate]
    longest_ns: float


@dataclass(frozen=True)
class WholeRun:
    """What was measured of one operation over a whole run of which no part was judged. Plain figures, no estimates: nothing is
    known of how far they are off.

    ok_per_s   successful operations per second of the load; None: not known, as the others
    success    of what the service was asked for, a ratio
    response   "p50" .. "p99.9", ns, of successful operations and time-outs; none without any
    """

    ok_per_s: float | None = None
    success: float | None = None
    response: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class OperationSummary:
    """Client-side figures of one operation over the steady part: latencies in ns, rate in ops/s, success as a ratio. Where a
    run has no such part: how many operations ended in all of it (`ok`, `failed`), `whole_run`, and no estimates.

    failed_share   of the operations that the service was asked for, a ratio; None, as the two that follow, where none failed,
                   and in assessments made before it was known
    """

    operation: str
    ok: int
    failed: Mapping[str, int]
    rate: Estimate | None
    success: Estimate | None
    response: Mapping[str, Estimate]  # "p50" .. "p99.9"
    service: Mapping[str, Estimate]
    failed_share: Estimate | None = None
    failed_response: FailedLatencies | None = None
    failed_service: FailedLatencies | None = None
    whole_run: WholeRun | None = None

    @property
    def unjudged(self) -> WholeRun:
        """`whole_run`, of which nothing is known where a part of it was judged."""
        return self.whole_run or WholeRun()


@dataclass(frozen=True)
class Steady:
    """Which part of the run was judged: [from_second, to_second) in Unix seconds, and why the rest was cut."""

    from_second: int
    to_second: int
    ramp_s: float
    warm_up_s: float
    reason: str
    drift: str = ""  # empty: none found

    def holds(self, second: int) -> bool:
        """Whether a second belongs to the judged part."""
        return self.from_second <= second < self.to_second

    @property
    def begin_second(self) -> int:
        """Where the warm-up begins that was cut; the judged part itself where none was."""
        return self.from_second - int(self.warm_up_s)


@dataclass(frozen=True)
class Assessment:
    """All that was judged of a run. `rollout`: the strategy in one line; `exit_code`: of the command line."""

    decision: Decision
    rollout: str
    exit_code: int
    summary: str  # one sentence: why this decision
    agreement: str
    environment: str
    baseline: str
    objectives: tuple[ObjectiveResult, ...]
    gates: tuple[Gate, ...]
    checks: tuple[Check, ...]
    operations: tuple[OperationSummary, ...]
    steady: Steady | None
    notes: tuple[str, ...] = ()
    run: ShownFacts = NO_FACTS
    schema: str = SCHEMA
    strategy: Strategy | None = None  # None: judged before there were any
    evidence: tuple[Evidence, ...] = ()
    failures: tuple[FailureReason, ...] = ()  # of the whole run, the most frequent first, bounded

    @property
    def gates_of_evidence(self) -> tuple[Gate, ...]:
        """Those that are no objective."""
        objectives = {o.key for o in self.objectives}
        return tuple(g for g in self.gates if g.key not in objectives)

    def of_run(self, run: ShownFacts, notes: Sequence[str] = ()) -> Assessment:
        """With what is shown of the run, and notes of its own; after a rehearsal there is nothing to roll out."""
        strategy = rehearsed(self.strategy) if run.rehearsal else self.strategy
        rollout = str(strategy) if run.rehearsal else self.rollout
        return replace(self, run=run, strategy=strategy, rollout=rollout, notes=(*self.notes, *notes))
