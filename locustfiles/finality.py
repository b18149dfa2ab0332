"""Finality checks only: an O(1) lookup of a block hash."""

from locust import task

from bizra_load import PoIUser, StagesShape, register

register()


class Shape(StagesShape):
    """The ramp and the stages come from the options."""


class CheckFinality(PoIUser):
    @classmethod
    def operation_shares(cls, settings):
        return {"finality": 1.0}

    @task
    def check_finality(self) -> None:
        self.finality()
