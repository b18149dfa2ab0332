"""Generate -> verify alone. An agreement that wants finality checks too needs mixed.py."""

from locust import task

from bizra_load import PoIUser, StagesShape, register

register()


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
