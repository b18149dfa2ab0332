"""What a load would do, in sentences (`bizra-load run --dry-run`). Nothing is started, and nothing written."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from bizra_load.archive.store import plain_name
from bizra_load.io.redaction import without_secrets, without_userinfo
from bizra_load.judging.agreements import read_agreement
from bizra_load.judging.beforehand import unplanned
from bizra_load.launch.locustfile import Locustfile
from bizra_load.launch.request import LoadRequest
from bizra_load.launch.worker_count import workers_here
from reports.results import promises
from sla.values.measurements import PlannedSegment

_COMMON = {"-u": "num_users", "-r": "spawn_rate", "-t": "run_time"}  # Locust's options that a shape may read
REFERENCE_NODE = "a reference node, which is started for it"


def planned(request: LoadRequest, width: int) -> str:
    """Lines of `width` columns. Raises UsageError as what it reads does."""
    lines = ["Dry run: nothing is started.", "", *_load(request), *_addresses(request), *_files(request), ""]
    shown = [textwrap.fill(line, width, subsequent_indent="  ", break_on_hyphens=False) for line in lines]
    return "\n".join([*shown, _agreement(request, width)])


def _load(request: LoadRequest) -> Iterator[str]:
    s = request.settings
    yield f"Locustfile: {','.join(map(without_userinfo, request.locustfile.split(',')))}"
    yield from request.remarks
    if not request.open_model:
        yield "Model: closed: users work as fast as responses and their own waits let them"
        yield f"Users: {_users(request)}"
    elif s.saturating:
        yield f"Model: closed: {s.users:,} users, as fast as responses come, for {s.curve.duration_s:g} s"
    else:
        tasks = ", one task at a time" if s.pace_tasks else ""
        yield f"Model: open: arrivals are planned ({s.arrivals}){tasks}; a late one keeps its intended start"
        yield f"Rate: {', then '.join(map(_segment, s.curve.segments[:MOST_STAGES]))}{_more(len(s.curve.segments))}"
        yield f"Length: {s.curve.duration_s:g} s; about {s.curve.planned_count(s.curve.duration_s):,.0f} operations"
        yield f"Users: {s.users:,}, for {s.ops_per_user:g} ops/s each"
    yield _workers(request)


MOST_STAGES = 6  # in a line; a stage file may have hundreds


def _more(stages: int) -> str:
    return f", then {stages - MOST_STAGES} more stages" if stages > MOST_STAGES else ""


def _segment(s: PlannedSegment) -> str:
    if s.from_per_s == s.to_per_s:
        return f"{s.to_per_s:,.6g} ops/s for {s.duration_s:g} s"
    return f"{s.from_per_s:,.6g} to {s.to_per_s:,.6g} ops/s in {s.duration_s:g} s"


def _users(request: LoadRequest) -> str:
    if request.surveyed is not None and request.surveyed.shape:
        return f"by the locustfile's shape {request.surveyed.shape}{_ignored(request, request.surveyed)}"
    return f"by Locust: {' '.join(without_secrets(request.locust_words)) or 'one'}"


def _ignored(request: LoadRequest, surveyed: Locustfile) -> str:
    """What Locust warns of when the run begins."""
    given = [flag for flag, name in _COMMON.items() if surveyed.options[name] is not None]
    given += ["--duration"] if "-t" in request.locust_words and "-t" not in given else []  # which is handed on as -t
    return (
        f"; it decides alone, {', '.join(given)} {'is' if len(given) == 1 else 'are'} ignored"
        if given and surveyed.shape_alone
        else ""
    )


def _workers(request: LoadRequest) -> str:
    if request.workers_come:
        return "Workers: those that connect to this master, started elsewhere"
    if request.processes or not request.open_model:
        return (
            f"Workers: {request.processes}" if request.processes else "Workers: none, users are in one process with the master"
        )
    return workers_here(request.peak_per_s, request.target)[1]


def _addresses(request: LoadRequest) -> Iterator[str]:
    s = request.settings
    hosts = ", ".join(map(without_userinfo, request.targets or ([request.host] if request.host else [])))
    yield f"Target: {REFERENCE_NODE if request.reference_node else hosts or 'as the locustfile says'}"
    if s.metrics_url or s.prometheus_url:
        which = "its /metrics at" if s.metrics_url else "the Prometheus at"
        yield f"Server's metrics: {which} {without_userinfo(s.metrics_url or s.prometheus_url)}"
    elif request.reference_node:
        yield "Server's metrics: that node's own /metrics"
    elif request.server_objectives:
        yield "Server's metrics: none, so server-side objectives can't be judged (--metrics-url or --prometheus-url)"
    if s.generator_metrics:
        yield f"The generator's own metrics: port {s.generator_metrics[1]} of {s.generator_metrics[0]}"


def _files(request: LoadRequest) -> Iterator[str]:
    s = request.settings
    yield f"Files: {s.out / f'<UTC time>-{plain_name(s.run_name)}'}, and {s.out / 'latest'} names it"
    if s.evidence:
        yield f"Evidence: {', '.join(s.evidence)}"


def _agreement(request: LoadRequest, width: int) -> str:
    s = request.settings
    file = read_agreement(s.agreement, s.baseline, s.objectives)
    if not file.agreement.objectives:
        return "No objectives are given: figures with intervals, and nothing is judged."
    planned = request.open_model and not s.saturating
    finding = "" if planned else unplanned(file.agreement, s.saturating)
    noted = f"{textwrap.fill(f'Before the load: {finding}', width, subsequent_indent='  ')}\n\n" if finding else ""
    return noted + promises.render(file.judged, file.baseline.name if file.baseline else "", width)
