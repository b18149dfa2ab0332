"""What a load is asked for: options -> a LoadRequest that has passed every check, before anything is started."""

from __future__ import annotations

import dataclasses
import os
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import bizra_load
from bizra_load.engine.request_head import request_head
from bizra_load.exit_codes import UsageError
from bizra_load.io.ports import listening_refused
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.urls import host_and_port
from bizra_load.judging.beforehand import check_settings
from bizra_load.products import Product, added_options, all_options, product_of, reference_product
from bizra_load.settings import inputs
from bizra_load.settings.arguments import GENERAL, SWITCHES
from bizra_load.settings.settings import Settings, checked
from sla.values.number import whole_in
from sla.values.section import unknown

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")  # Locust's own
_FLAGS = {option.name: option.flag for option in GENERAL}
_CHECKOUT = Path(bizra_load.__file__).resolve().parents[1] / "locustfiles"
# a wheel brings the scenarios as data of its environment, where a user finds and copies them
_SCENARIOS = _CHECKOUT if _CHECKOUT.is_dir() else Path(sysconfig.get_path("data")) / "share/bizra-load/locustfiles"


@dataclass(frozen=True)
class LoadRequest:
    """A load whose options have been checked.

    host            the target's URL; "" for a reference node that is still to be started
    processes       workers; None: as many as the rate needs and there are cores for
    stop_timeout_s  Locust's own; None: its default
    options         the options of the load that were given, (flag, text), as Locust's processes are to get them
    switches        the flags without a value that were given
    exposed         flags whose text, on a command line that everyone can read, holds a password
    settings        what the options and the environment come to
    server_objectives  some objectives are judged by the server's own metrics
    rehearsal       the target is a reference node that was started for this load
    """

    host: str
    processes: int | None
    locustfile: Path
    stop_timeout_s: int | None
    log_level: str
    enable_rebalancing: bool
    options: tuple[tuple[str, str], ...]
    switches: tuple[str, ...]
    exposed: tuple[str, ...]
    settings: Settings
    server_objectives: bool
    rehearsal: bool = False

    def on_node(self, url: str, metrics_url: str) -> LoadRequest:
        """The same load on a reference node; its own metrics are read where nothing else was asked for."""
        asked_for = self.settings.metrics_url or self.settings.prometheus_url
        return self._with(url, {}) if asked_for else self._with(url, {"metrics_url": metrics_url})

    def in_rehearsal(self, url: str, metrics_url: str) -> LoadRequest:
        """The same load on a reference node whose own metrics are read, whatever was asked for."""
        return self._with(url, {"metrics_url": metrics_url, "prometheus_url": ""})

    def _with(self, host: str, urls: dict[str, str]) -> LoadRequest:
        texts = {**dict(self.options), **{_FLAGS[name]: text for name, text in urls.items()}}
        options = tuple((o.flag, texts[o.flag]) for o in all_options() if o.flag in texts)
        settings = dataclasses.replace(self.settings, **urls)  # type: ignore[arg-type]  # both are text
        return dataclasses.replace(self, host=host, options=options, settings=settings, rehearsal=True)


def load_request(given: Mapping[str, Any]) -> LoadRequest:
    """From options by their attribute's name (those of bizra_load.cli.parsers.load, None where one was not given) and the
    environment. Without a target the agreement is `local`, or the objectives in words alone. Raises UsageError.
    """
    host = given["host"] or os.environ.get("ENDPOINT", "")
    workers = given["processes"] or os.environ.get("WORKERS")
    processes = _processes(workers) if workers else None
    if given["loglevel"].upper() not in LOG_LEVELS:
        raise UsageError(f"--loglevel: {unknown(given['loglevel'], LOG_LEVELS)}")
    if given["locustfile"] and not given["locustfile"].is_file():
        raise UsageError(f"-f: {given['locustfile']}: no such file")
    stop_timeout_s = None if given["stop_timeout"] is None else _stop_timeout(given["stop_timeout"])
    if host:
        target_address(host)
    else:
        named = given["agreement"] or os.environ.get("AGREEMENT") or ("" if given["objective"] else "local")
        given = {**given, "agreement": named}
    settings = checked(given, added_options())
    agreement = check_settings(settings).agreement
    product, named = product_of(agreement), settings.agreement or "the agreement of --objective"
    settings = dataclasses.replace(settings, run_name=settings.run_name or product.name)
    if not (host or settings.agreement):  # any objectives can be rehearsed
        product = reference_product()
    locustfile = given["locustfile"] or _scenario_of(product, named)
    if not (host or product.reference_node):
        why = f"{named} is on {product.name}, which has no reference node"
        raise UsageError(f"-H/--host: is not given, and {why}: give a target")
    if settings.generator_metrics and (reason := listening_refused(settings.generator_metrics)):
        raise UsageError(f"--generator-metrics-port: {':'.join(map(str, settings.generator_metrics))}: {reason}")
    return LoadRequest(
        host,
        processes,
        locustfile,
        stop_timeout_s,
        given["loglevel"],
        bool(given["enable_rebalancing"]),
        tuple((o.flag, str(given[o.name])) for o in all_options() if given[o.name] is not None),
        tuple(switch.flag for switch in SWITCHES if given[switch.name]),
        _exposed(given),
        settings,
        any(o.kind.from_server for o in agreement.objectives),
    )


def _scenario_of(product: Product, agreement: str) -> Path:
    if not product.scenario:
        raise UsageError(
            f"-f: is not given, and {agreement} is on {product.name}, which brings no locustfile of its own: give one"
        )
    return scenario(product.scenario)


def scenario(name: str) -> Path:
    """One of our own locustfiles."""
    return _SCENARIOS / name


def target_address(host: str) -> tuple[SplitResult, str, int]:
    """(parts, name, port) of a target. Raises UsageError."""
    try:
        if not inputs.base_url(host):
            raise ValueError("is empty (allowed: http://... or https://...)")
        parts = urlsplit(host)
        request_head("POST", parts.path or "/", {})
        return parts, *host_and_port(host)
    except ValueError as error:
        raise UsageError(f"-H/--host: {error}") from None


def holds_password(text: str) -> bool:
    """Whether a text is a URL with user information."""
    return without_userinfo(text) != text


def _exposed(given: Mapping[str, Any]) -> tuple[str, ...]:
    texts = (("-H", given["host"]), ("--metrics-url", given["metrics_url"]), ("--prometheus-url", given["prometheus_url"]))
    return tuple(flag for flag, text in texts if text and holds_password(text))


def _stop_timeout(text: str) -> int:
    seconds = whole_in(text)
    if seconds is None or seconds > 3600:
        raise UsageError(f"--stop-timeout: {text!r} (allowed: whole seconds, 0 to 3600)")
    return seconds


def _processes(text: str) -> int:
    count = whole_in(text)
    if count is None or not 1 <= count <= 1000:
        raise UsageError(f"--processes: {text!r} (allowed: 1 to 1000)")
    return count
