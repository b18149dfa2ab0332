"""`bizra-load init`: a source -> a draft -> a file that was not there. Another source is one function that makes a Draft."""

from __future__ import annotations

import argparse
import os
from contextlib import nullcontext

from bizra_load.cli.output import put
from bizra_load.exit_codes import KEPT, UsageError
from bizra_load.io.streams import to_standard_error
from bizra_load.io.this_program import copyable
from bizra_load.judging.draft import Draft
from bizra_load.judging.draft_of_locustfile import draft_of_locustfile
from bizra_load.judging.draft_of_openapi import draft_of_openapi
from bizra_load.judging.draft_of_run import draft_of_run
from bizra_load.settings import inputs


def run(args: argparse.Namespace) -> int:
    path = None if args.output is None else inputs.option("-o", inputs.out_file, str(args.output))
    if path is not None and os.path.lexists(path) and not args.force:
        raise UsageError(f"-o: {path}: is there already (allowed: another name, or --force)")
    draft, next_step, missed = _draft(args)
    put(args, draft.text)
    count = len(draft.words)
    with to_standard_error() if path is None else nullcontext():
        print(f"{path or 'Standard output'}: {count} objective{'s' if count > 1 else ''}")
        for line in draft.left_out:
            print(f"Left out: {line}")
        if missed:
            print(f"The run is no GO by it: {missed}")
        print(f"Next: put in what you promise, then {copyable(next_step)} --agreement {path or 'FILE'}")
    return KEPT


def _draft(args: argparse.Namespace) -> tuple[Draft, str, str]:
    """(the draft, the command that judges by its file, why what it was made of does not keep it). Raises UsageError."""
    if args.openapi is not None:
        return draft_of_openapi(args.openapi), "bizra-load run -H URL -f LOCUSTFILE --target-ops RATE", ""
    if args.locustfile is not None:
        return (
            draft_of_locustfile(args.locustfile),
            f"bizra-load run -H URL -f {args.locustfile} --target-ops RATE",
            "",
        )
    draft, missed = draft_of_run(args.folder)
    return draft, f"bizra-load assess {args.folder}", missed
