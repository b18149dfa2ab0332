"""`bizra-load node`: the reference node."""

from __future__ import annotations

import argparse

FAULTS = """
Faults, on from the start with --fault, or set while it runs: a POST of {"NAME": "VALUE"} to /faults of the admin port.

  generate.latency=5ms       longer by this time, or by one drawn from lognormal(200us,0.5) (median, sigma),
                             exponential(1ms) (mean) or uniform(1ms,3ms); also verify.latency, finality.latency
  error_rate=3%              this share of all operations fails, with status 500; of one kind generate.error_rate=1%,
                             verify.error_rate=1%, finality.error_rate=1%
  wrong_signature_rate=0.1%  this share of attestations has a wrong signature
  stall=2s                   only metrics respond; the time runs from when it is set, with --fault from the
                             node's start, whether or not anybody asks
  metrics.down=true          /metrics responds with status 503
  metrics.latency=5s         /metrics responds so much later
  metrics.empty=true         /metrics lacks the node's own series
  memory=200MiB              holds so much memory
  cpu=80%                    uses this share of one core

Times are a number with ns, us, ms, s or m, up to 60m; shares 0% to 100%, or 0 to 1; sizes whole KiB, MiB or GiB, up to 1GiB.
0 in the unit of a fault, and false, switch it off.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser("node", description=__doc__, epilog=FAULTS, formatter_class=raw)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8080, help="service port, 0 for a free one (default: 8080)")
    parser.add_argument("--metrics-port", type=_port, default=9464, help="port of /metrics (default: 9464)")
    parser.add_argument("--admin-port", type=_port, default=0, help="port of /faults, on loopback only (default: free)")
    parser.add_argument("--no-admin", action="store_true", help="no admin interface")
    parser.add_argument("--seed", help="seed of the signing key and the faults (default: random)")
    parser.add_argument("--ready-file", metavar="PATH", help="written as JSON (url, metrics_url, admin_url, pid) when ready")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=VALUE", help="switch a fault on: see below")
    parser.set_defaults(command="node:run")


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"not a port: {text} (allowed: 0 to 65535)")
    return port
