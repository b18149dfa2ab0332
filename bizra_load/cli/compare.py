"""`bizra-load compare BASELINE CANDIDATE [BASELINE CANDIDATE ...]`: is the candidate better, worse or the same?

Sides alternate: the first, third, ... are baseline runs, the others candidate runs. Runs that were made in that order, one
after the other, are compared in pairs. The baseline may also be one .json file of earlier figures.
Exit code 0 IMPROVED or EQUIVALENT, 3 REGRESSED, 4 INCONCLUSIVE, 5 a run can't be trusted, 6 wrong usage.
"""

from __future__ import annotations

import argparse
from functools import partial

from bizra_load.cli.output import write_output
from bizra_load.exit_codes import INCONCLUSIVE, KEPT, NO_GO, UsageError
from bizra_load.judging.run_comparison import compare_runs, compare_with_file
from reports.results import comparison as report
from sla.judgement.comparison import MARGIN, Change
from sla.values.number import share_in

EXIT = {Change.REGRESSED: NO_GO, Change.INCONCLUSIVE: INCONCLUSIVE}


def run(args: argparse.Namespace) -> int:
    margin = _margin(args.margin)
    if len(args.sides) < 2 or len(args.sides) % 2:
        raise UsageError(f"{len(args.sides)} runs (allowed: pairs of BASELINE CANDIDATE)")
    if args.sides[0].suffix == ".json":
        if len(args.sides) != 2:
            raise UsageError("a baseline file is compared with one run")
        comparison = compare_with_file(args.sides[0], args.sides[1], margin)
    else:
        comparison = compare_runs(args.sides, margin)
    write_output(
        args,
        partial(report.render, comparison),
        {"json": partial(report.render_json, comparison), "md": partial(report.render_markdown, comparison)},
    )
    return EXIT.get(comparison.change, KEPT)


def _margin(text: str) -> float:
    value = share_in(text)
    if value is None or not 0 < value < 1:
        raise UsageError(f"--margin: {text!r} (allowed: 1 % to 99 %, for example {100 * MARGIN:.0f} %)")
    return value
