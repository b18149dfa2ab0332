"""`bizra-load baseline node`: what the reference node's operations take alone, on this machine and now.

Measured in process, without HTTP, one at a time after a pause, as they come under load; bizra_load/node/baseline.py says why.
The file of --out is what `--baseline` of `run`, `assess` and `metrics` takes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bizra_load.exit_codes import KEPT, UsageError

SHORTEST_S, LONGEST_S = 0.5, 600.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("baseline", help="what operations take alone, on this machine", description=__doc__)
    verbs = parser.add_subparsers(dest="baseline_verb", required=True, metavar="VERB")
    node = verbs.add_parser("node", help="of the reference node: generate, verify, finality")
    node.add_argument("--duration", default="3s", metavar="TIME", help="0.5s to 10m (default: 3s)")
    node.add_argument("--out", type=Path, metavar="FILE", help="write the figures there as JSON")
    node.add_argument("--load-seed", default="0", metavar="N", help="seed of the key and the resamples (default: 0)")
    node.set_defaults(run=run_node)


def run_node(args: argparse.Namespace) -> int:
    from bizra_load.engine.stages import duration_s
    from bizra_load.io.files import write_atomically
    from bizra_load.io.terminal import terminal_width
    from bizra_load.node.baseline import measure
    from bizra_load.settings import inputs
    from reports.results import baseline

    length_s = inputs.option("--duration", duration_s, args.duration)
    if not SHORTEST_S <= length_s <= LONGEST_S:
        raise UsageError(f"--duration: {args.duration!r} (allowed: 0.5s to 10m)")
    if args.out is not None:
        inputs.option("--out", inputs.out_file, str(args.out))
    seed = inputs.option("--load-seed", inputs.seed, args.load_seed)
    found = measure(length_s, seed)
    if args.out is not None:
        try:
            write_atomically(args.out, found.as_json())
        except OSError as error:
            raise UsageError(f"--out: {args.out}: {error.strerror} (allowed: a file that can be written)") from None
    print(baseline.render(found, terminal_width(sys.stdout), sys.stdout.isatty()))
    if args.out is not None:
        print(f"Written: {args.out}")
    return KEPT
