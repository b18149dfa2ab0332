"""promtool unit tests for every alert rule: silent while all is well, pending before its time, firing, resolved.

A node's series are played for three stretches of minutes (well, badly, well again); what is bad differs by case (rule_case).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bizra_load.monitoring.rule_files import annotations_of, labels_of
from bizra_load.monitoring.rules import DURATION, INSTANCE, JOB_LABEL, PERCENT, RUNBOOKS, VALUE, AlertRule
from bizra_load.poi.rule_case import NAN, OTHER, OTHER_JOB, OWN, REPLICAS, Case, is_gauge, labelled
from bizra_load.poi.rule_cases import cases
from bizra_load.poi.rule_series import START
from bizra_load.poi.rules import JOB
from sla.values.agreement import Agreement

RESTARTS_BEFORE_MIN = 3  # the last restart before a stretch is looked at: within every window of a rule


def unit_tests(
    agreement: Agreement, rules: Sequence[AlertRule], rule_file: str, runbooks: str = RUNBOOKS, job: str = JOB
) -> dict[str, Any]:
    """The content of a file for `promtool test rules`; `job` is the rules' own. Raises AgreementError as thresholds() does."""
    names = {r.name: r for r in rules}
    planned = cases(agreement)
    missing = names.keys() - {c.alert for c in planned if c.fires}
    assert not missing, f"alerts without a test: {missing}"
    return {
        "rule_files": [rule_file],
        "evaluation_interval": "30s",
        "tests": [_test(names[c.alert], c, runbooks, job) for c in planned],
    }


def _test(rule: AlertRule, case: Case, runbooks: str, job: str) -> dict[str, Any]:
    bad_end = case.well_min + case.minutes
    labels = {**labels_of(rule), "job": job, **case.labels}
    if instance := case.instance if INSTANCE in rule.description else "":
        labels["instance"] = instance
    if case.apart_by:
        labels[case.apart_by] = OWN
    annotations = {key: _filled(text, case.value, instance, job) for key, text in annotations_of(rule, runbooks).items()}
    firing = [{"exp_labels": labels, "exp_annotations": annotations}] if case.fires else []
    at_first = firing if case.from_the_start else []
    expected = [(case.well_min - 1, at_first), (bad_end - 1, firing)]
    if not case.from_the_start:
        if case.clears_min:
            expected.append((bad_end + case.clears_min, []))
        if rule.for_s >= 60:  # already bad, not yet for long enough
            expected.insert(1, (case.well_min + int(rule.for_s // 60) - 1, []))
    return {
        "name": f"{rule.name}, {case.title}",
        "interval": f"{case.every_min}m",
        "input_series": _input(rule, case, job),
        "alert_rule_test": [
            {"eval_time": f"{minute}m", "alertname": rule.name, "exp_alerts": alerts} for minute, alerts in expected
        ],
    }


def _input(rule: AlertRule, case: Case, own: str) -> list[dict[str, str]]:
    """The series that the rule reads; those of JOB as the job that is called `own`."""
    called = {JOB: own, OTHER_JOB: OTHER_JOB if own != OTHER_JOB else f"{OTHER_JOB}-too"}
    after = case.clears_min + 2
    played = []
    for name, value in {**case.well, **case.beside}.items():
        if name in case.absent or name.partition("{")[0] not in rule.expr:
            continue
        every = case.every_min
        stretches = [
            (minutes // every, step if is_gauge(name) else step * every)
            for minutes, step in ((case.well_min, value), (case.minutes, case.bad.get(name, value)), (after, value))
        ]
        values = _values(name, stretches, case.restarts)
        jobs = (own, called[OTHER_JOB]) if case.twice else (called[_job_of(name)],)
        for job in jobs:
            series = name.replace(f'job="{_job_of(name)}"', f'job="{job}"')
            further = REPLICAS if case.replicas else (f'{case.apart_by}="{OWN}"',) if case.apart_by else ("",)
            played += [{"series": labelled(series, labels), "values": values} for labels in further]
            if case.apart_by:
                well = _values(name, [(scrapes, value) for scrapes, _ in stretches], restarts=False)
                played.append({"series": labelled(series, f'{case.apart_by}="{OTHER}"'), "values": well})
    return played


def _job_of(series: str) -> str:
    return OTHER_JOB if f'job="{OTHER_JOB}"' in series else JOB


def _filled(text: str, value: str, instance: str, job: str) -> str:
    text = text.replace(JOB_LABEL, job).replace(INSTANCE, instance)
    for template in (DURATION, PERCENT, VALUE, "{{ $value | humanize1024 }}"):
        text = text.replace(template, value)
    return text


def _values(series: str, stretches: Sequence[tuple[int, float]], restarts: bool) -> str:
    """Stretches of so many scrapes, and what each brings, in promtool's notation: 'a+bxn' is a and n more, each b higher;
    'stale' and '_' end a series and leave it out.

    With restarts a counter begins again with what one scrape brings, in the first stretch after a scrape that was missed.
    """
    parts, at, elapsed = [], 0.0, 0
    starts = series.startswith(START)
    for number, (scrapes, step) in enumerate(stretches):
        again = restarts and number < 2
        missed = 1 if again and number == 0 else 0
        before = scrapes - RESTARTS_BEFORE_MIN if again else scrapes
        after = scrapes - before - missed
        if step != step:  # missing
            parts.append(f"stale _x{scrapes - 1}")
        elif step == NAN:
            parts.append(f"NaN+0x{scrapes - 1}")
        elif is_gauge(series) and not starts:
            parts.append(f"{step:.12g}+0x{scrapes - 1}")
        else:
            each = 0.0 if starts else step
            parts.append(f"{at:.12g}+{each:.12g}x{before - 1}")
            at += each * before
            if again:
                parts += ["stale"] * missed
                first = 60.0 * (elapsed + before) if starts else step
                parts.append(f"{first:.12g}+{each:.12g}x{after - 1}")
                at = first + each * after
        elapsed += scrapes
    return " ".join(parts)
