"""PromQL over the metrics of the nodes of one job, of which the alert rules are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bizra_load.monitoring.rules import promql_duration
from sla.values.agreement import OperationMetrics
from sla.values.promql import (
    DEPLOYMENT,
    ON_TARGET,
    REPLICAS,
    REPLICAS_OF_TARGETS,
    TARGET,
    added,
    by,
    enough,
    joined,
    on,
    once,
    quantile_over,
    rate_from_0,
    without_metric,
)

EACH = by(*TARGET)
MEMORY, CPU, START = "process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"


@dataclass(frozen=True)
class NodeSeries:
    """`operations`: the names of each one's metrics. Windows are in seconds, before they are sped up.

    What is true of each instance is asked of each: in a sum over all of them, one that hangs and so completes little vanishes.
    What several replicas of a Prometheus deliver to one store is counted, and fires, once.
    """

    operations: Mapping[str, OperationMetrics]
    job: str
    speed_up: float

    @property
    def matchers(self) -> str:
        return f'job="{self.job}"'

    @property
    def node(self) -> str:
        return f"{{{self.matchers}}}"

    def span(self, window_s: float) -> str:
        return promql_duration(window_s / self.speed_up)

    def rate(self, metric: str, window_s: float, scrapers: Sequence[str] = REPLICAS) -> str:
        return once(f"rate({metric}{self.node}[{self.span(window_s)}])", scrapers)

    def p99_over(self, operation: str, limit: str) -> str:
        histogram, window_s = self.operations[operation].histogram, 300 / self.speed_up
        return quantile_over(0.99, limit, histogram, self.matchers, promql_duration(window_s), window_s, by(*TARGET, "le"))

    def gauge(self, metric: str) -> str:
        return once(f"{metric}{self.node}", REPLICAS_OF_TARGETS)

    def down(self) -> str:
        """Targets that can't be scraped, or often can't, or whose process does not live for long.

        In 15 minutes six in ten: every second scrape that is lost is a fault (of an odd number 0.57 succeed), one in three is
        what a slow node or a rollout loses, and leaves two samples in each window of the other rules.
        """
        still = f"{ON_TARGET} min_over_time(up{self.node}[{self.span(300)}]) == 0"  # what came back after a quarter is not down
        often = f"{self._less_up(300, 0.5)} or {self._less_up(900, 0.6)} and {still}"
        return f"{self._unreachable()} or {often} or {self.gauge('up')} and {ON_TARGET} ({self._restarting()})"

    def _unreachable(self) -> str:
        """The last scrape failed; and, of targets that are scraped so seldom that it holds for a minute, the one before."""
        window = self.span(240)
        one_lost = f"count_over_time(up{self.node}[{window}]) < 4 and max_over_time(up{self.node}[{window}]) == 1"
        return f"{self.gauge('up')} == 0 unless {ON_TARGET} ({one_lost})"

    def _less_up(self, window_s: float, share: float) -> str:
        """Targets that are no younger than the window."""
        up = once(f"avg_over_time(up{self.node}[{self.span(window_s)}])", REPLICAS_OF_TARGETS)
        return f"{up} < {share:g} and {ON_TARGET} up{self.node} offset {self.span(window_s)}"

    def _restarting(self) -> str:
        """Nodes of which no process has been seen that was older than 200 s in ten minutes: three starts or more, and no
        rollout. (Some clients work the start out anew for each scrape: that it changes says nothing.) Where the start is not
        exposed, those whose counter of generations began anew three times; where it is, a counter that goes back and forth is
        that of two processes behind one address, or of two replicas behind one balancer.
        """
        window, steps = self.span(600), self.span(30)
        young = f"max_over_time((time() - {START}{self.node})[{window}:{steps}]) < {200 / self.speed_up:g}"
        anew = f"resets({self.operations['generate'].total}{self.node}[{window}]) > 2"
        anew += f" unless {ON_TARGET} count_over_time({START}{self.node}[{window}])"
        return f"{young} and {ON_TARGET} up{self.node} offset {window} or {anew}"

    def rates(self, counters: Sequence[str], window_s: float, of: str = EACH, scrapers: Sequence[str] = REPLICAS) -> str:
        return added([self.rate(c, window_s, scrapers) for c in counters], of)

    def ever(self, counters: Sequence[str]) -> str:
        """What each process has counted since it started."""
        return added([once(f"{c}{self.node}", REPLICAS) for c in counters], EACH)

    def stopped(self) -> str:
        """Nodes that attempted nothing of generate, or of verify, in five minutes, and of it completed one a second in the last
        hour, while other nodes go on with it: without those nothing may be asked for.
        """
        stopped = []
        for metrics in (self.operations[o] for o in ("generate", "verify")):
            did, others = self.rates([metrics.total], 3600), self.rates([metrics.total], 300, by("job"))
            nothing = f"{self.rates([metrics.total, metrics.failed], 300)} == 0"
            stopped.append(f"{nothing} and {did} >= 1 and {on('job')} {others} > 0")
        return " or ".join(stopped)

    def successful(self) -> list[str]:
        return [self.operations[o].total for o in ("generate", "verify")]

    def failed(self) -> list[str]:
        return [self.operations[o].failed for o in ("generate", "verify")]

    def errors(self, window_s: float, of: str = EACH) -> str:
        """The share of generate and verify operations that failed; empty where no counter of failures is there."""
        attempts = [*self.failed(), *self.successful()]
        return f"{self.rates(self.failed(), window_s, of)} / {self.rates(attempts, window_s, of)}"

    def enough_failed(self, window_s: float, of: str) -> str:
        return enough(self.rates(self.failed(), window_s, of), window_s / self.speed_up)

    def bad_share(self, window_s: float, least: float) -> str:
        """The share of a node's operations that succeed, where it is less than that and enough fail; a counter that begins in
        the window has begun at 0.
        """
        known = f"{self.operations['generate'].total}{self.node}"
        window, s = self.span(window_s), window_s / self.speed_up

        def rates(counters: Sequence[str]) -> str:
            each = [f"{c}{self.node}" for c in counters]
            from_0 = [f"rate({c}[{window}])" if c == known else rate_from_0(c, known, window, s) for c in each]
            return added([once(r, REPLICAS) for r in from_0], EACH)

        failed, attempts = rates(self.failed()), rates([*self.failed(), *self.successful()])
        return f"1 - {failed} / {attempts} < {least:.12g} and {enough(failed, s)}"

    def up(self) -> str:
        return f"(max {EACH} (up{self.node}) == 1)"

    def blind(self) -> str:
        """Nodes that are up and lack what other rules are made of, by what else they expose."""
        generate = f"{self.operations['generate'].total}{self.node} >= 0"  # without it no node is known to work
        lacking = [*self._uncounted(), *self._unresourced(), f"({self._ended()})"]
        return f"{without_metric(self.up(), generate)} or max {EACH} ({' or '.join(lacking)})"

    def left(self) -> str:
        """No target of the job is there; or none of a cluster that had some in the last hour, and others have.

        Targets without the label are not missed: they may have been given it.
        """
        named, all_of = f'up{{{self.matchers}, cluster!=""}}', f"up{self.node}"
        had = f"max {by(*DEPLOYMENT)} (count_over_time({named}[{self.span(3600)}]))"
        return f"absent({all_of}) or {had} unless {on(*DEPLOYMENT)} {all_of} and {on('job')} {all_of}"

    def _moving(self, counter: str) -> str:
        """It is counted up, and there still, so its node is up; and this process has counted, not only the one before."""
        return f"(rate({counter}[{self.span(300)}]) > 0 and {counter} > 0)"

    def _uncounted(self) -> list[str]:
        """Operations that go on by their counter, and have no histogram that a quantile comes of; and the other way round."""
        lacking = []
        for operation, metrics in self.operations.items():
            total, buckets = f"{metrics.total}{self.node}", f"{metrics.histogram}_bucket{{{self.matchers}, le"
            every = f'{buckets}="+Inf"}}'
            histogram = f'({every} >= 0 and {ON_TARGET} {buckets}!="+Inf"}} >= 0)'
            lacking.append(f"{self._moving(total)} unless {ON_TARGET} {histogram}")
            if operation != "generate":
                lacking.append(f"{self._moving(every)} unless {ON_TARGET} {total} >= 0")
        return lacking

    def _unresourced(self) -> list[str]:
        """Processes whose memory or CPU time was there in the last hour; others have never exposed it."""
        here = f"(up{self.node} == 1 or {self.operations['generate'].total}{self.node})"
        metrics = [f"{name}{self.node}" for name in (MEMORY, CPU)]
        had = (f"count_over_time({m}[{self.span(3600)}]) and {ON_TARGET} {here} unless {ON_TARGET} {m} >= 0" for m in metrics)
        return [f"({h})" for h in had]

    def _ended(self) -> str:
        """Working nodes of which a counter was there in the last hour and is not now, though the process is the same.

        After a restart such a counter may be exposed with its next event. Where the start is not exposed, no restart is known
        in an hour whose counter of generations never went back. A minute more: clocks of nodes and of Prometheus differ.
        """
        totals = [metrics.total for operation, metrics in self.operations.items() if operation != "generate"]
        counters = [f"{c}{self.node}" for c in (*totals, *self.failed())]
        hour = self.span(3600)
        seen = [f"max_over_time(timestamp({c})[{hour}:{self.span(60)}]) unless {ON_TARGET} {c} >= 0" for c in counters]
        started = f"max {EACH} ({START}{self.node} >= 0) + {60 / self.speed_up:g}"
        never_back = f"max {EACH} (resets({self.operations['generate'].total}{self.node}[{hour}])) == 0"
        working = " or ".join(self._moving(c + self.node) for c in self.successful())
        return f"max {EACH} ({joined(seen)}) > ({started} or {never_back}) and {ON_TARGET} ({working})"
