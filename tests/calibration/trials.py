"""Everything that is simulated, and the bands that the figures are held to."""

from tests.calibration import audit, comparisons, intervals, lag, server_side, steadiness, whole_load
from tests.calibration.trial import Trial

TRIALS: list[Trial] = [
    *intervals.TRIALS,
    *steadiness.TRIALS,
    *server_side.TRIALS,
    *audit.TRIALS,
    *comparisons.TRIALS,
    *lag.TRIALS,
    *whole_load.TRIALS,
]
