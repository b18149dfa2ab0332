"""How a run begins on the master: agreement, run folder, record, clock, and whatever takes its windows in."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from locust.env import Environment

from bizra_load.archive import run_record
from bizra_load.archive.store import RunWriter, new_folder
from bizra_load.io.terminal import tell
from bizra_load.judging.agreements import keep_agreement, read_agreement
from bizra_load.judging.beforehand import unplanned
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.products import product_of
from bizra_load.runtime.consumers import Consumer, Consumers
from bizra_load.runtime.master_run import MasterRun
from bizra_load.runtime.run_times import RunTimes
from bizra_load.runtime.server_scrapes import ServerMetrics
from bizra_load.runtime.storage import RunStorage
from bizra_load.runtime.users import OpenModelUser, operation_shares
from bizra_load.settings.defaults import REHEARSAL_VARIABLE, RUN_FOLDER_VARIABLE
from bizra_load.settings.remedies import WORDS
from bizra_load.settings.settings import Settings
from sla.judgement.preflight import judged_quantiles, too_short
from sla.values.baseline import is_measured
from sla.values.remedies import Remedy


def start_run(
    settings: Settings, environment: Environment, open_model: bool, key: ClusterKey, consumers: Sequence[Consumer]
) -> MasterRun:
    """Make the run folder and begin to take in reports. Raises BizraLoadError or OSError where that is impossible."""
    clock = SteadyClock()
    now = datetime.fromtimestamp(clock.unix_ns() / 1e9, UTC)
    agreement = read_agreement(settings.agreement, settings.baseline, settings.objectives)
    if not settings.run_name:
        settings = dataclasses.replace(settings, run_name=product_of(agreement.agreement).name)
    fixed = os.environ.get(RUN_FOLDER_VARIABLE)
    folder = Path(fixed) if fixed else new_folder(settings.out, settings.run_name, now)
    storage = RunStorage(RunWriter(folder))
    target = environment.host or ", ".join(dict.fromkeys(user.host for user in environment.user_classes if user.host))
    # under a web UI the target may be another one by now than the node that was started for it
    rehearsal = bool(os.environ.get(REHEARSAL_VARIABLE)) and (bool(fixed) or target == os.environ.get("LOCUST_HOST"))
    ours = any(issubclass(user, OpenModelUser) for user in environment.user_classes)
    sha256 = agreement.sha256 if agreement.text else ""
    record = run_record.of_load(settings, now, target, sha256, rehearsal, open_model, ours)
    keep_agreement(folder, agreement)
    if not fixed and is_measured(agreement.agreement) and agreement.baseline is None:
        text = "Before the load: no baseline, so objectives relative to one stay open"
        tell(f"{text}: {WORDS[Remedy.MEASURE_BASELINE]}")
    curve = settings.curve if open_model and not settings.saturating else None
    times = RunTimes(clock, curve, settings.curve.duration_s, ends_by_plan=open_model, given_s=_given_s(environment))
    if not curve and (finding := unplanned(agreement.agreement, settings.saturating)):
        tell(f"Before the load: {finding}")
    shares = operation_shares(environment.user_classes, settings, agreement.agreement.operations)
    for short in too_short(times.plan, shares, judged_quantiles(agreement.agreement)):
        tell(f"Before the load: {short}")
    server = ServerMetrics(settings, clock, environment.host or "", agreement.agreement.server_metrics)
    name = agreement.agreement.name
    run = MasterRun(settings, environment, folder, name, record, times, storage, server, key, Consumers(consumers))
    run.start()
    return run


def _given_s(environment: Environment) -> float | None:
    """How long Locust's own options let the load last; None where a shape of the locustfile's ends it, or nothing does."""
    given = getattr(environment.parsed_options, "run_time", None)
    return float(given) if given and environment.shape_class is None else None
