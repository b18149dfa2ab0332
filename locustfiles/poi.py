"""The main scenario: every user generates an attestation and has it verified.

locust -f locustfiles/poi.py -H http://127.0.0.1:8080            # web UI
bizra-load run -f locustfiles/poi.py -H http://127.0.0.1:8080    # headless, with the answer
"""

from locust import task

from bizra_load import plugin
from bizra_load.shapes import StagesShape
from bizra_load.users import PoIUser

plugin.register()


class Shape(StagesShape):
    """The ramp and the stages come from the options (--target-ops, --ramp, --duration, --stages)."""


class GenerateThenVerify(PoIUser):
    @classmethod
    def operation_shares(cls, settings):
        return {"generate": 0.5, "verify": 0.5}

    @task
    def generate_then_verify(self) -> None:
        attestation = self.generate()
        if attestation:
            self.verify(attestation)
