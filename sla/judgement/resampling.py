"""Each latency again by resampling: 100,000 joint draws of what is measured of one operation in one way."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from sla.estimators.bootstrap import Resampling, bootstraps
from sla.judgement.objectives import ObjectiveEstimate
from sla.values.assessment import ObjectiveResult


def with_bootstraps(
    judged: Sequence[ObjectiveResult], measured: Mapping[str, ObjectiveEstimate], seed: int
) -> list[ObjectiveResult]:
    """The objectives, each latency with its bootstrap. `measured`: what each was judged by. Joint are those of one source: an
    operation's response times, its service times, a histogram of the server.
    """
    by_source: dict[str, dict[str, Resampling]] = {}
    for o in judged:
        m = measured.get(o.key)
        if m is not None and m.resampling is not None:
            by_source.setdefault(m.source, {})[o.key] = m.resampling()
    drawn = {
        key: bootstrap
        for of_source in by_source.values()
        for key, bootstrap in zip(of_source, bootstraps(list(of_source.values()), seed=seed), strict=True)
    }
    return [dataclasses.replace(o, bootstrap=drawn.get(o.key)) for o in judged]
