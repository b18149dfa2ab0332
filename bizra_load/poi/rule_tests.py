"""promtool unit tests for every alert rule: silent while all is well, pending before its time, firing, resolved.

A node's series are played for three stretches of minutes (well, badly, well again); what is bad differs by rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bizra_load.monitoring.rule_files import annotations_of, labels_of
from bizra_load.monitoring.rules import DURATION, INSTANCE, JOB_LABEL, PERCENT, RUNBOOKS, VALUE, AlertRule
from bizra_load.poi.rules import JOB, Thresholds, thresholds
from sla.values.agreement import Agreement

NODE = "node-0:9090"
WELL_MIN = 70  # an hour of history, which some windows look back on
MISSING = float("nan")


@dataclass(frozen=True)
class Fault:
    """What goes wrong for `minutes`: increments a minute of counters and values of gauges that replace those of a node that is
    well; `value` is that of the alert as a description displays it. `clears_min`: by then it has resolved.
    """

    alert: str
    bad: Mapping[str, float]
    value: str = ""
    minutes: int = 30
    clears_min: int = 6
    of_instance: bool = True  # where the description names one


def unit_tests(agreement: Agreement, rules: Sequence[AlertRule], rule_file: str, runbooks: str = RUNBOOKS) -> dict[str, Any]:
    """The content of a file for `promtool test rules`. Raises AgreementError as thresholds() does."""
    limits = thresholds(agreement)
    names = {r.name: r for r in rules}
    well = _well(agreement, limits)
    faults = _faults(agreement, limits, well)
    missing = names.keys() - {f.alert for f in faults}
    assert not missing, f"alerts without a test: {missing}"
    return {
        "rule_files": [rule_file],
        "evaluation_interval": "30s",
        "tests": [_test(names[f.alert], f, well, runbooks) for f in faults],
    }


def _test(rule: AlertRule, fault: Fault, well: Mapping[str, float], runbooks: str) -> dict[str, Any]:
    bad_end = WELL_MIN + fault.minutes
    after = fault.clears_min + 2
    labels = {**labels_of(rule), "job": JOB}
    instance = NODE if INSTANCE in rule.description and fault.of_instance else ""
    if instance:
        labels["instance"] = instance
    annotations = {key: _filled(text, fault.value, instance) for key, text in annotations_of(rule, runbooks).items()}
    firing = [{"exp_labels": labels, "exp_annotations": annotations}]
    expected = [(WELL_MIN - 1, []), (bad_end - 1, firing), (bad_end + fault.clears_min, [])]
    if rule.for_s >= 60:  # already bad, not yet for long enough
        expected.insert(1, (WELL_MIN + int(rule.for_s // 60) - 1, []))
    return {
        "name": f"{rule.name}, bad for {fault.minutes} minutes",
        "interval": "1m",
        "input_series": [
            {
                "series": name,
                "values": _values(name, [(WELL_MIN, value), (fault.minutes, fault.bad.get(name, value)), (after, value)]),
            }
            for name, value in well.items()
        ],
        "alert_rule_test": [
            {"eval_time": f"{minute}m", "alertname": rule.name, "exp_alerts": alerts} for minute, alerts in expected
        ],
    }


def _filled(text: str, value: str, instance: str) -> str:
    text = text.replace(JOB_LABEL, JOB).replace(INSTANCE, instance)
    for template in (DURATION, PERCENT, VALUE, "{{ $value | humanize1024 }}"):
        text = text.replace(template, value)
    return text


def _series(name: str, **labels: str) -> str:
    inside = ", ".join(f'{k}="{v}"' for k, v in {"job": JOB, "instance": NODE, **labels}.items())
    return f"{name}{{{inside}}}"


def _is_gauge(series: str) -> bool:
    return not any(series.split("{")[0].endswith(end) for end in ("_total", "_bucket"))


def _values(series: str, stretches: Sequence[tuple[int, float]]) -> str:
    """promtool's notation: 'a+bxn' is a and n more, each b higher; 'stale' and '_' end a series and leave it out."""
    parts, at = [], 0.0
    for minutes, step in stretches:
        if step != step:  # missing
            parts.append(f"stale _x{minutes - 1}")
        elif _is_gauge(series):
            parts.append(f"{step:.12g}+0x{minutes - 1}")
        else:
            parts.append(f"{at:.12g}+{step:.12g}x{minutes - 1}")
            at += step * minutes
    return " ".join(parts)


def _buckets(histogram: str, limit_s: float, per_minute: float, share_over: float) -> dict[str, float]:
    """Increments of a histogram with its limit as an edge: the rest of the share lies in the bucket up to twice the limit."""
    within = per_minute * (1 - share_over)
    edges = ((f"{limit_s:.12g}", within), (f"{2 * limit_s:.12g}", per_minute), ("+Inf", per_minute))
    return {_series(f"{histogram}_bucket", le=le): value for le, value in edges}


def _well(agreement: Agreement, limits: Thresholds) -> dict[str, float]:
    """A node that keeps everything: counters by minute, gauges as they are."""
    generate, verify, finality = (agreement.operations[o] for o in ("generate", "verify", "finality"))
    each = limits.throughput_per_s * 60  # generate and verify together: twice what is accepted
    return {
        **_buckets(finality.histogram, limits.finality_p99_s, 600, 0.0),
        **_buckets(generate.histogram, limits.generate_p99_s, each, 0.0),
        **_buckets(verify.histogram, limits.verify_p99_s, each, 0.0),
        _series(finality.total): 600,
        _series(generate.total): each,
        _series(generate.failed): 0,
        _series(verify.total): each,
        _series(verify.failed): 0,
        _series("process_resident_memory_bytes"): limits.memory_bytes / 2,
        _series("process_cpu_seconds_total"): 60 * limits.cpu_cores / 2,
        _series("up"): 1,
        _series("scrape_duration_seconds"): 0.01,
    }


def _faults(agreement: Agreement, limits: Thresholds, well: Mapping[str, float]) -> list[Fault]:
    generate, verify, finality = (agreement.operations[o] for o in ("generate", "verify", "finality"))
    each = well[_series(generate.total)]

    def errors(share: float) -> dict[str, float]:
        increments = {}
        for o in (generate, verify):
            increments[_series(o.total)], increments[_series(o.failed)] = each * (1 - share), each * share
        return increments

    def slow(alert: str, histogram: str, limit_s: float, per_minute: float) -> Fault:
        return Fault(alert, _buckets(histogram, limit_s, per_minute, 1.0), _duration(1.99 * limit_s))

    budget = 1 - limits.success
    fast, creeping, below = 20 * budget, 7 * budget, 2 * budget
    memory, cores = 2 * limits.memory_bytes, 2 * limits.cpu_cores
    return [
        slow("FinalityCheckP99Violation", finality.histogram, limits.finality_p99_s, 600),
        Fault("FinalityCheckStalled", {_series(finality.total): 0}),
        slow("PoIGenerationP99Violation", generate.histogram, limits.generate_p99_s, each),
        slow("PoIVerificationP99Violation", verify.histogram, limits.verify_p99_s, each),
        Fault(
            "PoIThroughputDegraded",
            {_series(generate.total): each / 10, _series(verify.total): each / 10},
            _si(limits.throughput_per_s / 5),
        ),
        Fault("PoISuccessRateCritical", errors(below), f"{100 * (1 - below):.4g}%"),
        # half of generate fails, and no verification ever has: its counter of failures is not exposed
        Fault(
            "PoISuccessRateCritical",
            {_series(generate.total): each / 2, _series(generate.failed): each / 2, _series(verify.failed): MISSING},
            "75%",
        ),
        Fault("PoIErrorBudgetBurn", errors(fast), f"{100 * fast:.4g}%", minutes=70, clears_min=35),
        Fault("PoIErrorBudgetBurn", errors(creeping), f"{100 * creeping:.4g}%", minutes=400, clears_min=35),
        Fault("RustProcessMemoryHigh", {_series("process_resident_memory_bytes"): memory}, f"{memory / 2**30:.4g}Gi"),
        Fault("RustProcessCPUHigh", {_series("process_cpu_seconds_total"): 60 * cores}, f"{cores:.4g}"),
        Fault("RustMetricsEndpointDown", {_series("up"): 0}),
        Fault("RustMetricsAbsent", {_series(generate.total): MISSING}),
        # scaled to nothing, or a label of its monitor is wrong: everything ends, its target too
        Fault("RustMetricsAbsent", dict.fromkeys(well, MISSING), of_instance=False),
        Fault("PrometheusScrapeSlow", {_series("scrape_duration_seconds"): limits.scrape_s + 1}, f"{limits.scrape_s + 1:.4g}s"),
    ]


def _duration(seconds: float) -> str:
    """Less than a minute, as Prometheus' humanizeDuration formats it."""
    for factor, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= factor:
            return f"{seconds / factor:.4g}{name}"
    return f"{seconds * 1e9:.4g}ns"


def _si(value: float) -> str:
    """A number as Prometheus' humanize formats it."""
    for factor, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.4g}{name}"
    return f"{value:.4g}"
