"""`bizra-load assess RUN`: judge a saved run again, by its own agreement or another one.

`bizra-load assess --import FILE` does the same for the results of k6 (CSV), JMeter (CSV) and HdrHistogram logs (.hlog).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bizra_load.archive.names import RECORD
from bizra_load.archive.run_record import AgreementName, of_import
from bizra_load.archive.store import RunWriter, add_spools, new_folder
from bizra_load.cli.output import shown_as_asked
from bizra_load.exit_codes import UsageError
from bizra_load.imports.read import read_import
from bizra_load.io.files import writing
from bizra_load.io.terminal import tell
from bizra_load.judging.agreements import figures_only, keep_agreement, read_agreement, read_baseline
from bizra_load.judging.evidence import read_files
from bizra_load.judging.github_actions import publish
from bizra_load.judging.judge import Override, add_evidence, assess_folder, print_summary, replaced, verdict_there
from bizra_load.settings import inputs
from bizra_load.settings.defaults import DEFAULT_OUT, OBJECTIVE
from reports.formats import json_report


def run(args: argparse.Namespace) -> int:
    with shown_as_asked(args) as put_json:
        return _assess(args, put_json)


def _assess(args: argparse.Namespace, put_json: Callable[[str], None]) -> int:
    folder, out = args.folder, args.out
    allow = inputs.option("--allow", inputs.allowed_checks, args.allow)
    baseline = read_baseline(args.baseline) if args.baseline else None
    if args.imported is not None and args.spool:
        raise UsageError("--spool: belongs to a run folder")
    if args.imported is not None:
        place = args.out or Path(DEFAULT_OUT)
        folder, out = _imported(args, place), None
    elif args.hlog_unit != "ns":
        raise UsageError("--hlog-unit: belongs to --import")
    elif os.path.exists(folder / RECORD):  # False, too, where the folder may not be entered: reading it says so
        add_spools(folder, args.spool)
    add_evidence(folder, args.evidence)
    before = verdict_there(out or folder)
    assessment = assess_folder(folder, Override(args.agreement, baseline, allow, tuple(args.objective)), out)
    print_summary(assessment, folder, sys.stdout)
    if line := replaced(before, assessment):
        tell(line)
    put_json(json_report.render(assessment))
    publish(assessment)
    return assessment.exit_code


def _imported(args: argparse.Namespace, out: Path) -> Path:
    """The run folder that was made of another tool's results. Raises UsageError before anything is written."""
    path, agreement = args.imported, args.agreement or ""
    read = read_agreement(agreement, objectives=args.objective) if agreement or args.objective else None
    read_files(args.evidence, read or figures_only())
    imported = read_import(path, args.hlog_unit)
    measurements = imported.measurements
    started = datetime.fromtimestamp(measurements.facts.load_started_ns / 1e9, UTC)
    named = AgreementName(agreement or OBJECTIVE, read.sha256) if read else None
    record = of_import(path.stem, started, named, imported.kind, imported.note)
    with writing(f"--out: {out}"):
        folder = new_folder(out, f"import-{path.stem}", datetime.now(UTC))
        try:
            if read:
                keep_agreement(folder, read)
            writer = RunWriter(folder)
            writer.windows(measurements.windows)
            writer.failures(measurements.failures)
            writer.close()
            writer.seal(record, measurements.facts)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)  # nobody could judge a part of it
            raise
    return folder
