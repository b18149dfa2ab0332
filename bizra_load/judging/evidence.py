"""Evidence from files: --evidence NAME=PATH -> checked values, and a copy in the run folder that later judgements read.

evidence/evidence.json   the list of files: name, the copy's file, the original file's name and time, sha256
evidence/<name><suffix>  the copies
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bizra_load.exit_codes import UsageError
from bizra_load.io import yaml_text
from bizra_load.io.files import read_bytes, read_text, write_together, writing
from bizra_load.io.utc import utc_text
from bizra_load.judging.agreements import AgreementFile
from bizra_load.judging.junit import read_junit
from bizra_load.judging.made import made_monitoring
from sla.release import deployment
from sla.release.checklist import FREE, RULES
from sla.release.dashboard_evidence import of_dashboard
from sla.release.drill_evidence import of_alert_drill
from sla.release.evidence import of_document, of_file, of_tests
from sla.release.evidence_age import Clocks, Made, dated, made_at, made_in
from sla.release.evidence_fields import EvidenceError
from sla.release.rules_evidence import of_rules_check
from sla.values.assessment import Evidence, Status
from sla.values.from_json import loads
from sla.values.section import unknown

FOLDER, INDEX = "evidence", "evidence.json"
SCHEMA = "bizra-load/evidence/1"
MAX_BYTES = 20_000_000
ALIASES = {"tests": "node_tests"}
_NOTES = (".md", ".markdown")
_TYPED = {key: alias for alias, key in ALIASES.items()}
READ = ("node_tests", "alerts", "monitoring", "deployment", RULES)


@dataclass(frozen=True)
class EvidenceFile:
    """One file of evidence; `file` is its name within the run folder's evidence folder, `modified` its time (UTC)."""

    name: str
    file: str
    original: str
    modified: str
    sha256: str
    data: bytes


def typed(name: str) -> str:
    """A name of evidence as users type it."""
    return _TYPED.get(name, name)


def named_files(words: Iterable[str]) -> set[Path]:
    """The files of NAME=PATH words, as resolved paths, whether or not they are there."""
    return {Path(word.partition("=")[2]).resolve() for word in words}


def read_files(words: Iterable[str], by: AgreementFile) -> list[EvidenceFile]:
    """The files of NAME=PATH words, read and checked by an agreement's gates and its product. Raises UsageError: one line."""
    files: dict[str, EvidenceFile] = {}
    for word in words:
        name, equals, path = word.partition("=")
        name = ALIASES.get(name.strip(), name.strip())
        if not equals or not path or not name:
            raise UsageError(f"--evidence: {word!r} is not NAME=PATH (allowed: for example tests=junit.xml)")
        allowed = {*READ, *FREE, *by.agreement.evidence}
        if name not in allowed:
            raise UsageError(f"--evidence: {unknown(name, map(typed, allowed))}")
        if name in files:
            raise UsageError(f"--evidence: {typed(name)} is given twice (allowed: one file for each name)")
        files[name] = _read(name, Path(path))
    for file in files.values():
        _values(file, f"--evidence {typed(file.name)}={file.original}", by)
    return list(files.values())


def keep_files(folder: Path, files: Sequence[EvidenceFile]) -> None:
    """Copy files into the run folder, in place of those of the same name, beside others. Raises UsageError."""
    if not files:
        return
    before = {file.name: file for file in _kept(folder)}
    place = folder / FOLDER
    every = before | {file.name: file for file in files}
    rows = [{f.name: getattr(every[name], f.name) for f in _INDEXED} for name in sorted(every)]
    contents: dict[Path, str | bytes] = {place / file.file: file.data for file in files}
    with writing(place):
        write_together(contents | {place / INDEX: json.dumps({"schema": SCHEMA, "given": rows}, indent=2) + "\n"})
        for file in files:
            if file.name in before and before[file.name].file != file.file:
                (place / before[file.name].file).unlink(missing_ok=True)


def read_kept_files(folder: Path, by: AgreementFile, began: str = "") -> dict[str, Evidence]:
    """What the copies in a run folder prove, by key, of a run that began then (ISO 8601); {} where there are none. A copy that
    was changed raises UsageError.
    """
    proofs: dict[str, Evidence] = {}
    deployed: dict[str, Evidence] = {}
    for file in _kept(folder):
        for e in _values(file, str(folder / FOLDER / file.file), by, began):
            placed = dataclasses.replace(
                e, source=f"{FOLDER}/{file.file}", sha256=file.sha256, modified=file.modified
            )  # fmt: skip
            if file.name == RULES:
                deployed[e.key] = placed
            else:
                proofs[e.key] = _stronger(proofs.get(e.key), placed)
    return proofs | {key: _weaker(proofs.get(key), e) for key, e in deployed.items()}


def is_of_rules(e: Evidence) -> bool:
    """Was it a check of loaded rules that proved it, which a validation makes by itself?"""
    return Path(e.source).stem == RULES


_INDEXED = [f for f in dataclasses.fields(EvidenceFile) if f.name != "data"]


def _stronger(one: Evidence | None, other: Evidence) -> Evidence:
    """Two files on one item: a failure stands, and a proof beats an open question."""
    order = (Status.FAIL, Status.PASS, Status.INCONCLUSIVE)
    return other if one is None or order.index(other.status) < order.index(one.status) else one


def _weaker(elsewhere: Evidence | None, deployed: Evidence) -> Evidence:
    """What was shown elsewhere, and what is deployed: both must hold."""
    order = (Status.FAIL, Status.INCONCLUSIVE, Status.PASS)
    if elsewhere is None or order.index(elsewhere.status) >= order.index(deployed.status):
        return deployed
    return dataclasses.replace(elsewhere, facts={**elsewhere.facts, **deployed.facts})


def _kept(folder: Path) -> list[EvidenceFile]:
    path = folder / FOLDER / INDEX
    if path.parent.is_symlink():
        raise UsageError(f"{path.parent}: is a link (allowed: the folder that was made; give the evidence again)")
    try:
        text = read_text(path, follow=False)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    files = []
    try:
        document = loads(text)
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema is another (allowed: {SCHEMA})")
        rows = [{f.name: str(row[f.name]) for f in _INDEXED} for row in document["given"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{path}: not a list of evidence: {type(error).__name__}: {error}") from None
    for row in rows:
        if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9]+)?", row["file"]):
            raise UsageError(f"{path}: file: {row['file']!r} leads out of the folder")
        copy = folder / FOLDER / row["file"]
        try:
            data = read_bytes(copy, MAX_BYTES, follow=False)
        except OSError as error:
            raise UsageError(f"{copy}: {error.strerror} (allowed: the copy that was made; give the evidence again)") from None
        if hashlib.sha256(data).hexdigest() != row["sha256"]:
            raise UsageError(f"{copy}: was changed since it was given (allowed: the copy as it was; give the evidence again)")
        files.append(EvidenceFile(**row, data=data))
    return files


def _read(name: str, path: Path) -> EvidenceFile:
    where = f"--evidence {typed(name)}={path}"
    try:
        if not path.is_file():
            raise UsageError(f"{where}: {'is no file' if path.exists() else 'no such file'}")
        size, modified_s = path.stat().st_size, path.stat().st_mtime
        if size > MAX_BYTES:
            raise UsageError(f"{where}: {size:,} bytes (allowed: at most {MAX_BYTES:,})")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"{where}: {getattr(error, 'strerror', None) or error}") from None
    if not data:
        raise UsageError(f"{where}: is empty")
    suffix = path.suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", path.suffix) else ""
    modified = utc_text(datetime.fromtimestamp(modified_s, UTC))
    return EvidenceFile(name, f"{_plain(name)}{suffix}", path.name, modified, hashlib.sha256(data).hexdigest(), data)


def _plain(name: str) -> str:
    """A file's name of a gate's key, which may hold anything."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:60]


def _values(file: EvidenceFile, where: str, by: AgreementFile, began: str = "") -> tuple[Evidence, ...]:
    """What a file proves of a run that began then; of one that begins now without it."""
    try:
        proofs, made = _proofs(file, by)
        if file.name == "deployment" or file.name in FREE:
            return proofs  # the state of a service, and documents, are as old as they are: the file's time is shown
        now = datetime.now(UTC)
        run = made_in(began)
        return dated(proofs, made, Clocks(now, min(run.at, now) if run else now, by.agreement.evidence_age_s))
    except RecursionError:
        raise UsageError(f"{where}: is nested too deeply") from None
    except ValueError as error:  # EvidenceError is one; others are of integers with more digits than Python writes
        raise UsageError(f"{where}: {' '.join(str(error).split())[:300]}") from None


def _proofs(file: EvidenceFile, by: AgreementFile) -> tuple[tuple[Evidence, ...], Made | None]:
    """(what it proves, when it was made): by its own words, or by the file's time where its form does not have to say."""
    agreement, suffix, of_file_s = by.agreement, Path(file.file).suffix.lower(), made_in(file.modified, "file of")
    if file.name == "node_tests" or (suffix == ".xml" and file.name not in (*READ, *FREE)):
        counts = read_junit(file.data)
        return of_tests(file.name, counts), counts.made or (None if counts.made_unread else of_file_s)
    if file.name == "deployment":
        if suffix in (".yaml", ".yml", ".json"):
            return deployment.of_manifests(_yaml(file.data)), None
        return deployment.of_text(_text(file.data), suffix in _NOTES), None
    if file.name in FREE:
        return of_file(file.name), None
    document, made = _json(file.data), made_monitoring(by)
    if file.name == "alerts":
        proofs = of_alert_drill(document, agreement.monitoring, made, by.sha256)
    elif file.name == RULES:
        proofs = of_rules_check(document, made, by.sha256)
    elif file.name == "monitoring":
        proofs = of_dashboard(document, agreement.monitoring, made, agreement.process.scrape_s, by.sha256)
    else:  # a gate that only the agreement knows
        return of_document(file.name, document), made_at(document) or of_file_s
    return proofs, made_at(document)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise EvidenceError("not UTF-8 text") from None


def _json(data: bytes) -> Any:
    def refused(word: str) -> float:
        raise EvidenceError(f"not JSON: {word} is no number")

    try:
        return loads(_text(data), parse_constant=refused)
    except json.JSONDecodeError as error:
        raise EvidenceError(f"not JSON: {error}") from None


def _yaml(data: bytes) -> list[Any]:
    """All documents of a YAML file (JSON is YAML)."""
    try:
        return yaml_text.load_all(_text(data))
    except (ValueError, OverflowError) as error:
        raise EvidenceError(str(error)) from None
