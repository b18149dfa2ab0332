"""What of a judgement can be refused before the first request. Small: who starts a load waits for what this imports."""

from __future__ import annotations

from bizra_load.exit_codes import UsageError
from bizra_load.judging import evidence
from bizra_load.judging.agreements import AgreementFile, read_agreement
from bizra_load.settings.settings import Settings


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
