"""The LoadTestShape over engine/load_curve: it brings all rate slots up at once and ends the run when the curve ends.

The ramp is in the slots' due times, not in the number of users: Locust's own ramp skips ticks and spawns in bursts.
"""

from __future__ import annotations

from locust import LoadTestShape

from bizra_load import options

LEAD_S = 2.0  # users are spawned and connected before the first arrival is due


class StagesShape(LoadTestShape):
    """Subclass it, empty, in a locustfile that uses OpenModelUser."""

    abstract = True
    use_common_options = True  # -u and -t would be refused otherwise; the curve decides both

    def reset_time(self) -> None:
        """Locust calls this when a test starts, before the first tick: the options of this test are read once, here."""
        super().reset_time()
        self._settings = options.resolve(self.runner.environment.parsed_options if self.runner else None)

    def tick(self) -> tuple[int, float] | None:
        if self.get_run_time() >= LEAD_S + self._settings.curve.duration_s:
            return None
        return self._settings.users, float(self._settings.users)
