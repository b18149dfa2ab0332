"""What of a judgement can be refused before the first request. Small: who starts a load waits for what this imports."""

from __future__ import annotations

from bizra_load.judging import evidence
from bizra_load.judging.agreements import AgreementFile, read_agreement
from bizra_load.settings.settings import Settings


def check_settings(settings: Settings) -> AgreementFile:
    """The agreement, its environment, the evidence; what they are judged by. Raises UsageError."""
    file = read_agreement(settings.agreement, settings.baseline, settings.objectives)
    file.check_environment(settings.environment)
    evidence.read_files(settings.evidence, file)
    return file
