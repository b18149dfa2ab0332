"""The estimator of an objective, by its kind."""

from __future__ import annotations

from typing import assert_never

from sla.judgement.kinds.base import ObjectiveEstimator
from sla.judgement.kinds.client_latency import ClientLatencyEstimator
from sla.judgement.kinds.server_latency import ServerLatencyEstimator
from sla.judgement.kinds.success_rate import SuccessRateEstimator
from sla.judgement.kinds.throughput import ThroughputEstimator
from sla.values.agreement import Agreement, Objective
from sla.values.kinds import ClientLatency, ServerLatency, SuccessRate, Throughput


def estimator_of(objective: Objective, agreement: Agreement) -> ObjectiveEstimator:
    """mypy demands a case here for every member of ObjectiveKind."""
    match objective.kind:
        case ServerLatency() as kind:
            return ServerLatencyEstimator(objective, agreement, kind)
        case ClientLatency() as kind:
            return ClientLatencyEstimator(objective, agreement, kind)
        case Throughput():
            return ThroughputEstimator(objective, agreement)
        case SuccessRate():
            return SuccessRateEstimator(objective, agreement)
        case _ as unreachable:
            assert_never(unreachable)
