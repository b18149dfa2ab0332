"""Do the alerts fire? A real Prometheus with the agreement's rules, the reference node, a light load, fault after fault.

Rules are sped up, limits that a healthy rehearsal would never reach are lowered, and latencies that this machine can't keep in
health are raised to ten times what the operations take alone on it; the result lists every change.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from bizra_load.exit_codes import InvalidRunError, UsageError
from bizra_load.io.bounded_http import BoundedSession
from bizra_load.io.children import temporary_folder
from bizra_load.io.ports import free_port
from bizra_load.io.utc import utc_now
from bizra_load.judging.agreements import AgreementFile
from bizra_load.monitoring.drills import DrillConditions, Phase
from bizra_load.monitoring.rule_files import groups, to_yaml
from bizra_load.monitoring.rules import AlertRule, promql_duration
from bizra_load.node.baseline import measure
from bizra_load.products import product_of
from bizra_load.rehearsal.alert_watch import AlertWatch, Sightings
from bizra_load.rehearsal.local_prometheus import background, local_prometheus
from bizra_load.rehearsal.node_process import NodeProcess, start_node
from reports.results.alert_drill import Drill, DrilledRule
from sla.values.section import unknown

SPEED_UP = 60.0
SCRAPE_S = 0.5
POLL_EVERY_S = 0.1
HEALTHY_WITHIN_S, FIRES_WITHIN_S, RESOLVES_WITHIN_S = 60.0, 60.0, 90.0
BASELINE_S = 1.0
NODE_WITHIN_S, MAX_NODE_BYTES = 10.0, 8 * 1024 * 1024


def drill(by: AgreementFile, only: Sequence[str] = (), say: Callable[[str], None] = print) -> Drill:
    """Provoke the alerts of an agreement, those in `only` (default: all). Raises AgreementError, UsageError (unknown alert, no
    Prometheus) and InvalidRunError (a part did not start, or was not healthy before the faults).
    """
    agreement = by.judged
    product = product_of(agreement)
    if product.drill_plan is None or not product.reference_node:
        raise UsageError(f"alerts drill: {product.name} has none")
    own = {r.name: r for r in product.alert_rules(agreement, product.job)}
    began = utc_now()
    for name in only:
        if name not in own:
            raise UsageError(f"--rules: {unknown(name, own)}")
    wanted = set(only or own)
    alone = measure(BASELINE_S)  # before anything else runs
    with ExitStack() as stack:
        node = stack.enter_context(start_node(["--seed", "drill"]))
        plan = product.drill_plan(agreement, DrillConditions(SPEED_UP, _idle_memory_bytes(node), alone))
        rules = {r.name: r for r in plan.rules}
        manager = stack.enter_context(_alertmanager())
        prometheus = stack.enter_context(
            local_prometheus(
                {product.job: node.metrics_url.removeprefix("http://").removesuffix("/metrics")},
                SCRAPE_S,
                rules=to_yaml(groups(plan.rules, SCRAPE_S), agreement.name),
                alertmanager=manager,
            )
        )
        stack.enter_context(plan.load(node.url))
        watch = AlertWatch(prometheus, manager)
        loaded = prometheus.rules_loaded()
        _until_healthy(watch, product.job)
        drilled: dict[str, DrilledRule] = {}
        for phase in plan.phases:
            chosen = tuple(a for a in phase.alerts if a in wanted)
            if chosen:
                say(f"Provoking {', '.join(chosen)}")
                drilled |= {r.alert: r for r in _provoke(phase, chosen, node, watch, rules)}
    in_order = tuple(replace(drilled[name], expression=rule.expr) for name, rule in own.items() if name in drilled)
    return Drill(agreement.name, by.sha256, began, loaded, bool(manager), plan.changed, in_order)


def _idle_memory_bytes(node: NodeProcess) -> float:
    """The resident memory of a node without load, as its own metrics tell."""
    text = _http().get(node.metrics_url).text
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("process_resident_memory_bytes "))


def _until_healthy(watch: AlertWatch, job: str) -> None:
    """The longest of the common windows is full, and nothing is pending or firing."""
    window = promql_duration(2 * 300 / SPEED_UP)
    full = f'count_over_time(up{{job="{job}"}}[{window}]) >= {0.9 * 2 * 300 / SPEED_UP / SCRAPE_S:g}'
    end = time.monotonic() + HEALTHY_WITHIN_S
    while time.monotonic() < end:
        if watch.holds(full) and not watch.active():
            return
        time.sleep(POLL_EVERY_S)
    raise InvalidRunError(f"before any fault these were active: {', '.join(watch.active()) or 'none, but nothing was scraped'}")


def _provoke(
    phase: Phase, chosen: Sequence[str], node: NodeProcess, watch: AlertWatch, rules: Mapping[str, AlertRule]
) -> list[DrilledRule]:
    # one slow scrape makes an alert pending for a moment
    _poll(lambda: not set(watch.active()) & set(chosen), RESOLVES_WITHIN_S)
    active_before = set(watch.active())
    faults = {name: value for name, (value, alerts) in phase.faults.items() if set(alerts) & set(chosen)}
    seen = Sightings(watch, {a: rules[a].for_s for a in chosen})
    _http().post(f"{node.admin_url}/faults", json=faults).raise_for_status()
    _poll(seen.all_fired, FIRES_WITHIN_S)
    _http().delete(f"{node.admin_url}/faults").raise_for_status()
    seen.cleared()
    _poll(lambda: seen.none_is_left_of(phase.alerts), RESOLVES_WITHIN_S)
    return [_result(rules[a], phase.fault_of(a), seen.times[a], a in active_before, watch.has_manager) for a in chosen]


def _result(rule: AlertRule, fault: str, seen: Mapping[str, float], active_before: bool, manager: bool) -> DrilledRule:
    reason = ""
    if active_before:
        reason = "was active before its fault"
    elif "firing" not in seen:
        reason = f"did not fire within {FIRES_WITHIN_S:g} s"
    elif rule.for_s and "pending" not in seen:
        reason = "was never pending"
    elif manager and "notified" not in seen:
        reason = "did not reach Alertmanager"
    elif "resolved" not in seen:
        reason = f"did not resolve within {RESOLVES_WITHIN_S:g} s"
    times = {f"{key}_s": seen.get(key) for key in ("pending", "firing", "notified", "resolved")}
    return DrilledRule(rule.name, rule.group, rule.severity, rule.expr, fault, reason=reason, **times)


def _poll(done: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while not done() and time.monotonic() < end:
        time.sleep(POLL_EVERY_S)


def _http() -> BoundedSession:
    return BoundedSession(MAX_NODE_BYTES, NODE_WITHIN_S)


@contextmanager
def _alertmanager() -> Iterator[str]:
    """host:port of an Alertmanager that notifies nobody; "" where none is installed."""
    binary = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if binary is None:
        yield ""
        return
    with temporary_folder() as folder:
        (folder / "config.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", encoding="utf-8")
        address = f"127.0.0.1:{free_port()}"
        command = [binary, f"--config.file={folder / 'config.yml'}", f"--storage.path={folder / 'data'}"]
        command += [f"--web.listen-address={address}", "--cluster.listen-address=", "--log.level=error"]
        with background(command, f"http://{address}/-/ready", "alertmanager", folder / "log"):
            yield address
