"""What an alert rule is, whatever it watches, and Prometheus' own template words in it."""

from __future__ import annotations

from dataclasses import dataclass

# where docs/runbooks.md is published; Alertmanager and Grafana show it as a link, so it must be absolute
RUNBOOKS = "https://docs.bizra.io/bizra-load/runbooks"

# what Prometheus puts into a description
JOB_LABEL, INSTANCE, VALUE = "{{ $labels.job }}", "{{ $labels.instance }}", "{{ $value | humanize }}"
DURATION, PERCENT = "{{ $value | humanizeDuration }}", "{{ $value | humanizePercentage }}"


@dataclass(frozen=True)
class AlertRule:
    """`for_s` in seconds; `expr` is PromQL; `kind` is sla, resource or health; `service` names what it watches."""

    name: str
    group: str
    severity: str
    kind: str
    expr: str
    for_s: float
    summary: str
    description: str
    service: str

    @property
    def anchor(self) -> str:
        """Where its section is in the runbooks."""
        return self.name.lower()


def promql_duration(seconds: float) -> str:
    """ "5m", "90s", "1500ms": whole units only, as PromQL wants them."""
    ms = max(round(seconds * 1000), 1)
    for unit, name in ((3_600_000, "h"), (60_000, "m"), (1000, "s")):
        if ms % unit == 0:
            return f"{ms // unit}{name}"
    return f"{ms}ms"
