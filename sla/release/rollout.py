"""The rollout of each decision: steps, holds, what is watched, which commands roll it back.

The decision framework gives each strategy's steps and its total length; how the total is spread over the steps is settled here:
a step's shortest and longest hold add up to the total's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sla.values.assessment import Evidence
from sla.values.monitoring import RequiredMonitoring
from sla.values.remedies import PLAIN, Remedy, RemedyWords
from sla.values.strategy import DAY_S, Command, Step, Strategy, Watch

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
APPROVALS = ("Technical lead", "DevOps lead", "Product owner")


def _canary(
    name: str, days: tuple[float, float], check_every_s: float, check: str, *steps: tuple[int, float, float]
) -> Strategy:
    return Strategy(name, tuple(Step(*s) for s in steps), *days, check_every_s, check)


STANDARD = _canary(
    "standard canary", (4, 7), DAY_S, "check every 24 h", (5, 24, 42), (25, 24, 42), (50, 24, 42), (100, 24, 42)
)  # fmt: skip
SLOWER = _canary(
    "slower canary", (7, 10), 14_400, "check every 4 h",
    (1, 24, 48), (5, 36, 48), (25, 36, 48), (50, 36, 48), (100, 36, 48),
)  # fmt: skip
VERY_SLOW = _canary(
    "very slow canary", (10, 14), 60, "continuous watch",
    (1, 40, 56), (2, 40, 56), (5, 40, 56), (10, 40, 56), (25, 40, 56), (100, 40, 56),
)  # fmt: skip


def monitoring_plan(strategy: Strategy, required: RequiredMonitoring, words: RemedyWords = PLAIN) -> tuple[Watch, ...]:
    """What is looked at while the traffic moves; nothing where nothing moves."""
    if not strategy.steps:
        return ()
    rules = f"{required.rules} alert rule" if required.rules else "alert rule"
    panels = f"{_in_words(required.panels)} panel" if required.panels else "panel"
    return (
        Watch(
            "all the time",
            f"the rollback triggers, evaluated by Prometheus or the canary controller; the {rules}{_s(required.rules)}",
        ),
        Watch(
            strategy.check, f"the {panels}{_s(required.panels)} of the dashboard, against the figures of the performance report"
        ),
        Watch(
            "before each step", "no critical alert has fired since the last one, every trigger is silent, its hold time is over"
        ),
        Watch(
            "once a day", f"{words[Remedy.JUDGE_REAL_TRAFFIC]} over the last day; the figures go beside those of the day before"
        ),
        Watch("after 100 %", "one more load test, and its figures as the next baseline"),
    )


def _in_words(number: int) -> str:
    return _WORDS[number - 1] if 0 < number <= len(_WORDS) else str(number)


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def names_in(evidence: Iterable[Evidence]) -> Mapping[str, str]:
    """What is known of the service that is rolled out: kind, name, namespace, as the deployment's evidence has them; job: whose
    alert rules the Prometheus under validation has loaded.
    """
    names: dict[str, str] = {}
    for e in evidence:
        if e.key == "deployment":
            names |= {key: e.facts[key] for key in ("kind", "name", "namespace") if key in e.facts}
        elif e.key == "alert-rules" and "job" in e.facts:
            names["job"] = e.facts["job"]
    return names


def rollback_commands(names: Mapping[str, str], usual_name: str) -> tuple[Command, ...]:
    """Commands for what the deployment's evidence names: a Deployment, StatefulSet or DaemonSet, or an Argo Rollout; for a
    Deployment and for a Rollout where it names nothing. `names` holds kind, name and namespace as far as they are known; the
    last two and `usual_name`, which stands in, must be checked to be Kubernetes names: they are put into a shell's line.
    """
    kind = names.get("kind", "")
    argo, plain = kind in ("", "Rollout"), kind if kind in ("StatefulSet", "DaemonSet") else "Deployment"
    target = f'"{plain.lower()}/$DEPLOYMENT" --namespace "$NAMESPACE"'
    rollout = '"$DEPLOYMENT" --namespace "$NAMESPACE"'
    match [what for what in ("name", "namespace") if what in names]:
        case []:
            whose = "put your own names in"
        case [what]:
            whose = f"its {what} as the deployment's evidence says; put the other in"
        case _:
            whose = "as the deployment's evidence names them"
    name, namespace = names.get("name", usual_name), names.get("namespace", "default")
    commands = [Command("names", f"What is rolled back ({whose})", f"export DEPLOYMENT={name} NAMESPACE={namespace}")]
    if argo:
        commands.append(
            Command("automated", "Argo Rollouts: back to the stable version", f"kubectl argo rollouts abort {rollout}")
        )
    if kind != "Rollout":
        commands.append(Command("automated", f"A {plain}: back to the revision before", f"kubectl rollout undo {target}"))
        commands.append(Command("manual", "The revisions there are", f"kubectl rollout history {target}"))
        commands.append(Command("manual", "Back to the revision before", f"kubectl rollout undo {target}"))
    if argo:
        undo = f"kubectl argo rollouts undo {rollout}"
        commands.append(Command("manual", "Argo Rollouts: back to the revision before", undo))
        # not `status`, which ends with an error after an abort: the phase is Degraded until a new version comes
        commands.append(Command("manual", "Argo Rollouts: see that it is back", f"kubectl argo rollouts get rollout {rollout}"))
    if kind != "Rollout":
        commands.append(Command("manual", "Wait until it is back", f"kubectl rollout status {target} --timeout=5m"))
    return tuple(commands)
