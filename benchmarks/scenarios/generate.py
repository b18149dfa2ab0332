"""What a user of ours does by default, with one operation: generate, every answer checked."""

from locust import task

from bizra_load import PoIUser, StagesShape, register

register()


class Shape(StagesShape):
    """The ramp and the stages come from the options."""


class Generate(PoIUser):
    @task
    def generate_one(self) -> None:
        self.generate()
