"""`bizra-load run`: put the load on and judge it. Without a target it starts the reference node and rehearses on it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from bizra_load.archive.names import ASSESSMENT
from bizra_load.cli.output import shown_as_asked
from bizra_load.exit_codes import KEPT, UsageError
from bizra_load.io import github_step
from bizra_load.io.terminal import NARROW, terminal_width
from bizra_load.launch.load import put_load_on, serve_web_ui
from bizra_load.launch.locust_process import hand_over
from bizra_load.launch.plan import planned
from bizra_load.launch.request import load_request


def run(args: argparse.Namespace) -> int:
    if args.dry_run and args.json is not None:
        raise UsageError("--json: not with --dry-run, which judges nothing")
    with shown_as_asked(args) as put_json:
        return _run(args, put_json)


def _run(args: argparse.Namespace, put_json: Callable[[str], None]) -> int:
    request = load_request(vars(args), args.words)
    if args.dry_run:
        print(planned(request, terminal_width(sys.stdout, NARROW)))
        return KEPT
    if request.makes_no_run:
        return hand_over(request)
    if request.web_ui:
        if args.json is not None:
            raise UsageError(
                "--json: not with a web UI, where there is a verdict for each run (allowed: report latest --format json)"
            )
        return serve_web_ui(request)
    code, folder = put_load_on(request)
    if args.json is not None and (folder / ASSESSMENT).exists():
        put_json((folder / ASSESSMENT).read_text(encoding="utf-8"))
    if github_step.is_one():
        from bizra_load.judging import github_actions  # all others would wait a tenth of a second for it

        github_actions.publish_run(folder)
    return code
