"""Options and environment -> Settings: one place checks what was given, wherever it was given."""

from __future__ import annotations

import math
import os
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bizra_load.engine.arrivals import KINDS, SATURATE
from bizra_load.engine.load_curve import LoadCurve, ramp_and_hold
from bizra_load.engine.stages import duration_s, rate_per_s
from bizra_load.exit_codes import UsageError
from bizra_load.settings import inputs
from sla.judgement.run_checks import ALLOWABLE
from sla.values.number import share_in, whole_in
from sla.values.section import unknown

if TYPE_CHECKING:  # importing Locust patches the standard library, and takes a second: the other verbs do without
    pass
from bizra_load.settings.arguments import ARGUMENTS


@dataclass(frozen=True)
class Settings:
    """Checked options; durations in seconds, shares as ratios."""

    curve: LoadCurve
    ops_per_user: float
    arrivals: str
    agreement: str
    environment: str | None
    metrics_url: str
    prometheus_url: str
    prometheus_selector: str
    out: Path
    run_name: str
    verify_share: float
    finality_share: float
    request_timeout_s: float
    base_path: str
    headers: tuple[tuple[str, str], ...]
    block_hashes: tuple[str, ...]
    ca_file: str
    insecure: bool
    seed: int
    fail_on_warn: bool
    allow: tuple[str, ...]
    fire_request_events: bool
    abort_on_fail: bool
    generator_metrics: tuple[str, int] | None = None  # address and port of the generator's own /metrics
    evidence: tuple[str, ...] = ()
    baseline: str = ""

    @property
    def saturating(self) -> bool:
        """A closed model: the curve gives the number of users and the length, and no rate is planned."""
        return self.arrivals == SATURATE

    @property
    def users(self) -> int:
        """Rate slots that carry the curve's peak."""
        return max(1, math.ceil(self.curve.peak_per_s / self.ops_per_user))


def resolve(parsed: Namespace | None) -> Settings:
    """Settings from Locust's parsed options; what is missing there comes from the environment, then the default.

    Raises UsageError (exit code 6) with one line that names the option, what is wrong and what is allowed.
    """

    def text(flag: str) -> str:
        for known, variable, default, _ in ARGUMENTS:
            if known == flag:
                given = getattr(parsed, flag[2:].replace("-", "_"), None)
                return str(given if given is not None else os.environ.get(variable or "", default)).strip()
        raise KeyError(flag)

    def checked(flag: str, convert: Any) -> Any:
        try:
            return convert(text(flag))
        except OSError as error:
            raise UsageError(f"{flag}: {text(flag)}: {error.strerror or error}") from None
        except ValueError as error:
            raise UsageError(f"{flag}: {error}") from None

    if text("--stages"):
        curve = checked("--stages", inputs.curve_from_file)
    else:
        target = checked("--target-ops", inputs.within(rate_per_s, inputs.MAX_RATE_PER_S, "ops/s"))
        ramp = checked("--ramp", inputs.within(duration_s, inputs.MAX_DURATION_S, "s", zero=True))
        hold = checked("--duration", inputs.within(duration_s, inputs.MAX_DURATION_S, "s"))
        curve = ramp_and_hold(target, ramp, hold)
    ops_per_user = checked("--ops-per-user", inputs.within(rate_per_s, inputs.MAX_RATE_PER_S, "ops/s"))
    if curve.peak_per_s / ops_per_user > inputs.MAX_USERS:
        raise UsageError(
            f"--ops-per-user: {curve.peak_per_s:g} ops/s in slots of {ops_per_user:g} need more than {inputs.MAX_USERS:,} users"
        )
    metrics_url, prometheus_url = checked("--metrics-url", inputs.url), checked("--prometheus-url", inputs.url)
    if metrics_url and prometheus_url:
        raise UsageError("--metrics-url and --prometheus-url: give one of them, the server is asked once")
    base_path = checked("--base-path", inputs.base_path)
    headers = checked("--headers-file", inputs.headers) + inputs.token_header()
    return Settings(
        curve=curve,
        ops_per_user=ops_per_user,
        arrivals=checked("--arrivals", inputs.one_of((*KINDS, SATURATE))),
        agreement=text("--agreement"),
        environment=text("--environment-name") or None,
        metrics_url=metrics_url,
        prometheus_url=prometheus_url,
        prometheus_selector=checked("--prometheus-selector", inputs.selector),
        out=checked("--out", inputs.out_folder),
        run_name=text("--run-name"),
        verify_share=checked("--verify-share", share),
        finality_share=checked("--finality-share", share),
        request_timeout_s=checked("--request-timeout", inputs.within(duration_s, inputs.MAX_TIMEOUT_S, "s")),
        base_path=base_path,
        headers=headers,
        block_hashes=checked("--block-hashes", inputs.block_hashes),
        ca_file=checked("--ca-file", inputs.ca_file),
        insecure=bool(getattr(parsed, "insecure", False)),
        seed=checked("--load-seed", inputs.seed),
        fail_on_warn=checked("--fail-on", inputs.one_of(("no-go", "warn"))) == "warn",
        allow=checked("--allow", allowed_checks),
        fire_request_events=bool(getattr(parsed, "fire_request_events", False)),
        abort_on_fail=bool(getattr(parsed, "abort_on_fail", False)),
        generator_metrics=checked("--generator-metrics-port", _address),
        evidence=tuple(getattr(parsed, "evidence", None) or ()),
        baseline=text("--baseline"),
    )


def share(value: str) -> float:
    """Ratio of "1%", "0.01" or "100 %". Raises ValueError outside 0 to 100 %."""
    ratio = share_in(value)
    if ratio is None or ratio > 1:
        raise ValueError(f"a share must be between 0% and 100%, not {value!r}")
    return ratio


def allowed_checks(value: str) -> tuple[str, ...]:
    """Names of sla.judgement.run_checks.ALLOWABLE, comma-separated. Raises ValueError."""
    names = tuple(sorted({name.strip() for name in value.split(",") if name.strip()}))
    for name in names:
        if name not in ALLOWABLE:
            raise ValueError(unknown(name, ALLOWABLE))
    return names


def _address(value: str) -> tuple[str, int] | None:
    """ "9646" is on every address, as exporters do; "127.0.0.1:9646" on one; "" is none."""
    if not value:
        return None
    address, _, port = value.rpartition(":")
    number = whole_in(port)
    if number is None or not 0 < number <= 65_535:
        raise ValueError(f"not a port: {value!r} (allowed: 1 to 65535, or ADDRESS:PORT)")
    return address.strip("[]"), number
