"""--ca-file and --insecure of verbs that ask Grafana or Prometheus."""

from __future__ import annotations

import argparse
import os

from bizra_load.io.trust import Trust
from bizra_load.settings import inputs


def trust_of(args: argparse.Namespace) -> Trust:
    """Of --ca-file (or CA_FILE) and --insecure. Raises UsageError."""
    ca_file = "" if args.insecure else args.ca_file or os.environ.get("CA_FILE", "")
    return Trust(inputs.option("--ca-file", inputs.ca_file, ca_file), args.insecure)
