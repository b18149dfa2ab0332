"""The addresses that a process was started with: its secrets are for them alone, whatever is posted in a web form later."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from bizra_load.exit_codes import UsageError
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.trust import same_origin
from bizra_load.server_metrics.prometheus_api import TOKEN as PROMETHEUS_TOKEN
from bizra_load.settings.inputs import METRICS_TOKEN
from bizra_load.settings.settings import Settings


@dataclass(frozen=True)
class StartAddresses:
    """Addresses of the start: `targets` of -H, or of the user classes without it; "" for what was not given."""

    targets: tuple[str, ...]
    metrics_url: str
    prometheus_url: str

    def check(self, targets: Sequence[str], settings: Settings) -> None:
        """Raises UsageError where a run with these targets and settings would send a secret to an address that it was not
        given for.
        """
        if settings.headers:
            for target in targets:
                _check("-H/--host", "the secret (token, headers)", target, self.targets)
        if os.environ.get(METRICS_TOKEN) and settings.metrics_url:
            _check("--metrics-url", METRICS_TOKEN, settings.metrics_url, (self.metrics_url,))
        if os.environ.get(PROMETHEUS_TOKEN) and settings.prometheus_url:
            _check("--prometheus-url", PROMETHEUS_TOKEN, settings.prometheus_url, (self.prometheus_url,))


def _check(flag: str, secret: str, address: str, given: Sequence[str]) -> None:
    if any(same_origin(address, one) for one in given):
        return
    known = ", ".join(without_userinfo(one) for one in given if one) or "no address"
    place = without_userinfo(address)[:200]
    raise UsageError(f"{flag}: {secret} is for {known}, not for {place!r} (allowed: start Locust with {flag})")
