"""`bizra-load baseline node`: what the reference node's operations take alone, on this machine and now.

Measured in process, without HTTP, one at a time after a pause, as they come under load; bizra_load/node/baseline.py says why.
The file of --out is what `--baseline` of `run`, `assess` and `metrics` takes.
"""

from __future__ import annotations

import argparse
import sys

from bizra_load.exit_codes import KEPT, UsageError
from bizra_load.io.files import write_atomically, writing
from bizra_load.io.terminal import coloured, terminal_width
from bizra_load.io.units import duration_s
from bizra_load.node.baseline import measure
from bizra_load.settings import inputs
from reports.results import baseline

SHORTEST_S, LONGEST_S = 0.5, 600.0


def run_node(args: argparse.Namespace) -> int:
    length_s = inputs.option("--duration", duration_s, args.duration)
    if not SHORTEST_S <= length_s <= LONGEST_S:
        raise UsageError(f"--duration: {args.duration!r} (allowed: 0.5s to 10m)")
    if args.out is not None:
        inputs.option("--out", inputs.out_file, str(args.out))
    seed = inputs.option("--load-seed", inputs.seed, args.load_seed)
    figures = measure(length_s, seed)
    if args.out is not None:
        with writing(f"--out: {args.out}", "a file"):
            write_atomically(args.out, figures.as_json())
    print(baseline.render(figures, terminal_width(sys.stdout), coloured(sys.stdout)))
    if args.out is not None:
        print(f"Written: {args.out}")
    return KEPT
