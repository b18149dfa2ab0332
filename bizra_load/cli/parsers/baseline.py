"""`bizra-load baseline node`: what the reference node's operations take alone, on this machine and now.

Measured in process, without HTTP, one at a time after a pause, as they come under load; bizra_load/node/baseline.py says why.
The file of --out is what `--baseline` of `run`, `assess` and `metrics` takes.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("baseline", description=__doc__)
    verbs = parser.add_subparsers(dest="baseline_verb", required=True, metavar="VERB")
    node = verbs.add_parser("node", help="of the reference node, for agreements on poi")
    node.add_argument("--duration", default="3s", metavar="TIME", help="0.5s to 10m (default: 3s)")
    node.add_argument("--out", type=Path, metavar="FILE", help="write the figures there as JSON")
    node.add_argument("--load-seed", default="0", metavar="N", help="seed of the key and the resamples (default: 0)")
    node.set_defaults(command="baseline:run_node")
