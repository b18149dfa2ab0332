"""The one thing to do next after a run: what to fix, how much longer to measure, or what to read."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from reports.documents.advice import for_check, for_evidence, for_objective, recommendations
from reports.formats.table import LONGEST_S, printable
from sla.judgement.decision import STOPPED
from sla.values.assessment import Assessment, Decision, ObjectiveResult, Severity, Status
from sla.values.objective_words import percentile_in_words
from sla.values.remedies import PLAIN, Remedy, RemedyWords

TRIED = ("p95", "< 1 s")  # an objective to begin with
ERRORS = ("success", "errors")  # kinds of objectives that failed requests miss


def next_step(a: Assessment, words: RemedyWords = PLAIN, run: str = "RUN") -> str:
    """A short sentence or a command in `words`, in which the run is called `run`. Every decision has one."""
    return printable(next(_steps(a, words, run)))


def _steps(a: Assessment, words: RemedyWords, run: str) -> Iterator[str]:
    """The most useful first."""
    match a.decision:
        case Decision.NOT_JUDGED:
            if a.steady is None:
                yield words[Remedy.MEASURE_LONG_ENOUGH]
            largest = max(a.operations, key=lambda o: o.ok, default=None)
            words_of_it = percentile_in_words(largest.operation, *TRIED) if largest else ""
            objective = words_of_it or " ".join(("all", *TRIED))
            yield words[Remedy.STATE_OBJECTIVES].format(run=quote(run), objective=quote(objective))
        case Decision.INVALID:
            yield from _checks(a, words)
        case Decision.INCONCLUSIVE:
            yield from _undecided(a, words)
        case Decision.NO_GO:
            yield from _objectives(a, words, Status.FAIL)
            yield from (for_evidence(g, words).action for g in a.gates_of_evidence if g.status is Status.FAIL)
        case Decision.GO_WITH_CAUTION | Decision.CONDITIONAL_GO:
            yield from _objectives(a, words, Status.FAIL, Status.WARN)
            yield from _longer(a, words)
            yield from _objectives(a, words, Status.INCONCLUSIVE)
    if a.decision is not Decision.GO:
        yield from (f"{x.figure}: {x.action}" for x in recommendations(a, words))
    yield words[Remedy.READ_REPORT].format(run=quote(run))


def _checks(a: Assessment, words: RemedyWords) -> Iterator[str]:
    """What opens most verdicts first."""
    failed = sorted((c for c in a.checks if c.status is Status.FAIL), key=lambda c: -len(c.opens))
    for c in failed:
        yield from (f"{c.title}: {x.action}" for x in for_check(c, words))


def _undecided(a: Assessment, words: RemedyWords) -> Iterator[str]:
    """Data that is missing, then a run that was cut short, then time, then evidence."""
    unmeasured = [o for o in _by_severity(a, Status.INCONCLUSIVE) if o.estimate is None or o.target is None]
    for o in unmeasured:
        yield from (f"{o.title}: {x.action}" for x in for_objective(o, a, words))
    if STOPPED in a.summary:
        yield "repeat the run, and let it come to its end"
    yield from _longer(a, words)
    yield from _objectives(a, words, Status.INCONCLUSIVE)
    yield from (for_evidence(g, words).action for g in a.gates_of_evidence if g.status is Status.INCONCLUSIVE)


def _longer(a: Assessment, words: RemedyWords) -> Iterator[str]:
    """How long a run would decide all that time can decide."""
    needed = [o.seconds_needed for o in _by_severity(a, Status.INCONCLUSIVE) if o.seconds_needed is not None]
    reachable = [seconds for seconds in needed if seconds <= LONGEST_S]
    if reachable and a.steady is not None:
        if a.run.arrivals is None:  # a closed model, or another tool's results
            yield f"measure at least about {max(reachable):,.0f} s longer at this rate"
        else:
            whole_s = a.steady.to_second - a.steady.begin_second + 1 + max(reachable)  # a second is cut at the begin, at most
            yield words[Remedy.MEASURE_FOR].format(whole=whole_s, more=max(reachable))


def _objectives(a: Assessment, words: RemedyWords, *statuses: Status) -> Iterator[str]:
    for o in _by_severity(a, *statuses):
        if not o.accepted:
            yield from (f"{o.title}: {x.action}" for x in for_objective(o, a, words))


def _by_severity(a: Assessment, *statuses: Status) -> list[ObjectiveResult]:
    """The critical ones first, and errors before what may follow from them."""
    mine = (o for o in a.objectives if o.status in statuses)
    return sorted(mine, key=lambda o: (o.severity is not Severity.CRITICAL, o.kind not in ERRORS))
