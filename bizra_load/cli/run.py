"""`bizra-load run`: put the load on and judge it. Without a target it starts the reference node and rehearses on it."""

from __future__ import annotations

import argparse

from bizra_load.io import github_step
from bizra_load.launch.load import put_load_on
from bizra_load.launch.locust_process import hand_over
from bizra_load.launch.request import load_request


def run(args: argparse.Namespace) -> int:
    request = load_request(vars(args), args.words)
    if request.makes_no_run:
        return hand_over(request)
    code, folder = put_load_on(request)
    if github_step.is_one():
        from bizra_load.judging import github_actions  # all others would wait a tenth of a second for it

        github_actions.publish_run(folder)
    return code
