"""What a load is asked for: options -> a LoadRequest that has passed every check, before anything is started."""

from __future__ import annotations

import dataclasses
import math
import os
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import bizra_load
from bizra_load.engine.request_head import request_head
from bizra_load.exit_codes import UsageError
from bizra_load.io.ports import listening_refused
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.terminal import QUIET, told
from bizra_load.io.this_machine import usable_cores
from bizra_load.io.urls import host_and_port
from bizra_load.judging.beforehand import check_settings
from bizra_load.launch.locustfile import Locustfile
from bizra_load.launch.model import model_of
from bizra_load.launch.web_ui import check_web_ui, is_asked_for
from bizra_load.products import ANY_SERVICE, Product, added_options, default_agreement, product_of, reference_product
from bizra_load.settings import inputs
from bizra_load.settings.defaults import NO_AGREEMENT
from bizra_load.settings.settings import Settings, checked, texts
from sla.values.agreement import Agreement
from sla.values.number import whole_in

A_URL = "a URL such as http://127.0.0.1:8080"
_CHECKOUT = Path(bizra_load.__file__).resolve().parents[1] / "locustfiles"
# a wheel brings the scenarios as data of its environment, where a user finds and copies them
_SCENARIOS = _CHECKOUT if _CHECKOUT.is_dir() else Path(sysconfig.get_path("data")) / "share/bizra-load/locustfiles"


@dataclass(frozen=True)
class LoadRequest:
    """A load whose options have been checked.

    host            the target's URL; "" for a reference node that is still to be started, or where a locustfile says it
    processes       workers; None: as many as the rate needs and there are cores for
    locustfile      whatever Locust's -f takes
    surveyed        what it holds; None of our own scenarios
    locust_words    options of Locust's own
    options         the texts of all options, by name, as Locust's processes are to get them (settings.texts)
    shadowed        one line for each option that the locustfile has, too, by its name
    exposed         flags whose text, on a command line that everyone can read, holds a password
    settings        what the options and the environment come to
    server_objectives  some objectives are judged by the server's own metrics
    reference_node  is the target where none is given
    rehearsal       the target is a reference node that was started for this load
    web_ui          Locust's web UI starts the tests, not the command line
    """

    host: str
    processes: int | None
    locustfile: str
    surveyed: Locustfile | None
    locust_words: tuple[str, ...]
    options: Mapping[str, Any]
    exposed: tuple[str, ...]
    settings: Settings
    server_objectives: bool
    reference_node: bool = False
    rehearsal: bool = False
    web_ui: bool = False
    shadowed: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that are known before the load, of those that speak HTTP."""
        hosts = (self.host,) if self.host else self.surveyed.hosts if self.surveyed is not None else ()
        return tuple(host for host in hosts if host.startswith(("http://", "https://")))

    @property
    def remarks(self) -> tuple[str, ...]:
        """Lines on what is not as one may think."""
        without_task = self.surveyed.without_task if self.surveyed is not None else ""
        return (*self.shadowed, *([without_task] if without_task else []))

    @property
    def target(self) -> str:
        """The first of them; "" where none is known."""
        return next(iter(self.targets), "")

    @property
    def peak_per_s(self) -> float:
        """The highest planned rate; infinite: as fast as responses come."""
        return math.inf if self.settings.saturating else self.settings.curve.peak_per_s

    @property
    def log_level(self) -> str:
        """Locust's, where neither the command line nor Locust's configuration says one; else ""."""
        given = "--loglevel" in self.locust_words
        configured = self.configured and self.surveyed is not None and self.surveyed.options["loglevel"] is not None
        return "" if given or configured else "ERROR" if told() == QUIET else "WARNING"

    @property
    def configured(self) -> bool:
        """Whether Locust's own configuration counts: it is the user's, and so is the locustfile."""
        return self.surveyed is not None and not self.surveyed.open_model

    @property
    def makes_no_run(self) -> bool:
        """Nothing is measured and judged here (Locustfile.makes_no_run)."""
        return self.surveyed is not None and self.surveyed.makes_no_run

    @property
    def workers_come(self) -> bool:
        """They are started by somebody else, on other machines, and connect to the master that is started here."""
        return self.surveyed is not None and bool(self.surveyed.options["master"])

    @property
    def waits_for_workers(self) -> bool:
        """Whether Locust's configuration, or the command line, says how long it waits for them."""
        return self.configured and bool(self.surveyed and self.surveyed.options["expect_workers_max_wait"])

    @property
    def open_model(self) -> bool:
        """Our schedule drives it; else users of the locustfile's do, as fast as responses and their own waits let them."""
        return self.surveyed is None or self.surveyed.open_model or self.settings.pace_tasks

    def on_node(self, url: str, metrics_url: str) -> LoadRequest:
        """The same load on a reference node; its own metrics are read where nothing else was asked for."""
        asked_for = self.settings.metrics_url or self.settings.prometheus_url
        return self._with(url, {}) if asked_for else self._with(url, {"metrics_url": metrics_url})

    def in_rehearsal(self, url: str, metrics_url: str) -> LoadRequest:
        """The same load on a reference node whose own metrics are read, whatever was asked for."""
        return self._with(url, {"metrics_url": metrics_url, "prometheus_url": ""})

    def _with(self, host: str, urls: dict[str, str]) -> LoadRequest:
        settings = dataclasses.replace(self.settings, **urls)  # type: ignore[arg-type]  # both are text
        options = {**self.options, **urls}
        return dataclasses.replace(self, host=host, options=options, settings=settings, reference_node=False, rehearsal=True)


def load_request(given: Mapping[str, Any], words: Sequence[str] = ()) -> LoadRequest:
    """From options by their attribute's name (those of bizra_load.cli.parsers.load, None where one was not given), `words` that
    only Locust or the locustfile can know, and the environment. Raises UsageError.
    """
    host = given["host"] or os.environ.get("ENDPOINT", "")
    workers = given["processes"] or os.environ.get("WORKERS")
    processes = _processes(workers) if workers else None
    web_ui = is_asked_for(bool(given.get("web_ui")), words)
    file = given["locustfile"] or (str(scenario(reference_product().scenario)) if web_ui else None)
    model = model_of({**given, "locustfile": file}, words, host, web_ui)
    given, surveyed = {**model.given, "locustfile": given["locustfile"]}, model.surveyed
    if web_ui and surveyed is not None:
        check_web_ui(surveyed.options)
    if processes is None and surveyed is not None and not (surveyed.open_model or surveyed.options["master"]):
        count = surveyed.options["processes"]
        processes = _processes(str(count)) if count else None
    if surveyed is not None:
        host = host or surveyed.options["host"] or ""
    _check_hosts(host, given["locustfile"], surveyed, web_ui)
    product_name = reference_product().name if surveyed is None else surveyed.product
    default = "" if given["objective"] else default_agreement(product_name, rehearsal=not host)
    given = {**given, "agreement": given["agreement"] or os.environ.get("AGREEMENT") or default}
    settings = checked(given, added_options())
    agreement = _agreement(given["baseline"], settings, web_ui)
    named = settings.agreement if settings.agreement not in ("", NO_AGREEMENT) else ""
    on_node = not host and (surveyed is None or bool(product_name))
    product = product_of(agreement) if named or not on_node else reference_product()  # any objectives can be rehearsed
    locustfile = given["locustfile"] or str(_scenario_of(product, named or "the agreement of --objective"))
    if on_node and not product.reference_node:
        why = f"{named} is on {product.name}, which has no reference node"
        raise UsageError(f"-H/--host: is not given, and {why}: give a target")
    given = {**given, "run_name": settings.run_name or _run_name(product, surveyed, locustfile)}
    settings = dataclasses.replace(settings, run_name=given["run_name"])
    if settings.generator_metrics and (reason := listening_refused(settings.generator_metrics)):
        raise UsageError(f"--generator-metrics-port: {':'.join(map(str, settings.generator_metrics))}: {reason}")
    return LoadRequest(
        host,
        processes,
        locustfile,
        surveyed,
        model.locust_words,
        texts(given, added_options()),
        _exposed(given),
        settings,
        any(o.kind.from_server for o in agreement.objectives),
        reference_node=on_node,
        web_ui=web_ui,
        shadowed=model.shadowed,
    )


def _agreement(baseline: str | None, settings: Settings, web_ui: bool) -> Agreement:
    """What the load is judged by. `baseline`: of the command line. Raises UsageError."""
    agreement = check_settings(settings, final=not web_ui).agreement
    if baseline and not agreement.objectives and not web_ui:  # the form may bring some
        raise UsageError("--baseline: without objectives nothing is compared (allowed: with --objective or --agreement)")
    return agreement


def _check_hosts(host: str, file: str, surveyed: Locustfile | None, web_ui: bool) -> None:
    """Users that make HTTP requests have a host, and can make none of another scheme. Those with a client of their own name
    what they like. Raises UsageError.
    """
    if host and (surveyed is None or surveyed.open_model):
        target_address(host)
    if surveyed is None or surveyed.makes_no_run:
        return
    if not host and surveyed.without_host and not web_ui:
        raise UsageError(f"-H/--host: is not given, and {surveyed.without_host} names no host (allowed: {A_URL})")
    for name, own in surveyed.http_hosts:  # where a host is given, it counts for all
        if text := host or own:
            inputs.option(f"-H/--host (for {name})" if host else f"-f: {file}: {name}.host", inputs.url, text)


def _run_name(product: Product, surveyed: Locustfile | None, locustfile: str) -> str:
    if surveyed is None or product.name != ANY_SERVICE:
        return product.name
    return Path(locustfile.split(",")[0]).stem


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


def _processes(text: str) -> int:
    """Workers; -1 is Locust's word for one for each core. Raises UsageError."""
    count = usable_cores() if text.strip() == "-1" else whole_in(text)
    if count is None or not 1 <= count <= 1000:
        raise UsageError(f"--processes: {text!r} (allowed: 1 to 1000; -1: one for each core)")
    return count
