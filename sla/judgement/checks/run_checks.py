"""Checks of the run itself. What a failed one opens is in sla.judgement.checks.check_scope."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sla.estimators.dependence import FEWEST_WINDOWS
from sla.estimators.increments import Increments, bucket_increments
from sla.estimators.littles_law import TOLERANCE, littles_law
from sla.estimators.server_side import dominance_violation
from sla.judgement.checks.allowable import ALLOWABLE
from sla.judgement.checks.counters import COVERED, scrape_interval_s
from sla.judgement.checks.load_checks import load_checks
from sla.judgement.checks.locustfiles_users import exceptions, no_response
from sla.judgement.checks.losses import (
    CounterCheck,
    clock_skew,
    counted,
    hidden_failures,
    lost_workers,
    most_lost,
    restarts,
    stalls,
)
from sla.judgement.checks.other_users import other_users
from sla.judgement.checks.warm_up import warm_up_checks
from sla.judgement.few_windows import MEASURE_LONGER, scrape_more
from sla.judgement.generator.lateness import judged
from sla.judgement.no_data import failed_with
from sla.judgement.steady import operations_of
from sla.values import histogram
from sla.values.agreement import Agreement, OperationMetrics
from sla.values.assessment import Check, Status, Steady, check
from sla.values.measurements import Measurements, RunFacts, failed_checks_text
from sla.values.remedies import PLAIN, Remedy, RemedyWords
from sla.values.window import Window

CLOCK_TICK_NS = 100.0  # of the slowest clocks in use; a median under ten of them is too coarse
BAD_SAMPLES = 0.01  # of all that ended
NOTHING_DONE = "see why no user came to a task: its on_start() may fail, or what it waits for never comes"
CHECKED = "see which requests they are of; allow it only where each of those counts as failed here"
COVERED_SHARE = 0.5  # of the judged part that the server's metrics must cover; a Prometheus may scrape only every 15 or 30 s


def run_checks(
    measurements: Measurements,
    agreement: Agreement,
    steady: Steady | None,
    allowed: frozenset[str] = frozenset(),
    words: RemedyWords = PLAIN,
) -> list[Check]:
    """Every check, in the order in which they are shown. A failed one whose name in ALLOWABLE is `allowed` is a WARN, marked
    so; that there is data at all can't be waived. `words`: how to say what can be done.
    """
    prefixes = tuple(ALLOWABLE[name] for name in allowed)
    return [
        dataclasses.replace(c, status=Status.WARN, reason=f"{c.reason} (allowed)")
        if c.status is Status.FAIL and c.key.startswith(prefixes)
        else c
        for c in _checks(measurements, agreement, steady, words)
    ]


def _checks(measurements: Measurements, agreement: Agreement, steady: Steady | None, words: RemedyWords) -> list[Check]:
    all_checks = [*_data(measurements, agreement, steady), *_exchange(measurements, agreement)]
    all_checks += load_checks(measurements, agreement, steady, words)
    all_checks += warm_up_checks(measurements, agreement, steady)
    all_checks += other_users(measurements, agreement, steady) + no_response(measurements)
    all_checks += stalls(measurements.health_rows, steady)
    all_checks += clock_skew(judged(measurements.health_rows, steady), agreement.validity.clock_skew_ns)
    all_checks += _server(measurements, agreement, steady, words)
    for operation in operations_of(measurements.windows):
        mine = [w for w in measurements.windows if w.operation == operation]
        all_checks += _law(operation, mine)
        all_checks += _resolution(operation, mine) if not measurements.facts.tick_ns else []
    return all_checks


def _data(measurements: Measurements, agreement: Agreement, steady: Steady | None) -> list[Check]:
    """By a run too short for any estimate no agreement can be judged; without objectives nothing was claimed of it."""
    windows = measurements.windows
    finished, failed = sum(w.finished for w in windows), failed_with(windows)
    if not finished:
        return [check("data", "Data", True, "no operation was finished", 0.0, 1.0, "operations")]
    worst = Status.FAIL if agreement.objectives or agreement.evidence else Status.WARN
    text = "operations were measured in the steady part"
    checks = [check("data", "Data", False, text, float(finished), 1.0, "operations")]
    if steady is None:
        text = f"no steady part of at least 5 s at a constant rate: {MEASURE_LONGER}"
        checks = [check("data", "Data", True, text, 0.0, 5.0, "s", worst)]
    elif not any(w.finished or w.started for w in windows if steady.holds(w.second)):
        text = f"nothing was done in the judged part, and {finished:,} operations outside it: {failed}"
        checks = [check("data", "Data", True, text, 0.0, 1.0, "operations", worst, NOTHING_DONE)]
    if not any(w.ok for w in windows):
        text = f"not one operation succeeded: {failed}"
        checks.append(check("successes", "Successes", True, text, 0.0, 1.0, "operations"))
    return checks


def _exchange(measurements: Measurements, agreement: Agreement) -> list[Check]:
    facts = measurements.facts
    return [
        *lost_workers(measurements, agreement),
        *_closed(facts),
        _reports(measurements),
        *_bad_samples(measurements),
        *_unsigned(facts.unsigned_messages),
        *_failed_checks(facts),
        *exceptions(measurements),
    ]


def _reports(measurements: Measurements) -> Check:
    missing, lost = measurements.facts.missing_messages, measurements.facts.lost_rows
    broken = sum(measurements.health_rows.list_of("report_errors"))
    text = f"{missing} reports missing" + (f", {broken} could not be made (the worker's output says why)" if broken else "")
    text += f", {lost:,} rows of windows are not in the run's file any more (it was changed)" if lost else ""
    figure = float(missing + broken + lost)
    return check("reports", "Reports from workers", figure > 0, text, figure, 0.0, "reports")


def _bad_samples(measurements: Measurements) -> list[Check]:
    """Samples that a locustfile fired, or an imported file holds, and that are none; ended operations are counted all the
    same, in no latency.
    """
    bad = sum(measurements.health_rows.list_of("bad_samples")) + measurements.facts.bad_samples
    if not bad:
        return []
    share, why = bad / max(sum(w.finished for w in measurements.windows), bad), "a time that is none or far from all others"
    text = f"bad samples: {bad:,} ({100 * share:.2f} %), with a name that is no text, or {why}"
    status = Status.FAIL if share > BAD_SAMPLES else Status.WARN
    return [check("bad_samples", "Bad samples", True, text, share, BAD_SAMPLES, "ratio", status)]


def _closed(facts: RunFacts) -> list[Check]:
    if facts.closed:
        return []
    text = "the master was lost: the run was put together from what it had stored and the spools of the workers"
    text += f" ({', '.join(facts.spools) or 'none were found'})"
    return [check("closed", "Master", True, text, 1.0, 0.0, "masters lost")]


def _unsigned(count: int) -> list[Check]:
    """A warning: whoever sent them is no part of the run, and what was signed can be trusted all the same."""
    if not count:
        return []
    text = f"{count} messages were refused: not signed with this cluster's key"
    return [check("unsigned", "Unsigned messages", True, text, float(count), 0.0, "messages", Status.WARN)]


def _failed_checks(facts: RunFacts) -> list[Check]:
    """Checks of another tool's script. Which operations failed them is not known: any of the successful ones may have."""
    if not facts.failed_checks:
        return []
    count = sum(failed.count for failed in facts.failed_checks)
    text = f"the script's own checks failed {count:,} times, also of operations that may count as successful here"
    text += f": {failed_checks_text(facts.failed_checks)}"
    return [check("failed_checks", "Checks of the script", True, text, float(count), 0.0, "checks", advice=CHECKED)]


def _server(measurements: Measurements, agreement: Agreement, steady: Steady | None, words: RemedyWords) -> list[Check]:
    snapshots, facts = measurements.snapshots, measurements.facts
    wanted = any(o.kind.from_server for o in agreement.objectives)
    if not snapshots:
        text = f"the server's own metrics could not be read ({facts.scrapes_failed} readings failed)"
        advice = words[Remedy.CHECK_SERVER_METRICS]
        if not facts.scrapes_failed:
            text, advice = "no address of the server's own metrics was given", words[Remedy.GIVE_SERVER_METRICS]
        return [check("server_data", "Server metrics", True, text, 0.0, 1.0, "scrapes", advice=advice)] if wanted else []
    checks = [
        *_coverage(measurements, steady, wanted),
        check("scrapes", "Failed scrapes", facts.scrapes_failed > 0, f"{facts.scrapes_failed} scrapes failed",
               float(facts.scrapes_failed), 0.0, "scrapes", Status.WARN),
        restarts(measurements, agreement),
    ]  # fmt: skip
    for operation, metrics in agreement.operations.items():
        windows = measurements.with_groups(operation)
        if windows and metrics.total:
            checks += _against_server(operation, metrics, windows, measurements)
    return checks


def _coverage(measurements: Measurements, steady: Steady | None, wanted: bool) -> list[Check]:
    """A counter covers the time from its first to its last scrape in the judged part, and nothing before or after: one usual
    interval may be missing there.
    """
    snapshots = measurements.snapshots
    text = f"{len(snapshots)} scrapes"
    if steady is None or not wanted:
        return [check("server_data", "Server metrics", False, text, float(len(snapshots)), 1.0, "scrapes")]
    from_s, to_s, usual_s = steady.from_second, steady.to_second, scrape_interval_s(snapshots)
    inside = [s.at_ns / 1e9 for s in snapshots if from_s <= s.at_ns / 1e9 <= to_s]
    first_s, last_s = (min(inside), max(inside)) if inside else (from_s, from_s)
    share = (last_s - first_s) / (to_s - from_s)
    text += f", from the first to the last {100 * share:.0f} % of the part that is judged"
    intervals = max(len(inside) - 1, 0)
    rare = share < COVERED_SHARE and intervals < FEWEST_WINDOWS  # else they ended, or began late
    advice = scrape_more(intervals, to_s - from_s) if rare else ""
    checks = [check("server_data", "Server metrics", share < COVERED_SHARE, text, share, COVERED_SHARE, "ratio", advice=advice)]
    due = 1 - (max(first_s - from_s - usual_s, 0) + max(to_s - last_s - usual_s, 0)) / (to_s - from_s)
    if checks[0].status is Status.PASS and due < COVERED:
        text = f"no scrape in {100 * (1 - due):.0f} % of the part that is judged, at its begin or end: "
        text += f"{100 * COVERED:.0f} % of it must be covered"
        checks.append(check("server_data_gaps", "Server metrics, gaps", True, text, due, COVERED, "ratio"))
    return checks


def _against_server(
    operation: str, metrics: OperationMetrics, windows: Sequence[Window], measurements: Measurements
) -> list[Check]:
    """The client's counts and latencies of one operation against the server's own."""
    snapshots = measurements.snapshots
    key, title = f"counters_{operation}", f"Counters, {operation}"
    counter_check = counted(metrics, windows, measurements)
    if isinstance(counter_check, str):
        return [Check(key, title, Status.INCONCLUSIVE, None, None, "operations", counter_check)]
    hidden = hidden_failures(metrics, windows, measurements)
    checks = [_counters(key, title, counter_check, most_lost(measurements.facts), hidden)]
    increase = counter_check.increase
    increments = None
    if metrics.histogram and increase.from_ns < increase.to_ns:  # there is a time in which all targets were seen
        # each from its own first to its own last scrape: of one that is scraped later than others nothing is cut off
        increments = bucket_increments(snapshots, metrics.histogram, *increase.at_most_ns)
    if increments is not None:
        # what the client sent between the scrape before a restart and the restart is in no bucket any more
        slack = 0.0 if increase.idle else _peak_rate(windows) * 2
        if not increase.idle:  # what was finished before the first scrape or after the last is in no bucket
            from_s, to_s = increase.from_ns / 1e9, increase.to_ns / 1e9
            windows = [w for w in windows if from_s <= w.second and w.second + 1 <= to_s]
        checks.append(_dominance(operation, windows, increments, slack + counter_check.forgotten))
    return checks


def _counters(key: str, title: str, counter_check: CounterCheck, lost: float, hidden: float) -> Check:
    """`lost`: how many operations lost workers may have sent and not reported; the server may have counted them. `hidden`: how
    many of the server's failures nobody can have seen as such.
    """
    result, increase = counter_check.reconciliation, counter_check.increase
    text = str(counter_check)
    if counter_check.unfinished:
        text += f"; {counter_check.unfinished} were cut off, and the server may or may not have completed them"
    if increase.resets:
        text += (
            f"; the counters were reset {increase.resets} times, and with them up to {counter_check.forgotten:.0f} operations"
        )
    missing = result.low - result.client
    if 0 < missing <= lost:
        text += f"; {missing:.0f} went with lost workers"
    bad = not (result.low - lost <= result.client <= result.high + counter_check.forgotten)
    if hidden > lost:
        text = text.removesuffix(", exact")  # in sum alone
        text += f"; {hidden:.0f} that the server counts as failed were successful here: does a gateway respond in its place?"
    return check(key, title, bad or hidden > lost, text, result.client - increase.value, 0.0, "operations")


def _dominance(operation: str, windows: Sequence[Window], increments: Increments, slack: float) -> Check:
    client = histogram.merge(w.service for w in windows)
    excess, edge = dominance_violation(client, increments, slack)
    text = "no client response faster than the server's own time"
    if excess:
        text = f"{excess:.0f} more client responses within {edge / 1e3:.0f} us than the server needed for its own part"
    return check(f"dominance_{operation}", f"Dominance, {operation}", excess > 0, text, excess, 0.0, "operations")


def _peak_rate(windows: Sequence[Window]) -> float:
    return float(max((w.finished for w in windows), default=0))


def _law(operation: str, windows: Sequence[Window]) -> list[Check]:
    law = littles_law(windows)
    if law is None:
        return []
    text = f"in flight {law.mean_in_flight:.3f}, arrival rate x service time {law.expected:.3f} ({100 * law.difference:+.2f} %)"
    return [
        check(
            f"littles_law_{operation}",
            f"Little's law, {operation}",
            not law.holds,
            text,
            law.difference,
            TOLERANCE,
            "ratio",
        )
    ]


def _resolution(operation: str, windows: Sequence[Window]) -> list[Check]:
    """A clock too coarse for what it measured is a measurement artefact. Where it is known how coarse it is (facts.tick_ns),
    intervals are the wider for it, and hold.
    """
    whole = histogram.merge(w.service for w in windows)
    counted = int(whole.counts.sum())
    if not counted:
        return []
    zeros = whole.count_at_or_below(0) / counted
    median = whole.quantile_ns(0.5)
    bad = zeros > 0.01 or median < 10 * CLOCK_TICK_NS
    text = f"median {median / 1e3:.1f} us, {100 * zeros:.1f} % zero latencies"
    return [check(f"resolution_{operation}", f"Clock resolution, {operation}", bad, text, median, 10 * CLOCK_TICK_NS, "ns")]
