"""`bizra-load node`: the reference node."""

from __future__ import annotations

import argparse

from bizra_load.exit_codes import UsageError
from bizra_load.io.files import out_file
from bizra_load.node import server
from bizra_load.node.faults import FaultError, parse_assignments


def run(args: argparse.Namespace) -> int:
    if not args.host.strip():
        raise UsageError("--host: is empty (allowed: an address or a name, such as 127.0.0.1)")
    if args.ready_file is not None:
        try:
            out_file(args.ready_file).parent.mkdir(parents=True, exist_ok=True)
        except ValueError as error:
            raise UsageError(f"--ready-file: {error}") from None
        except OSError as error:
            raise UsageError(f"--ready-file: {args.ready_file}: {error.strerror}") from None
    try:
        faults = parse_assignments(args.fault)
    except FaultError as error:
        raise UsageError(f"--fault: {error}") from None
    return server.run(
        server.NodeOptions(
            host=args.host,
            port=args.port,
            metrics_port=args.metrics_port,
            admin_port=None if args.no_admin else args.admin_port,
            seed=args.seed,
            ready_file=args.ready_file,
            faults=faults,
        )
    )
