"""Put a load on: what must be reachable is, Locust runs, and whatever happens to it, what was measured is judged."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bizra_load.archive.latest import LATEST, begin, end
from bizra_load.archive.names import ASSESSMENT, RECORD
from bizra_load.archive.store import new_folder
from bizra_load.exit_codes import INVALID, KEPT, BizraLoadError, InvalidRunError
from bizra_load.io.terminal import tell
from bizra_load.io.this_program import copyable
from bizra_load.io.under_way import under_way
from bizra_load.launch.locust_process import checked_code, command_line, ignored_files, ignored_variables, supervise
from bizra_load.launch.parting import parted
from bizra_load.launch.request import LoadRequest, target_address
from bizra_load.launch.run_baseline import measured_beside
from bizra_load.launch.worker_count import workers_here
from bizra_load.rehearsal.node_process import NodeProcess, start_node
from bizra_load.server_metrics.exposition import MetricsReader, ScrapeError
from bizra_load.server_metrics.prometheus import PrometheusSource
from bizra_load.settings.settings import Settings
from sla.values.assessment import Decision

REHEARSED = "This was a rehearsal. Your own service: {command}"
OWN_SERVICE = "bizra-load run -H URL --metrics-url URL"

PACED = "Tasks: one at a time is due at the planned rate, for whoever of {users:,} users is free; their wait_time is not used"


def put_load_on(request: LoadRequest) -> tuple[int, Path]:
    """(exit code, run folder). Raises BizraLoadError before anything is started."""
    with ExitStack() as stack:
        request, node = _with_target(request, stack)
        settings = request.settings
        for host in request.targets:
            _check_reachable(host)
        _check_server_metrics(settings, request.host, request.server_objectives)
        processes = _processes(request)
        folder = new_folder(settings.out, settings.run_name, datetime.now(UTC))
        begin(folder)
        stack.enter_context(measured_beside(folder, settings, request.target))
        try:
            command, environment = command_line(request, processes, folder)
            with under_way("Waiting for the generator", over=(folder / RECORD).exists):
                came: list[int] = []
                beside = partial(_apart, node, folder=folder)
                code = supervise(command, environment, folder / RECORD, beside, came)
            if not (folder / RECORD).exists():
                code = _not_begun(code, came, folder)
            elif code < 0:
                code = _judge_without_master(folder, f"the master was killed ({signal.Signals(-code).name})")
            elif code != INVALID and not (folder / ASSESSMENT).exists():
                code = _judge_without_master(folder, f"the locustfile ended the process (exit code {code})")
            code = _verdict_over(code, folder)
        except BizraLoadError as error:
            end(folder, error.exit_code)
            raise
        end(folder, code)
        if node and (folder / ASSESSMENT).exists():
            tell(REHEARSED.format(command=copyable(OWN_SERVICE)))
        return code, folder


def serve_web_ui(request: LoadRequest) -> int:
    """Until the web UI is quit: the exit code of the last run in it, 0 without any. Raises BizraLoadError before anything is
    started.
    """
    with ExitStack() as stack:
        request, _ = _with_target(request, stack)
        command, environment = command_line(request, _processes(request), None)
        before = os.path.realpath(request.settings.out / LATEST)
        code = supervise(command, environment, request.settings.out, lambda _: nullcontext())
        if code < 0:
            raise InvalidRunError(
                f"Locust's web UI was killed ({signal.Signals(-code).name}); runs are kept in {request.settings.out}"
            )
        return checked_code(code, began=os.path.realpath(request.settings.out / LATEST) != before)


def _with_target(request: LoadRequest, stack: ExitStack) -> tuple[LoadRequest, NodeProcess | None]:
    """On a reference node of our own where no target is given; what is not as one may think is said."""
    node: NodeProcess | None = None
    if request.reference_node:
        node = stack.enter_context(start_node())
        request = request.on_node(node.url, node.metrics_url)
        tell(f"No target given: started the reference node on {node.url}")
    for flag in request.exposed:
        tell(f"{flag}: everyone on this machine can read a password on a command line; use the environment")
    for line in request.remarks:
        tell(line)
    if not request.configured:
        for ignored in filter(None, (ignored_variables(os.environ, request.web_ui), ignored_files())):
            tell(ignored)
    return request, node


def _processes(request: LoadRequest) -> int:
    """How many workers; 0: users that work as they please are in one process with the master, as with plain Locust, where a
    locustfile's listeners and tasks see the same variables, and its runner can be told to quit.
    """
    if request.settings.pace_tasks:
        tell(PACED.format(users=request.settings.users))
    if request.processes:
        return request.processes
    if not request.open_model or request.workers_come:
        return 0
    workers, reason = workers_here(request.peak_per_s, request.target)
    tell(reason)
    return workers


def _apart(node: NodeProcess | None, generator: int, folder: Path) -> AbstractContextManager[None]:
    """A node of our own and the generator are parted; where the target is somebody else's, nothing is bound to a core."""
    return parted(node.process.pid, generator, folder / RECORD) if node else nullcontext()


def _judge_without_master(folder: Path, why: str) -> int:
    """The exit code of a run whose master ended before its verdict: what it and its workers left is judged."""
    print(f"bizra-load run: {why}; kept with what the workers left: {folder}", file=sys.stderr)
    from bizra_load.judging import judge  # all others would wait a tenth of a second for it, before their first request

    assessment = judge.assess_folder(folder)
    judge.print_summary(assessment, folder, sys.stdout)
    return assessment.exit_code


def _not_begun(code: int, came: list[int], folder: Path) -> int:
    """The exit code of a run that never began; `came`: signals that ended it. Raises InvalidRunError where it is not ours."""
    if code < 0 or (came and code in (KEPT, INVALID)):
        name = signal.Signals(came[0] if came else -code).name  # all are passed on as SIGTERM
        raise InvalidRunError(f"ended by {name} before the load began: {folder}")
    if code == KEPT:
        raise InvalidRunError("the load did not begin: the locustfile ended Locust (exit code 0)")
    return checked_code(code, began=False)


def _verdict_over(code: int, folder: Path) -> int:
    """The verdict's exit code where there is a verdict: a locustfile may have ended the process by itself, with any."""
    if code == INVALID or not (folder / ASSESSMENT).exists():
        return code
    assessment = json.loads((folder / ASSESSMENT).read_text(encoding="utf-8"))
    return code if assessment["decision"] == Decision.NOT_JUDGED else int(assessment["exit_code"])


def _check_reachable(host: str) -> None:
    """Before anything is started: a target that refuses connections responds to nothing else. Raises InvalidRunError."""
    parts, name, port = target_address(host)
    try:
        socket.create_connection((name, port), timeout=5).close()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        address = f"[{name}]" if ":" in name else name
        raise InvalidRunError(f"the target {parts.scheme}://{address}:{port} can't be reached: {reason}") from None


def _check_server_metrics(settings: Settings, host: str, wanted: bool) -> None:
    """`wanted`: objectives are judged by them. Raises InvalidRunError where the server's metrics can't be read."""
    try:
        if settings.metrics_url:
            MetricsReader(settings.metrics_url, headers=settings.metrics_headers(host), trust=settings.trust).read()
        elif settings.prometheus_url:
            PrometheusSource(settings.prometheus_url, (), settings.prometheus_selector, trust=settings.trust).check()
        elif wanted:
            tell("No --metrics-url or --prometheus-url: server-side objectives can't be judged")
    except ScrapeError as error:
        raise InvalidRunError(f"the server's metrics can't be read: {error}") from None
