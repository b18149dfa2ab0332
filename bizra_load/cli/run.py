"""`bizra-load run`: put the load on and judge it. Without a target it starts the reference node and rehearses on it."""

from __future__ import annotations

import argparse
import math
import os
import signal
import socket
import subprocess
import sys
import sysconfig
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import psutil

import bizra_load
from bizra_load.archive.latest import begin, end
from bizra_load.exit_codes import BizraLoadError, InvalidRunError, UsageError
from bizra_load.io.ports import free_port, listening_refused
from bizra_load.io.this_machine import is_this_machine, usable_cores
from bizra_load.io.urls import host_and_port
from bizra_load.launch.worker_count import said, workers_for
from bizra_load.rehearsal.node_process import adopt_orphans, die_with_parent, start_node
from sla.values.number import whole_in
from sla.values.section import unknown

if TYPE_CHECKING:
    from bizra_load.settings.settings import Settings

WORKERS_END_WITHIN_S = 60.0  # they notice in 8 s, finish what is under way and try to hand over for 10 s
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")  # Locust's own
_CHECKOUT = Path(bizra_load.__file__).resolve().parents[1] / "locustfiles"
# a wheel brings the scenarios as data of its environment, where a user finds and copies them
_SCENARIOS = _CHECKOUT if _CHECKOUT.is_dir() else Path(sysconfig.get_path("data")) / "share/bizra-load/locustfiles"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("run", description=__doc__)
    add_load_arguments(parser)
    parser.set_defaults(run=run)


def add_load_arguments(parser: argparse.ArgumentParser) -> None:
    """What put_load_on() takes."""
    from bizra_load.cli.assess import add_evidence_argument
    from bizra_load.settings.arguments import ARGUMENTS, SWITCHES, described

    parser.add_argument("-H", "--host", metavar="URL", help="target (environment: ENDPOINT; default: a reference node)")
    parser.add_argument("-f", "--locustfile", type=Path, metavar="FILE", help="scenario (default: mixed.py)")
    parser.add_argument(
        "--processes",
        "--workers",
        dest="processes",
        metavar="N",
        help="workers (environment: WORKERS; default: as many as the rate needs and there are cores for)",
    )
    parser.add_argument("--enable-rebalancing", action="store_true", help="a lost worker's share goes to the others")
    parser.add_argument("--stop-timeout", metavar="S", help="Locust's own; operations under way are finished in any case")
    parser.add_argument("--loglevel", default="WARNING", help="of Locust's log (default: WARNING)")
    for flag, variable, default, text in ARGUMENTS:
        named = f", environment: {variable}" if variable else ""
        parser.add_argument(flag, metavar="VALUE", help=described(text, default, named))
    for flag, text in SWITCHES:
        parser.add_argument(flag, action="store_true", help=text)
    add_evidence_argument(parser)


def run(args: argparse.Namespace) -> int:
    return put_load_on(args)[0]


@dataclass(frozen=True)
class Usage:
    """Options that are right; `host` is "" for the reference node, `processes` None where nobody has said how many."""

    host: str
    processes: int | None
    locustfile: Path
    stop_timeout_s: int | None
    settings: Settings


def check_usage(args: argparse.Namespace) -> Usage:
    """Whatever can be refused before anything is started. Without a target the agreement is `local`. Raises UsageError."""
    from bizra_load.judging.judge import check_settings
    from bizra_load.settings.settings import resolve

    host = args.host or os.environ.get("ENDPOINT", "")
    wanted = args.processes or os.environ.get("WORKERS")
    processes = _processes(wanted) if wanted else None
    if args.loglevel.upper() not in LOG_LEVELS:
        raise UsageError(f"--loglevel: {unknown(args.loglevel, LOG_LEVELS)}")
    locustfile = args.locustfile or scenario("mixed.py")  # every objective needs traffic
    if not locustfile.is_file():
        raise UsageError(f"-f: {locustfile}: no such file")
    stop_timeout_s = _stop_timeout(args.stop_timeout) if args.stop_timeout is not None else None
    if host:
        _address(host)
    else:
        args.agreement = args.agreement or os.environ.get("AGREEMENT") or "local"
    settings = resolve(args)
    check_settings(settings)
    if settings.generator_metrics and (reason := listening_refused(settings.generator_metrics)):
        raise UsageError(f"--generator-metrics-port: {':'.join(map(str, settings.generator_metrics))}: {reason}")
    return Usage(host, processes, locustfile, stop_timeout_s, settings)


def put_load_on(args: argparse.Namespace) -> tuple[int, Path]:
    """(exit code, run folder). Raises BizraLoadError before anything is started."""
    from bizra_load.archive.store import new_folder
    from bizra_load.io.redaction import without_userinfo
    from bizra_load.launch.run_baseline import measured_beside
    from bizra_load.settings.settings import resolve

    usage = check_usage(args)
    host, settings = usage.host, usage.settings
    with ExitStack() as stack:
        if not host:
            node = stack.enter_context(start_node())
            host = node.url
            if not (settings.metrics_url or settings.prometheus_url):
                args.metrics_url = node.metrics_url
                settings = resolve(args)
            print(f"No target given: started the reference node on {host}", file=sys.stderr)
        for flag, value in (("-H", args.host), ("--metrics-url", args.metrics_url), ("--prometheus-url", args.prometheus_url)):
            if value and without_userinfo(value) != value:
                print(
                    f"{flag}: everyone on this machine can read a password on a command line; use the environment",
                    file=sys.stderr,
                )
        _reachable(host)
        _server_metrics(settings)
        processes = usage.processes or _workers(host, settings)
        folder = new_folder(settings.out, settings.run_name, datetime.now(UTC))
        begin(folder)
        stack.enter_context(measured_beside(folder, settings, host))
        try:
            code = _supervise(*_locust(args, usage, host, processes, folder))
            if code < 0:
                code = _without_master(folder, -code)
        except BizraLoadError as error:
            end(folder, error.exit_code)
            raise
        end(folder, code)
        return code, folder


def _workers(host: str, settings: Settings) -> int:
    """As many as this machine is good for, which is said."""
    peak_per_s = math.inf if settings.saturating else settings.curve.peak_per_s
    here, cores = is_this_machine(_address(host)[1]), usable_cores()
    workers = workers_for(cores, peak_per_s, here)
    print(said(workers, cores, peak_per_s, here), file=sys.stderr)
    return workers


def _locust(
    args: argparse.Namespace, usage: Usage, host: str, processes: int, folder: Path
) -> tuple[list[str], dict[str, str]]:
    """Locust's command line and environment; the latter holds what nobody else on this machine is to read."""
    from bizra_load.io.redaction import without_userinfo
    from bizra_load.settings.arguments import ARGUMENTS, SWITCHES

    port = free_port()
    environment = {**os.environ, "BIZRA_LOAD_RUN_FOLDER": str(folder.resolve()), "LOCUST_HOST": host}
    command = [
        *(sys.executable, "-m", "locust", "-f", str(usage.locustfile), "--headless", "--only-summary"),
        *("--processes", str(processes), "--expect-workers-max-wait", "60", "--loglevel", args.loglevel),
        *("--master-bind-host", "127.0.0.1", "--master-bind-port", str(port), "--master-port", str(port)),
        *("--json-file", str(folder / "locust-stats")),
    ]
    if without_userinfo(host) == host:
        command += ["-H", host]
    for flag, variable, *_ in ARGUMENTS:
        value = getattr(args, flag[2:].replace("-", "_"))
        if value is not None and variable and without_userinfo(str(value)) != value and "://" in str(value):
            environment[variable] = str(value)  # a password: everyone on this machine can read a command line
        elif value is not None:
            command += [flag, str(value)]
    command += [word for given in args.evidence for word in ("--evidence", given)]
    if args.enable_rebalancing:
        command.append("--enable-rebalancing")
    if usage.stop_timeout_s is not None:
        command += ["--stop-timeout", str(usage.stop_timeout_s)]
    command += [flag for flag, _ in SWITCHES if getattr(args, flag[2:].replace("-", "_"))]
    return command, environment


def scenario(name: str) -> Path:
    """One of our own locustfiles."""
    return _SCENARIOS / name


def _supervise(command: list[str], environment: dict[str, str]) -> int:
    """Run Locust. SIGTERM and SIGINT end it in good order: both are passed on as SIGTERM, for a SIGINT may be for us alone
    (after Ctrl+C, which Locust gets too, it changes nothing). Returns its exit code, or the negative number of the signal that
    killed it.
    """
    adopt_orphans()  # workers whose master is killed become ours, so that we can wait for what they leave behind
    process = subprocess.Popen(command, env=environment, preexec_fn=die_with_parent)  # no shell, own module
    numbers = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # a shell started us in the background: Ctrl+C is for others
        numbers.append(signal.SIGINT)
    before = [signal.signal(number, lambda *_: process.terminate()) for number in numbers]
    try:
        return process.wait()
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _without_master(folder: Path, number: int) -> int:
    """The master was killed: wait for its workers, which stop by themselves, and judge what all of them left."""
    from bizra_load.archive.store import RECORD
    from bizra_load.judging.judge import assess_folder, print_summary

    # the reference node, if we started one, has a session of its own
    workers = [child for child in psutil.Process().children() if os.getpgid(child.pid) == os.getpgrp()]
    for worker in psutil.wait_procs(workers, timeout=WORKERS_END_WITHIN_S)[1]:
        worker.kill()
    name = signal.Signals(number).name
    if not (folder / RECORD).exists():
        raise InvalidRunError(f"ended by {name} before the load began: {folder}")
    print(f"bizra-load run: the master was killed ({name}); kept with what the workers left: {folder}", file=sys.stderr)
    assessment = assess_folder(folder)
    print_summary(assessment, folder, sys.stdout)
    return assessment.exit_code


def _stop_timeout(text: str) -> int:
    seconds = whole_in(text)
    if seconds is None or seconds > 3600:
        raise UsageError(f"--stop-timeout: {text!r} (allowed: whole seconds, 0 to 3600)")
    return seconds


def _processes(text: str) -> int:
    count = whole_in(text)
    if count is None or not 1 <= count <= 1000:
        raise UsageError(f"--processes: {text!r} (allowed: 1 to 1000)")
    return count


def _address(host: str) -> tuple[SplitResult, str, int]:
    """(parts, name, port) of a target. Raises UsageError."""
    from bizra_load.engine.client import request_head
    from bizra_load.settings import inputs

    try:
        if not inputs.url(host):
            raise ValueError("is empty (allowed: http://... or https://...)")
        parts = urlsplit(host)
        request_head("POST", parts.path or "/", {})
        return parts, *host_and_port(host)
    except ValueError as error:
        raise UsageError(f"-H/--host: {error}") from None


def _reachable(host: str) -> None:
    """Before anything is started: a target that refuses connections answers nothing else."""
    parts, name, port = _address(host)
    try:
        socket.create_connection((name, port), timeout=5).close()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidRunError(f"the target {parts.scheme}://{name}:{port} can't be reached: {reason}") from None


def _server_metrics(settings: object) -> None:
    from bizra_load.server_metrics.exposition import MetricsReader, ScrapeError
    from bizra_load.server_metrics.prometheus import PrometheusSource
    from bizra_load.settings.settings import Settings

    assert isinstance(settings, Settings)
    try:
        if settings.metrics_url:
            MetricsReader(settings.metrics_url).read()
        elif settings.prometheus_url:
            PrometheusSource(settings.prometheus_url, settings.prometheus_selector).check()
        else:
            print("No --metrics-url or --prometheus-url: server-side objectives can't be judged", file=sys.stderr)
    except ScrapeError as error:
        raise InvalidRunError(f"the server's metrics can't be read: {error}") from None
