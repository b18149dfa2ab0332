"""The main scenario: generate -> verify, with a share of finality checks (--finality-share, 20 % of the operations by default).

locust -f locustfiles/mixed.py -H http://127.0.0.1:8080    # web UI
bizra-load run -H http://127.0.0.1:8080                    # headless, with the verdict
"""

from locust import task

from bizra_load import PoIUser, StagesShape, register
from bizra_load.poi.options import poi_options

register()


class Shape(StagesShape):
    """The ramp and the stages come from the options."""


class Mixed(PoIUser):
    @classmethod
    def operation_shares(cls, settings):
        share = poi_options(settings).finality_share
        return {"generate": (1 - share) / 2, "verify": (1 - share) / 2, "finality": share}

    @task
    def next_operations(self) -> None:
        share = self.options.finality_share  # a pair is two operations: with chance c, c / (c + 2 (1 - c)) of all are checks
        if self.test_run.random.random() < 2 * share / (1 + share):
            self.finality()
        elif attestation := self.generate():
            self.verify(attestation)
