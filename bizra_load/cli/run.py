"""`bizra-load run`: put the load on and judge it. Without a target it starts the reference node and rehearses on it."""

from __future__ import annotations

import argparse

from bizra_load.launch.load import put_load_on
from bizra_load.launch.locust_process import inform
from bizra_load.launch.request import load_request


def run(args: argparse.Namespace) -> int:
    request = load_request(vars(args), args.words)
    if request.surveyed is not None and request.surveyed.informs:
        return inform(request)
    return put_load_on(request)[0]
