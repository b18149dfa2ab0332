"""Results of error rates: judged as success rates, shown as what was promised, the share that failed."""

from __future__ import annotations

import dataclasses

from sla.values.assessment import ObjectiveResult
from sla.values.kinds import KINDS, ErrorRate
from sla.values.number import complement


def as_promised(o: ObjectiveResult) -> ObjectiveResult:
    """An error rate's limits and estimate from those of the success rate; any other result as it is. A baseline's figure is of
    the error rate itself.
    """
    if KINDS[o.kind] is not ErrorRate:
        return o
    target, acceptable = (None if limit is None else complement(limit) for limit in (o.target, o.acceptable))
    estimate = None if o.estimate is None else o.estimate.complement
    return dataclasses.replace(o, comparison="<", target=target, acceptable=acceptable, estimate=estimate)
