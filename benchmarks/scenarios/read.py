"""A user of ours that reads a file of READ_BYTES bytes, each response checked by its length."""

import os

from locust import task

from bizra_load import OpenModelUser, StagesShape, register

register()
SIZE = int(os.environ["READ_BYTES"])


class Shape(StagesShape):
    """The ramp and the stages come from the options."""


class Read(OpenModelUser):
    def __init__(self, environment):
        super().__init__(environment)
        self.request = self.connection.prepare("GET", f"/files/{SIZE}")
        self.read = self.operation("read")

    @task
    def read_one(self) -> None:
        self.perform(self.read, self.request, b"", lambda body: len(body) == SIZE)
