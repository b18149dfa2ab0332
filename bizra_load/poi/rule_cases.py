"""What alert rules are tried with: a fault for each, alone; of one node of two; of a node in two jobs, with restarts; delivered
by two replicas of a Prometheus; and with each of the series that a rule reads absent. As values; rule_tests makes promtool's
files of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bizra_load.poi.blind_cases import blind
from bizra_load.poi.odd_cases import odd
from bizra_load.poi.rule_case import HOUR_MIN, SECOND, SHARE, Case, duration, is_gauge, percent, series, si
from bizra_load.poi.rule_node import PlayedNode
from bizra_load.poi.rules import thresholds
from bizra_load.poi.stopped_cases import stopped
from sla.values.agreement import Agreement


def cases(agreement: Agreement) -> list[Case]:
    """All of them. Raises AgreementError as thresholds() does."""
    node = PlayedNode(agreement, thresholds(agreement))
    variants = []
    for case in node.faults():
        variants += [case, replace(case, title="in two jobs and with restarts", twice=True, restarts=True)]
        variants += [replace(case, title="delivered by two replicas", replicas=True)]
        clears_min = case.clears_min + case.clears_min % 2
        variants += [replace(case, title="scraped every two minutes", every_min=2, clears_min=clears_min)]
        # the throughput is agreed of what all clusters do together, the budget is what each of them has
        if case.alert != "PoIThroughputDegraded":
            variants += [replace(case, title="beside its like in another cluster", apart_by="cluster")]
            if case.alert != "PoIErrorBudgetBurn":
                variants += [replace(case, title="beside its like in another pod", apart_by="pod")]
    return [*variants, *longer(node), *of_two(node), *without(node), *odd(node), *blind(node), *stopped(node)]


def longer(node: PlayedNode) -> list[Case]:
    """What lasts: the slower of the two burn rates, for its six hours; a stall; and what a load test leaves behind."""
    creeping = 7 * node.budget
    burning = node.fault("PoIErrorBudgetBurn", node.errors(creeping, creeping), percent(creeping))
    stalled = {series(node.of("finality").total): 0.0}
    idle = {name: 0.0 for name in node.well if not is_gauge(name)}
    return [
        replace(node.fault("FinalityCheckStalled", stalled), title="for three hours", minutes=180),
        replace(node.fault("FinalityCheckStalled", {}), title="and nobody ever asked", well=node.well | stalled, fires=False),
        replace(burning, title="for six hours", minutes=6 * HOUR_MIN),
        *(
            replace(node.fault(alert, idle), title="all traffic ends", fires=False)
            for alert in ("FinalityCheckStalled", "PoIThroughputDegraded")
        ),
    ]


def of_two(node: PlayedNode) -> Iterator[Case]:
    """One of two nodes: the alert is its own, except where the agreement is kept or broken by both together."""
    of_all, burnt = 1 / (1 + SHARE), 20 * node.budget
    together = {
        "PoIThroughputDegraded": si(3 * (0.1 + SHARE) * node.limits.throughput_per_s),
        "PoIErrorBudgetBurn": percent(burnt * of_all),
    }
    second = node.series(SECOND, SHARE)
    for case in node.faults():
        value = together.get(case.alert, case.value)
        yield replace(case, title="one of two nodes", beside=second, value=value)
    # it hangs: of what completes, next to nothing is its own
    hanging = node.series(SECOND, 0.002)
    for operation, alert in (("finality", "FinalityCheckP99Violation"), ("generate", "PoIGenerationP99Violation")):
        limit_s, each = getattr(node.limits, f"{operation}_p99_s"), 0.002 * (600 if operation == "finality" else node.each)
        slow = node.buckets(operation, limit_s, each, 1.0, SECOND)
        value = duration(1.99 * limit_s)
        title = "the one of two nodes that hardly completes any"
        yield replace(node.fault(alert, slow, value), title=title, beside=hanging, instance=SECOND)


def without(node: PlayedNode) -> Iterator[Case]:
    """Each series that a rule reads, absent: what is left shows the fault, or nothing can (see blind())."""
    named = {o: (series(node.of(o).total), series(node.of(o).failed)) for o in ("generate", "verify")}
    (generate, generate_failed), (verify, verify_failed) = named["generate"], named["verify"]
    finality, half = series(node.of("finality").total), node.each / 2

    def absent(alert: str, names: set[str], bad: Mapping[str, float], value: str = "") -> Case:
        title = f"without {', '.join(sorted(name.split('{')[0] for name in names))}"
        case = replace(node.fault(alert, bad, value), title=title, absent=frozenset(names))
        return replace(case, well_min=2, clears_min=0) if alert == "PoIErrorBudgetBurn" else case

    for name in (generate, verify):
        yield absent("FinalityCheckStalled", {name}, {finality: 0})
        less = {generate: node.each / 10, verify: node.each / 10}
        yield absent("PoIThroughputDegraded", {name}, less, si(0.15 * node.limits.throughput_per_s))
    for alert, successful in (("PoISuccessRateCritical", True), ("PoIErrorBudgetBurn", False)):

        def failed(share: float, successful: bool = successful) -> str:
            return percent(1 - share if successful else share)

        # half of generate fails, and no verification ever has: its counter of failures is not exposed
        failing = {generate: half, generate_failed: half}
        yield absent(alert, {verify_failed}, failing, failed(0.25))
        yield absent(alert, {generate_failed}, {verify: half, verify_failed: half}, failed(0.25))
        yield absent(alert, {verify, verify_failed}, failing, failed(0.5))
        # nothing ever succeeded
        every = {generate_failed: node.each, verify_failed: node.each}
        yield absent(alert, {generate, verify}, every, failed(1.0))
        yield replace(absent(alert, {generate_failed, verify_failed}, {}), fires=False)
        yield absent(alert, {series("up")}, node.errors(0.5, 0.5), failed(0.5))
    for case in node.faults():
        if case.alert.endswith("P99Violation") or (len(case.bad) == 1 and case.alert != "RustMetricsAbsent"):
            name = next(iter(case.bad)).split("{")[0]
            yield replace(case, title=f"without {name}", absent=frozenset(case.bad), fires=False)
