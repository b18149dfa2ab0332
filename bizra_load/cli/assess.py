"""`bizra-load assess RUN`: judge a saved run again, by its own agreement or another one.

`bizra-load assess --import FILE` does the same for the results of k6 (CSV), JMeter (CSV) and HdrHistogram logs (.hlog).
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from bizra_load.exit_codes import UsageError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("assess", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", type=Path, metavar="RUN", nargs="?", help="a run folder")
    what.add_argument("--import", dest="imported", type=Path, metavar="FILE", help="k6 CSV, JMeter CSV or .hlog")
    parser.add_argument("--agreement", help="another agreement: a packaged name or a YAML file")
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="JSON, or a packaged name (default: the kept one)")
    parser.add_argument(
        "--spool", type=Path, nargs="+", default=[], metavar="FILE", help="spool files of workers that lost their master; "
        "those on this machine are found without"
    )  # fmt: skip
    parser.add_argument("--allow", default="", metavar="NAMES", help="checks of the run that may fail with a warning")
    parser.add_argument("--hlog-unit", choices=("ns", "us", "ms"), default="ns", help="unit of an .hlog's values (default: ns)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write assessment.json and .md there (default: RUN); "
        "with --import the folder that a run folder is made in (default: runs)"
    )  # fmt: skip
    add_evidence_argument(parser)
    parser.set_defaults(run=run)


def add_evidence_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--evidence", action="append", default=[], metavar="NAME=PATH",
        help="evidence for what a load can't see, such as tests=junit.xml (docs/decision.md); repeatable",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    from bizra_load.archive import spool
    from bizra_load.judging.agreements import read_baseline
    from bizra_load.judging.judge import Override, add_evidence, assess_folder, print_summary
    from bizra_load.settings.settings import allowed_checks

    folder, out = args.folder, args.out
    try:
        allow = allowed_checks(args.allow)
    except ValueError as error:
        raise UsageError(f"--allow: {error}") from None
    baseline = read_baseline(args.baseline) if args.baseline else None
    if args.imported is not None and args.spool:
        raise UsageError("--spool: belongs to a run folder")
    if args.imported is not None:
        folder, out = _imported(args.imported, args.hlog_unit, args.agreement, args.out or Path("runs"), args.evidence), None
    elif args.hlog_unit != "ns":
        raise UsageError("--hlog-unit: belongs to --import")
    elif (folder / "run.json").exists():
        spool.take_in(folder, args.spool + spool.left_behind(folder))
    add_evidence(folder, args.evidence)
    assessment = assess_folder(folder, Override(args.agreement, baseline, allow), out)
    print_summary(assessment, folder, sys.stdout)
    return assessment.exit_code


def _imported(path: Path, unit: str, agreement: str | None, out: Path, given: list[str]) -> Path:
    """The run folder that was made of another tool's results. Raises UsageError before anything is written."""
    from bizra_load.archive import imports
    from bizra_load.archive.run_record import AgreementName, of_import
    from bizra_load.archive.store import RunWriter, new_folder
    from bizra_load.judging.agreements import keep_agreement, read_agreement
    from bizra_load.judging.evidence import read_files

    read = read_agreement(agreement) if agreement else None
    read_files(given, read.agreement.evidence if read else ())
    measurements, kind = imports.read_import(path, unit)
    started = datetime.fromtimestamp(measurements.facts.load_started_ns / 1e9, UTC)
    named = AgreementName(agreement or "", read.sha256) if read else None
    record = of_import(path.stem, started, named, kind, imports.NOTE)
    folder = new_folder(out, f"import-{path.stem}", datetime.now(UTC))
    if read:
        keep_agreement(folder, read)
    writer = RunWriter(folder)
    writer.windows(measurements.windows)
    writer.close()
    writer.seal(record, measurements.facts)
    return folder
