"""`bizra-load agreement check`, `show` and `schema`."""

from __future__ import annotations

import argparse
import json
import sys

from bizra_load.cli.output import put
from bizra_load.exit_codes import KEPT, UsageError
from bizra_load.io.terminal import terminal_width
from bizra_load.judging.agreements import AgreementFile, read_agreement
from reports.results import promises
from sla.values.agreement_schema import agreement_schema
from sla.values.assessment import Severity


def run_check(args: argparse.Namespace) -> int:
    agreement = _read(args).agreement
    count, critical = len(agreement.objectives), sum(o.severity is Severity.CRITICAL for o in agreement.objectives)
    print(f"{args.agreement}: an agreement with {count} objective{'s' if count > 1 else ''}, {critical} of them critical")
    return KEPT


def run_show(args: argparse.Namespace) -> int:
    file = _read(args)
    print(promises.render(file.judged, file.baseline.name if file.baseline else "", terminal_width(sys.stdout)))
    return KEPT


def _read(args: argparse.Namespace) -> AgreementFile:
    """Raises UsageError."""
    try:
        return read_agreement(args.agreement, args.baseline)
    except UsageError as error:  # its name is no option here
        raise UsageError(str(error).removeprefix("--agreement: ")) from None


def run_schema(args: argparse.Namespace) -> int:
    put(args, json.dumps(agreement_schema(), indent=2) + "\n")
    return KEPT
