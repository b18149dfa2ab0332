"""All targets."""

from __future__ import annotations

from tests.fuzzing import imported, metrics, proofs, samples
from tests.fuzzing.target import Target

TARGETS: tuple[Target, ...] = (*imported.TARGETS, *metrics.TARGETS, *proofs.TARGETS, *samples.TARGETS)
