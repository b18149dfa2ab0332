"""The run record: where, when, with what and how a run was made. Enough to make it again, and no secrets.

It is `run.json` without the facts (see facts.py). Older versions and other tools' results leave things out: these are None, and
are not written. What decides a verdict is checked when it is read; what an assessment only repeats counts as missing where it
has another type than ours.
"""

from __future__ import annotations

import dataclasses
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bizra_load.io.redaction import without_secrets, without_userinfo
from bizra_load.io.this_machine import cpu_model
from bizra_load.io.utc import utc_text
from bizra_load.settings.defaults import OBJECTIVE
from bizra_load.settings.settings import Settings
from sla.values.section import brief
from sla.values.shown_facts import ShownFacts

SCHEMA = "bizra-load/run/1"
_PACKAGES = ("bizra-load", "locust", "gevent", "numpy", "scipy", "orjson")


@dataclass(frozen=True)
class Host:
    """The machine that ran the master. `usable_cores`: as a baseline counts them (bizra_load.node.baseline)."""

    name: str | None = None
    cpu: str | None = None
    cores: int | None = None
    usable_cores: int | None = None
    kernel: str | None = None
    machine: str | None = None

    @classmethod
    def this(cls) -> Host:
        """This machine."""
        cores, usable = os.cpu_count(), len(os.sched_getaffinity(0))
        return cls(platform.node(), cpu_model(), cores, usable, platform.release(), platform.machine())

    @classmethod
    def from_json(cls, values: object) -> Host | None:
        """None where `values` is no object of JSON."""
        if not isinstance(values, dict):
            return None
        return cls(
            **_of_type(values, str, "name", "cpu", "kernel", "machine"), **_of_type(values, int, "cores", "usable_cores")
        )

    def as_json(self) -> dict[str, object]:
        """Values of JSON; what is not known is left out."""
        return _known(dataclasses.asdict(self))


@dataclass(frozen=True)
class AgreementName:
    """How the user named the agreement that the run folder holds a copy of, and the SHA-256 of its text. `--objective`: it is
    one of such objectives alone.
    """

    name: str
    sha256: str


@dataclass(frozen=True)
class TakenIn:
    """A spool file that was named with --spool: its name in the run folder, the SHA-256 of its bytes, when (ISO 8601, UTC), and
    whether its signature is that of the worker.
    """

    file: str
    sha256: str
    at: str
    signed: bool


@dataclass(frozen=True)
class RunRecord:
    """One run, as `run.json` describes it.

    name, started      the run's name; its start, as ISO 8601 in UTC
    folder             name of the folder that it was stored in
    command            the command line, without secrets
    target             URL under load, without user information; "" where none was given
    agreement          None: the run was not made to be judged, only its figures are shown
    versions           of Python and of the packages that a measurement depends on; `engine`: compiled or not (engine.core)
    environment        environment of the agreement whose deviations are accepted; "" is its default
    baseline           name of the baseline file that replaces the agreement's own; "" is none
    foreign_users      no user is one of ours, so that `insecure` is not about the target; None: some are, or it is not known
    allow              checks of the run that may fail with a warning
    fold_names         how names of requests that differ in ids alone were folded (settings.name_folding)
    arrivals           how arrivals are spaced (engine.arrivals), or a closed model
    ops_per_user       rate of one user, operations per second
    server_metrics     URL that the server's metrics come from, without user information
    rehearsal          the target is the reference node, started for this run; None: it is not, or it is not known
    imported           kind of file that another tool left; None: this tool made the load
    notes              shown with every assessment
    sealed             the master wrote everything, and checksums of it
    spool_keys         by worker: the public key of what it leaves in a spool file; None in runs of before there were any
    taken_in           spool files that somebody added after the run, by --spool
    truncated          not in the file: names of files whose last line was found to be cut short
    left_out           not in the file: spool files in the folder that are not of this run's workers, and why
    """

    name: str | None = None
    started: str | None = None
    folder: str | None = None
    command: tuple[str, ...] | None = None
    target: str | None = None
    agreement: AgreementName | None = None
    versions: Mapping[str, str] | None = None
    host: Host | None = None
    environment: str | None = None
    baseline: str | None = None
    fail_on_warn: bool | None = None
    insecure: bool | None = None
    foreign_users: bool | None = None
    allow: tuple[str, ...] | None = None
    fold_names: str | None = None
    arrivals: str | None = None
    ops_per_user: float | None = None
    server_metrics: str | None = None
    rehearsal: bool | None = None
    imported: str | None = None
    notes: tuple[str, ...] | None = None
    sealed: bool | None = None
    spool_keys: Mapping[str, str] | None = None
    taken_in: tuple[TakenIn, ...] | None = None
    truncated: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Values of JSON, in the order of the file; what is not known is left out."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in _NOT_STORED}
        values["taken_in"] = [dataclasses.asdict(t) for t in self.taken_in] if self.taken_in else None
        values["agreement"] = dataclasses.asdict(self.agreement) if self.agreement else {}
        values["host"] = self.host.as_json() if self.host else None
        return {"schema": SCHEMA, **_known(values)}

    def repeated(self) -> ShownFacts:
        """What an assessment repeats of it."""
        return ShownFacts(
            name=self.name,
            started=self.started,
            folder=self.folder,
            target=self.target,
            command=self.command,
            versions=self.versions,
            host=self.host.as_json() if self.host else None,
            arrivals=self.arrivals,
            rehearsal=self.rehearsal,
        )


_NOT_STORED = ("truncated", "left_out")


def of_load(
    settings: Settings,
    started: datetime,
    target: str,
    agreement_sha256: str,
    rehearsal: bool = False,
    scheduled: bool = True,
    ours: bool = True,
) -> RunRecord:
    """The record of a load that this process is about to make. `target` may hold user information: it is taken out. One that is
    not `scheduled` has no arrivals of ours; one that is not `ours` has no users of ours.
    """
    from bizra_load.engine.core import KIND  # brings gevent, which whoever only reads records does without

    agreement = AgreementName(settings.agreement or OBJECTIVE, agreement_sha256) if agreement_sha256 else None
    record = _of_this_process(settings.run_name, started, target, agreement)
    return dataclasses.replace(
        record,
        versions={**(record.versions or {}), "engine": KIND},
        environment=settings.environment or "",
        baseline=Path(settings.baseline).name,
        fail_on_warn=settings.fail_on_warn,
        insecure=settings.insecure,
        foreign_users=None if ours else True,
        allow=settings.allow,
        fold_names=settings.fold_names.kind,
        arrivals=settings.arrivals if scheduled else None,
        ops_per_user=settings.ops_per_user if scheduled else None,
        server_metrics=without_userinfo(settings.metrics_url or settings.prometheus_url),
        rehearsal=rehearsal or None,
    )


def of_import(name: str, started: datetime, agreement: AgreementName | None, kind: str, note: str) -> RunRecord:
    """The record of another tool's results; `kind` says of which file."""
    return dataclasses.replace(_of_this_process(name, started, "", agreement), imported=kind, notes=(f"{kind}: {note}",))


def _of_this_process(name: str, started: datetime, target: str, agreement: AgreementName | None) -> RunRecord:
    from importlib.metadata import version  # a load's own process has it; all others would wait for it

    return RunRecord(
        name=name,
        started=utc_text(started),
        command=tuple(without_secrets([Path(sys.argv[0]).name, *sys.argv[1:]])),
        target=without_userinfo(target),
        agreement=agreement,
        versions={"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}},
        host=Host.this(),
    )


def from_json(document: Any) -> RunRecord:
    """The record in the JSON of a run.json. Raises ValueError, KeyError, TypeError or AttributeError with one line."""
    get = document.get
    for key, kind in (("environment", str), ("agreement", dict), ("allow", list), ("notes", list)):
        if get(key) is not None and not isinstance(get(key), kind):
            raise ValueError(f"{key}: {brief(get(key))} (allowed: {kind.__name__})")
    if not all(isinstance(name, str) for name in get("allow") or ()):
        raise ValueError("allow: must hold names")
    if document["schema"] != SCHEMA:
        raise ValueError(f"schema is {document['schema']!r} (allowed: {SCHEMA})")
    agreement, command, versions = get("agreement"), get("command"), get("versions")
    return RunRecord(
        **_of_type(
            document, str, "name", "started", "folder", "target", "fold_names", "arrivals", "server_metrics", "imported"
        ),
        **_of_type(document, (int, float), "ops_per_user"),
        command=tuple(command) if isinstance(command, list) and _all_text(command) else None,
        agreement=AgreementName(*(str(agreement.get(key, "")) for key in ("name", "sha256"))) if agreement else None,
        versions=versions if isinstance(versions, dict) and _all_text(versions.values()) else None,
        host=Host.from_json(get("host")),
        environment=get("environment"),
        baseline=str(get("baseline") or ""),
        fail_on_warn=bool(get("fail_on_warn")),
        insecure=bool(get("insecure")),
        foreign_users=True if get("foreign_users") is True else None,
        rehearsal=True if get("rehearsal") is True else None,
        allow=tuple(get("allow") or ()),
        notes=tuple(str(note) for note in get("notes") or ()),
        sealed=bool(get("sealed")),
        spool_keys=None if get("spool_keys") is None else {str(w): str(k) for w, k in get("spool_keys").items()},
        taken_in=tuple(
            TakenIn(str(t["file"]), str(t["sha256"]), str(t["at"]), t["signed"] is True) for t in get("taken_in") or ()
        ),
    )


def _of_type(values: dict[str, Any], kind: type | tuple[type, ...], *keys: str) -> dict[str, Any]:
    """Those of the keys whose values are of this type."""
    return {key: values[key] for key in keys if isinstance(values.get(key), kind)}


def _all_text(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _known(values: Mapping[str, Any]) -> dict[str, object]:
    return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items() if v is not None}
