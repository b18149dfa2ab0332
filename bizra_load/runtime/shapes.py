"""The LoadTestShape over engine/load_curve: it brings all rate slots up at once and ends the run when the curve ends.

The ramp is in the slots' due times, not in the number of users: Locust's own ramp skips ticks and spawns in bursts.
"""

from __future__ import annotations

import gevent
from locust import LoadTestShape

from bizra_load.products import settings_of

TICK_S = 1.0  # Locust asks no more often than that
PAST_THE_END_S = 0.02  # so that the curve has ended by every clock


class StagesShape(LoadTestShape):
    """Subclass it, empty, in a locustfile that uses OpenModelUser."""

    abstract = True
    use_common_options = True  # -u and -t would be refused otherwise; the curve decides both

    def reset_time(self) -> None:
        """Locust calls this when a test starts, before the first tick: the options of this test are read once, here."""
        super().reset_time()  # type: ignore[no-untyped-call]
        self._settings = settings_of(self.runner.environment.parsed_options if self.runner else None)

    def tick(self) -> tuple[int, float] | None:
        """The users, all at once; None when the schedule has ended, which is waited for here rather than found a tick later."""
        plugin = getattr(self.runner.environment, "bizra_load", None) if self.runner else None
        left_s = plugin.seconds_left if plugin is not None else None
        if left_s is None or left_s > TICK_S + PAST_THE_END_S:
            return self._settings.users, float(self._settings.users)
        gevent.sleep(max(left_s, 0) + PAST_THE_END_S)
        return None
