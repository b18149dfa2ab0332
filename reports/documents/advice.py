"""Observations and recommendations that follow from figures. Each names its figure; none is general advice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from reports.documents.failed_requests import blamed, ended, remedy
from reports.formats.table import (
    endless,
    generator_line,
    interval,
    longer,
    of_objective,
    printable,
    quantity,
    target,
    with_interval,
)
from sla.judgement.checks.silence import SILENT
from sla.judgement.few_windows import MEASURE_LONGER
from sla.judgement.generator.lateness import LATE, SHARED_HOST
from sla.judgement.generator.waiting_workers import FOR_A_CORE
from sla.judgement.moving import REACHES
from sla.judgement.no_data import OUTSIDE
from sla.judgement.status import ONE_BUCKET, ONE_STEP, OVER_BASELINE, THIN_EVIDENCE
from sla.values.assessment import Assessment, Check, Gate, ObjectiveResult, OperationSummary, Status
from sla.values.kinds import KINDS
from sla.values.remedies import PLAIN, Remedy, RemedyWords

_CHECK_ADVICE: Mapping[str, str | Remedy] = {
    "workers": "find out why the worker went away (its log, memory), then repeat the run",
    "reports": "look at the network between workers and master, then repeat the run",
    "server_data": Remedy.COVER_THE_JUDGED_PART,
    "server_data_gaps": Remedy.COVER_THE_JUDGED_PART,
    "scrapes": "look at the metrics endpoint: each failed scrape makes server-side intervals wider",
    "counters_": "client and server count different things: look for other clients, retries or a proxy that responds itself",
    "dominance_": "something responds before the node does: look for a cache or a proxy",
    "littles_law_": "samples are missing: the run can't be used",
    "successes": "see the kinds of failures: a wrong address, path or token fails every request",
    "achieved": "the generator did not send what was planned: see the worker's log, and how late arrivals were",
}


@dataclass(frozen=True)
class Advice:
    """A figure that misses something, and what to do about it, as sentences."""

    figure: str
    action: str


def observations(a: Assessment) -> list[str]:
    """What the figures show beyond targets and statuses."""
    lines = [f"{o.title} misses its target, which the environment {a.environment} accepts" for o in a.objectives if o.accepted]
    operations = {s.operation: s for s in a.operations}
    for o in a.objectives:
        summary = operations.get(o.operations[0]) if o.quantile and o.operations else None
        client = summary.service.get(f"p{100 * o.quantile:g}") if summary else None
        if KINDS[o.kind].from_server and o.estimate and client:
            server = f"{of_objective(o)} inside the server"
            lines.append(f"{o.title}: {server}, {with_interval(client, 'ns')} of service time at the client")
    for s in a.operations:
        if waited := _waited(s):
            lines.append(waited)
        total = s.ok + sum(s.failed.values())
        for category, count in s.failed.items():
            share = f"{100 * count / total:.3g} % of {total:,}"
            lines.append(f"{printable(s.operation)}: {count:,} operations failed with {printable(category)} ({share})")
    if line := generator_line(a):
        lines.append(f"generator: {line}")
    return lines


def recommendations(a: Assessment, words: RemedyWords = PLAIN) -> list[Advice]:
    """In the order of objectives, checks, operations, gates; empty where nothing follows. `words` for what can be done."""
    advice = [x for o in a.objectives if o.status is not Status.PASS for x in for_objective(o, a, words)]
    advice += [x for c in a.checks if c.status in (Status.FAIL, Status.WARN) for x in for_check(c, words)]
    if not _lag_advice(a):
        waited = [w for s in a.operations if (w := _waited(s))]
        advice += [Advice(w, words[Remedy.FEWER_OPERATIONS_A_USER]) for w in waited]
    return advice + [for_evidence(g, words) for g in a.gates_of_evidence if g.status is not Status.PASS]


def for_evidence(g: Gate, words: RemedyWords) -> Advice:
    """On a gate that evidence has not closed."""
    how = (
        f"give {words[Remedy.EVIDENCE].format(key=g.key)}"
        if not g.source
        else f"remedy what {g.source} shows, and give it again"
    )
    return Advice(f"{g.title}: {g.reason}", how)


def for_objective(o: ObjectiveResult, a: Assessment, words: RemedyWords) -> Iterator[Advice]:
    """On one objective that did not pass."""
    if o.status is Status.INVALID:
        return  # the check that opened it says what to do
    if o.estimate is None:
        yield Advice(f"{o.title}: {o.reason}", _unmeasured(o, a, words))
        return
    figure = f"{o.title} {of_objective(o)}, target {target(o)}"
    if o.target is None:
        yield Advice(figure, o.reason)
        return
    more = words[longer(o)].format(seconds=o.seconds_needed) if o.seconds_needed else ""
    if o.reason == OVER_BASELINE and o.baseline:
        times = f"{figure}: {o.estimate.point / o.baseline:.1f} times its baseline {quantity(o.baseline, o.unit)}"
        yield Advice(times, words[Remedy.RUN_THE_BASELINE])
    elif o.reason.startswith(LATE):
        yield Advice(f"{figure}: {o.reason}", _lag_advice(a) or "repeat the run on a quieter machine")
    elif o.reason.startswith(SHARED_HOST):
        yield Advice(f"{figure}: {o.reason}", "make the load from another host than the target's")
    elif FOR_A_CORE in o.reason and o.status is Status.INCONCLUSIVE:
        yield Advice(f"{figure}: {o.reason}", words[Remedy.PLAN_THE_RATE])
    elif o.reason.startswith(SILENT):
        yield Advice(f"{figure}: {o.reason}", "repeat the run with a load that does not pause")
    elif o.reason.startswith(ONE_BUCKET):
        how = "no longer run can separate them: give it an edge at the target, or make it a native histogram"
        yield Advice(f"{figure}: {o.reason}", how)
    elif o.reason.startswith(ONE_STEP):
        yield Advice(f"{figure}: {o.reason}", "no longer run can separate them: record latencies in a finer unit")
    elif o.status is Status.INCONCLUSIVE or o.reason.startswith(THIN_EVIDENCE):
        remedies = [] if more or not _failed_too_often(o) else list(_errors(o, a, figure, words))
        yield from remedies or [Advice(f"{figure}: {o.reason}", more or _undecided(o))]
    else:
        yield from _missed(o, a, figure, words)


def _unmeasured(o: ObjectiveResult, a: Assessment, words: RemedyWords) -> str:
    """Where there is no estimate: its operations failed, were outside the judged part, or are called otherwise."""
    ok, failed = ended(o, a)
    if failed and not ok and not KINDS[o.kind].from_server:
        category, count = failed.most_common(1)[0]
        which = blamed(o, a, category) or f"{count:,} of {failed.total():,} failed with {printable(category)}"
        return f"no request was successful, {which}: {remedy(o, a, category, words)}"
    if OUTSIDE in o.reason:
        return "leave it out, or call its operations while the load is constant too: the rest of a run is not judged"
    return f"nothing was measured ({o.source or 'no source'}): check the metric's name and the scenario"


def _missed(o: ObjectiveResult, a: Assessment, figure: str, words: RemedyWords) -> Iterator[Advice]:
    match o.kind:
        case "server_quantile" | "client_quantile":
            within = o.estimate is not None and o.target is not None and o.estimate.point < o.target
            errors = list(_errors(o, a, figure, words)) if within else []  # what failed, and not what took long, misses it
            yield from errors or [_latency(o, a, figure)]
        case "throughput":
            yield _throughput(o, a, figure, words)
        case "success" | "errors":
            yield from _errors(o, a, figure, words)
        case _ as unreachable:
            assert_never(unreachable)


def _undecided(o: ObjectiveResult) -> str:
    """Where no length of a run can be named."""
    if o.reason.endswith(MEASURE_LONGER):
        how = o.reason.rpartition(": ")[2]  # such as "scrape every 2 s, or measure longer"
        return "a longer run" if how == MEASURE_LONGER else how
    if endless(o) or o.reason.endswith(REACHES):
        return "a longer run; how much longer can't be estimated from this one"
    on_target = o.estimate is not None and o.estimate.point == o.target
    return ("the estimate lies on the target: " if on_target else "") + "no length of run decides that"


def _latency(o: ObjectiveResult, a: Assessment, figure: str) -> Advice:
    assert o.estimate is not None
    assert o.target is not None
    over = f"{figure}: {o.estimate.point / o.target:.2f} times the target"
    less = f"it needs at least {100 * (1 - o.target / o.estimate.point):.0f} % less" if o.estimate.point > o.target else ""
    name = o.operations[0] if o.operations else ""
    if KINDS[o.kind].from_server:
        return Advice(
            over, _joined(less, f"inside the node's own {printable(name)}: profile it, network and HTTP are not in this figure")
        )
    server = next((s for s in a.objectives if KINDS[s.kind].from_server and s.operations[:1] == (name,)
                   and s.quantile == o.quantile), None)  # fmt: skip
    if server is None or server.estimate is None or not math.isfinite(server.estimate.high):
        return Advice(over, _joined(less, "the server has no figure beside it"))
    inside = f"{quantity(server.estimate.high, 'ns')} of it at most are inside the server"
    where = "begin with the node" if server.estimate.low > o.estimate.point / 2 else "begin with HTTP, TLS and network"
    return Advice(over, _joined(less, f"{inside}: {where}"))


def _throughput(o: ObjectiveResult, a: Assessment, figure: str, words: RemedyWords) -> Advice:
    assert o.estimate is not None
    assert o.target is not None
    planned = a.run.planned_per_s
    if planned is not None and planned < o.target:
        text = f"the load was planned at {quantity(planned, o.unit)} in all, too low to reach the target"
        return Advice(figure, f"{text}: {words[Remedy.HIGHER_RATE]}")
    ok, failed = ended(o, a)
    if failed and _finished_per_s(o, a, ok, failed.total()) >= o.target:
        most = printable(failed.most_common(1)[0][0])
        return Advice(
            f"{figure}: {failed.total():,} failed operations don't count",
            f"remedy the errors first, most of them {most}: counting them, the rate would meet the target",
        )
    short = 100 * (1 - o.estimate.point / o.target)
    return Advice(
        f"{figure}: {short:.1f} % under it", "the load was there: scale the node, or find what it waits for at this rate"
    )


def _finished_per_s(o: ObjectiveResult, a: Assessment, ok: int, failed: int) -> float:
    """The rate of what ended, successful or not."""
    if ok and o.estimate is not None:
        return o.estimate.point * (ok + failed) / ok
    return failed / (a.steady.to_second - a.steady.from_second) if a.steady else 0.0


def _failed_too_often(o: ObjectiveResult) -> bool:
    """A success rate of this run that misses its target, decided or not: what failed is to be mended first."""
    if o.estimate is None or o.target is None or o.kind not in ("success", "errors"):
        return False
    return o.estimate.point < o.target if o.kind == "success" else o.estimate.point > o.target


def _errors(o: ObjectiveResult, a: Assessment, figure: str, words: RemedyWords) -> Iterator[Advice]:
    for category, count in ended(o, a)[1].most_common():
        how = ": ".join(filter(None, (blamed(o, a, category), remedy(o, a, category, words))))
        yield Advice(f"{figure}: {count:,} with {printable(category)}", how)


def for_check(c: Check, words: RemedyWords) -> Iterator[Advice]:
    """On one check that failed; none where there is nothing to say."""
    action = c.advice or next((advice for key, advice in _CHECK_ADVICE.items() if c.key.startswith(key)), "")
    if action:
        yield Advice(f"{c.title}: {c.reason}", words[action] if isinstance(action, Remedy) else action)


def _lag_advice(a: Assessment) -> str:
    return next((c.advice for c in a.checks if c.key == "schedule_lag"), "")


def _waited(s: OperationSummary) -> str:
    """Response times beyond service times: operations waited between their intended start and their sending."""
    response, service = s.response.get("p99"), s.service.get("p99")
    if response is None or service is None or not response.low > service.high:
        return ""
    times = f"p99 {quantity(response.point, 'ns')} [{interval(response, 'ns')}] from the intended start"
    return f"{printable(s.operation)}: {times}, {quantity(service.point, 'ns')} [{interval(service, 'ns')}] from the sending"


def _joined(*parts: str) -> str:
    return "; ".join(p for p in parts if p)
