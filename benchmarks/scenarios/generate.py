"""What a user of ours does by default, with one operation: generate, every answer checked."""

from locust import task

from bizra_load import plugin
from bizra_load.shapes import StagesShape
from bizra_load.users import PoIUser

plugin.register()


class Shape(StagesShape):
    """The ramp and the stages come from the options."""


class Generate(PoIUser):
    @task
    def generate_one(self) -> None:
        self.generate()
