"""What an objective is about: one small frozen dataclass for each kind that an agreement can name under `measure.kind`.

A new kind is one class here, listed in ObjectiveKind. mypy then names every place that must know it (`assert_never`): how it
is estimated (sla.judgement.kinds), which failed check invalidates it (judgement.checks.check_scope), what rolls a release back
for it (sla.release.triggers), and what to do where it misses its target (reports.documents.advice).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, get_args

Unit = Literal["ns", "ops/s", "ratio"]
KindName = Literal["server_quantile", "client_quantile", "throughput", "success", "errors"]
EXCLUDED, INCLUDED = "excluded", "included"  # whether failed requests are among a client's latencies
FAILURES_INCLUDED = ", failed requests included"  # behind what such an objective is called


@dataclass(frozen=True)
class ServerLatency:
    """A quantile of one operation's time as the server's own histogram has it, ns. 0 < quantile < 1."""

    quantile: float

    name: ClassVar[KindName] = "server_quantile"
    unit: ClassVar[Unit] = "ns"
    of_one_operation: ClassVar[bool] = True
    from_server: ClassVar[bool] = True
    counts_failures: ClassVar[bool] = False

    @classmethod
    def of(cls, quantile: float, _latency: str, _failures: str = EXCLUDED) -> Self:
        return cls(quantile)


@dataclass(frozen=True)
class ClientLatency:
    """A quantile of the time of operations as the client sees it, of several ones all requests together, ns. 0 < quantile < 1.

    latency    "response" (from the intended start) or "service" (from the actual send)
    failures   INCLUDED: of all requests that ended, failed ones with the time that they took; EXCLUDED: of successful ones. A
               time-out is slower than anything in either
    """

    quantile: float
    latency: str = "response"
    failures: str = EXCLUDED

    name: ClassVar[KindName] = "client_quantile"
    unit: ClassVar[Unit] = "ns"
    of_one_operation: ClassVar[bool] = False
    from_server: ClassVar[bool] = False
    counts_failures: ClassVar[bool] = False

    @classmethod
    def of(cls, quantile: float, latency: str, failures: str = EXCLUDED) -> Self:
        return cls(quantile, latency, failures)

    @property
    def suffix(self) -> str:
        """What is said behind its name."""
        return FAILURES_INCLUDED if self.failures == INCLUDED else ""


class OverOperations:
    """What kinds share that are counted over several operations together, and are no quantile."""

    of_one_operation: ClassVar[bool] = False
    from_server: ClassVar[bool] = False
    quantile: ClassVar[float] = 0.0

    @classmethod
    def of(cls, _quantile: float, _latency: str, _failures: str = EXCLUDED) -> Self:
        return cls()


@dataclass(frozen=True)
class Throughput(OverOperations):
    """Successful operations per second, of some operations together. Its limits may be a share of the planned rate."""

    name: ClassVar[KindName] = "throughput"
    unit: ClassVar[Unit] = "ops/s"
    counts_failures: ClassVar[bool] = False


@dataclass(frozen=True)
class SuccessRate(OverOperations):
    """Successful operations over all that finished, of some operations together: a ratio."""

    name: ClassVar[KindName] = "success"
    unit: ClassVar[Unit] = "ratio"
    counts_failures: ClassVar[bool] = True


@dataclass(frozen=True)
class ErrorRate(SuccessRate):
    """Failed operations over all that finished: judged as the success rate that it is the complement of (an objective's limits
    are those of that), and shown as the share that failed.
    """

    name: ClassVar[KindName] = "errors"


# `name` is the word in an agreement; `of_one_operation`: it can't be taken over several; `from_server`: it needs the
# server's histogram; `counts_failures`: nothing is known of it where failures are not; of(quantile, latency, failures):
# from what `measure` may hold, a kind takes what is its own.
ObjectiveKind = ServerLatency | ClientLatency | Throughput | SuccessRate | ErrorRate
KINDS: Mapping[str, type[ObjectiveKind]] = {kind.name: kind for kind in get_args(ObjectiveKind)}


def needs_failures(kind: ObjectiveKind) -> bool:
    """Whether an import that holds no failures says nothing of it."""
    return kind.counts_failures or (isinstance(kind, ClientLatency) and kind.failures == INCLUDED)
