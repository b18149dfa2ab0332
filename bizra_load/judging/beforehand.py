"""What of a judgement can be refused before the first request. Small: who starts a load waits for what this imports."""

from __future__ import annotations

from bizra_load.exit_codes import UsageError
from bizra_load.judging import evidence
from bizra_load.judging.agreements import AgreementFile, read_agreement
from bizra_load.settings.settings import Settings
from sla.values.agreement import Agreement
from sla.values.shown import first_of

MOST_TITLES = 3  # in one line


def check_settings(settings: Settings, final: bool = True) -> AgreementFile:
    """The agreement, its environment, the evidence; what they are judged by. Not `final`: a web form may still change them.
    Raises UsageError.
    """
    file = read_agreement(settings.agreement, settings.baseline, settings.objectives)
    file.check_environment(settings.environment)
    evidence.read_files(settings.evidence, file)
    if final and not file.agreement.objectives:
        for flag, given in (("--abort-on-fail", settings.abort_on_fail), ("--stop-when-decided", settings.stop_when_decided)):
            if given:
                raise UsageError(f"{flag}: without objectives nothing is decided (allowed: with --objective or --agreement)")
    return file


def unplanned(agreement: Agreement, saturating: bool) -> str:
    """One line on objectives that are a share of the plan, for a load without one; "" where there are none. `saturating`: it
    goes as fast as responses come.
    """
    limits = ((o.title, limit) for o in agreement.objectives for limit in (o.acceptable, o.target))  # the latter counts
    shares = {title: limit.value for title, limit in limits if limit is not None and limit.of_plan}
    if not shares:
        return ""
    titles = first_of([f"{title} >= {100 * share:g} % of plan" for title, share in shares.items()], MOST_TITLES, "; ")
    why = "with --arrivals saturate" if saturating else "without --target-ops or --stages"
    allowed = "with a planned rate, or a limit in ops/s"
    return f"{titles}: {why} there is no plan: it can't be judged, and stays open (allowed: {allowed})"
