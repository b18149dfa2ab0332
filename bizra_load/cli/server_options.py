"""Options of verbs that ask Grafana or Prometheus: which Prometheus, and whom to trust (--ca-file, --insecure)."""

from __future__ import annotations

import argparse
import os

from bizra_load.exit_codes import UsageError
from bizra_load.io.trust import Trust
from bizra_load.settings import inputs


def trust_of(args: argparse.Namespace) -> Trust:
    """Whom --ca-file (or CA_FILE) and --insecure say to trust. Raises UsageError."""
    ca_file = "" if args.insecure else args.ca_file or os.environ.get("CA_FILE", "")
    return Trust(inputs.option("--ca-file", inputs.ca_file, ca_file), args.insecure)


def prometheus_url_of(args: argparse.Namespace) -> str:
    """The address that --prometheus-url (or PROMETHEUS_URL) gives. Raises UsageError."""
    url = inputs.option("--prometheus-url", inputs.base_url, args.prometheus_url or os.environ.get("PROMETHEUS_URL", ""))
    if not url:
        raise UsageError("--prometheus-url: is missing (allowed: http://... or https://..., or PROMETHEUS_URL)")
    return url
