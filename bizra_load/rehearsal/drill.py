"""Do the alerts fire? A real Prometheus with the agreement's rules, the reference node, a light load, fault after fault.

Rules are sped up, limits that a healthy rehearsal would never reach are lowered, and latencies that this machine can't keep in
health are raised to ten times what the operations take alone on it; the result says all of it.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import requests

from bizra_load.exit_codes import InvalidRunError, UsageError
from bizra_load.io.ports import free_port
from bizra_load.monitoring.rule_files import groups, to_yaml
from bizra_load.monitoring.rules import AlertRule, promql_duration
from bizra_load.node.baseline import measure
from bizra_load.poi.rules import JOB, Thresholds, alert_rules, thresholds
from bizra_load.rehearsal.alert_watch import AlertWatch, Sightings
from bizra_load.rehearsal.light_load import LightLoad
from bizra_load.rehearsal.local_prometheus import background, local_prometheus
from bizra_load.rehearsal.node_process import NodeProcess, start_node
from reports.formats.table import quantity
from reports.results.alert_drill import Drill, DrilledRule
from sla.estimators.node_baseline import NodeBaseline
from sla.values.agreement import Agreement
from sla.values.section import unknown

SPEED_UP = 60.0
SCRAPE_S = 0.5
LOOK_EVERY_S = 0.1
HEALTHY_WITHIN_S, FIRES_WITHIN_S, RESOLVES_WITHIN_S = 60.0, 60.0, 90.0
BASELINE_S = 1.0
TIMES_BASELINE = 10.0
CLEARLY_OVER = 10.0  # what an injected latency is at least of its limit


@dataclass(frozen=True)
class Phase:
    """Faults that are switched on together, and the alerts that each of them must raise; they do not disturb each other."""

    faults: Mapping[str, tuple[str, tuple[str, ...]]]  # fault -> (value, alerts)

    @property
    def alerts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a for _, alerts in self.faults.values() for a in alerts))

    def fault_of(self, alert: str) -> str:
        return ", ".join(f"{name}={value}" for name, (value, alerts) in self.faults.items() if alert in alerts)


def phases(limits: Thresholds) -> tuple[Phase, ...]:
    """In their order, with latencies far over the limits (s): from 100 ms on the light load is slowed down as well."""

    def over(limit_s: float, least_ms: float) -> str:
        return f"{max(least_ms, CLEARLY_OVER * limit_s * 1e3):g}ms"

    return (
        Phase(
            {
                "generate.latency": (over(limits.generate_p99_s, 100), ("PoIGenerationP99Violation", "PoIThroughputDegraded")),
                "verify.latency": (over(limits.verify_p99_s, 100), ("PoIVerificationP99Violation", "PoIThroughputDegraded")),
                "finality.latency": (over(limits.finality_p99_s, 5), ("FinalityCheckP99Violation",)),
                "error_rate": ("40%", ("PoISuccessRateCritical", "PoIErrorBudgetBurn")),
                "memory": ("200MiB", ("RustProcessMemoryHigh",)),
                "cpu": ("90%", ("RustProcessCPUHigh",)),
            }
        ),
        Phase(
            {
                "finality.latency": ("30s", ("FinalityCheckStalled",)),
                "metrics.latency": ("350ms", ("PrometheusScrapeSlow",)),
            }
        ),
        Phase({"metrics.down": ("true", ("RustMetricsEndpointDown",))}),
        Phase({"metrics.empty": ("true", ("RustMetricsAbsent",))}),
    )


def drill(agreement: Agreement, only: Sequence[str] = (), say: Callable[[str], None] = print) -> Drill:
    """Provoke the alerts in `only` (default: all). Raises AgreementError, UsageError (unknown alert, no Prometheus) and
    InvalidRunError (a part did not start, or was not healthy before the faults).
    """
    limits = thresholds(agreement)
    known = [r.name for r in alert_rules(agreement, limits)]
    for name in only:
        if name not in known:
            raise UsageError(f"--rules: {unknown(name, known)}")
    wanted = set(only or known)
    alone = measure(BASELINE_S)  # before anything else runs
    with ExitStack() as stack:
        node = stack.enter_context(start_node(["--seed", "drill"]))
        limits, shortened = _reachable(limits, node, alone)
        rules = alert_rules(agreement, limits, SPEED_UP)
        manager = stack.enter_context(_alertmanager())
        prometheus = stack.enter_context(
            local_prometheus(
                {JOB: node.metrics_url.removeprefix("http://").removesuffix("/metrics")},
                SCRAPE_S,
                rules=to_yaml(groups(rules, SCRAPE_S), agreement.name),
                alertmanager=manager,
            )
        )
        stack.enter_context(LightLoad(node.url))
        watch = AlertWatch(prometheus, manager)
        loaded = sum(len(group["rules"]) for group in prometheus.get("rules")["groups"])
        _until_healthy(watch, rules)
        found: dict[str, DrilledRule] = {}
        for phase in phases(limits):
            chosen = tuple(a for a in phase.alerts if a in wanted)
            if chosen:
                say(f"Provoking {', '.join(chosen)}")
                found |= {r.alert: r for r in _provoke(phase, chosen, node, watch, {r.name: r for r in rules})}
    return Drill(agreement.name, loaded, bool(manager), shortened, tuple(found[name] for name in known if name in found))


def _reachable(limits: Thresholds, node: NodeProcess, alone: NodeBaseline) -> tuple[Thresholds, dict[str, str]]:
    """Limits that the node keeps in health and its faults can break on this machine, and what was changed."""
    text = requests.get(node.metrics_url, timeout=10).text
    idle = next(float(line.split()[1]) for line in text.splitlines() if line.startswith("process_resident_memory_bytes "))
    low = replace(limits, throughput_per_s=60.0, memory_bytes=idle + 100 * 2**20, cpu_cores=0.6, scrape_s=0.25)
    low, raised = kept_in_health(low, alone)
    return low, {
        'every window and "for"': f"divided by {SPEED_UP:g} (5m is {promql_duration(300 / SPEED_UP)})",
        "throughput": f"{low.throughput_per_s:g} instead of {limits.throughput_per_s:,.0f} ops/s",
        "memory": f"{low.memory_bytes / 2**20:.0f} MiB instead of {limits.memory_bytes / 2**20:,.0f} MiB",
        "CPU": f"{low.cpu_cores:g} instead of {limits.cpu_cores:g} cores",
        "scrape duration": f"{low.scrape_s:g} instead of {limits.scrape_s:g} s",
        **raised,
    }


def kept_in_health(limits: Thresholds, alone: NodeBaseline) -> tuple[Thresholds, dict[str, str]]:
    """Latency limits that are no less than ten times what the operation takes alone on this machine, and those raised."""
    raised, said = {}, {}
    for o in alone.operations:
        field = f"{o.name}_p99_s"
        before, least = getattr(limits, field), TIMES_BASELINE * o.paced.p99.point / 1e9
        if least > before:
            raised[field] = least
            alone_s = quantity(o.paced.p99.point, "ns")
            said[f"{o.name} p99"] = (
                f"{quantity(least * 1e9, 'ns')} instead of {quantity(before * 1e9, 'ns')}: "
                f"{TIMES_BASELINE:g} x the {alone_s} that it takes alone here"
            )
    return replace(limits, **raised), said


def _until_healthy(watch: AlertWatch, rules: Sequence[AlertRule]) -> None:
    """The longest of the common windows is full, and nothing is pending or firing."""
    window = promql_duration(2 * 300 / SPEED_UP)
    full = f'count_over_time(up{{job="{JOB}"}}[{window}]) >= {0.9 * 2 * 300 / SPEED_UP / SCRAPE_S:g}'
    end = time.monotonic() + HEALTHY_WITHIN_S
    while time.monotonic() < end:
        if watch.holds(full) and not watch.active():
            return
        time.sleep(LOOK_EVERY_S)
    raise InvalidRunError(f"before any fault these were active: {', '.join(watch.active()) or 'none, but nothing was scraped'}")


def _provoke(
    phase: Phase, chosen: Sequence[str], node: NodeProcess, watch: AlertWatch, rules: Mapping[str, AlertRule]
) -> list[DrilledRule]:
    active_before = set(watch.active())
    faults = {name: value for name, (value, alerts) in phase.faults.items() if set(alerts) & set(chosen)}
    seen = Sightings(watch, {a: rules[a].for_s for a in chosen})
    requests.post(f"{node.admin_url}/faults", json=faults, timeout=10).raise_for_status()
    _poll(seen.all_fired, FIRES_WITHIN_S)
    requests.delete(f"{node.admin_url}/faults", timeout=10).raise_for_status()
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
    return DrilledRule(rule.name, rule.group, rule.severity, fault, reason=reason, **times)


def _poll(done: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while not done() and time.monotonic() < end:
        time.sleep(LOOK_EVERY_S)


@contextmanager
def _alertmanager() -> Iterator[str]:
    """host:port of an Alertmanager that notifies nobody; "" where none is installed."""
    binary = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if binary is None:
        yield ""
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", encoding="utf-8")
        address = f"127.0.0.1:{free_port()}"
        command = [binary, f"--config.file={folder / 'config.yml'}", f"--storage.path={folder / 'data'}"]
        command += [f"--web.listen-address={address}", "--cluster.listen-address=", "--log.level=error"]
        with background(command, f"http://{address}/-/ready", "alertmanager", folder / "log"):
            yield address
