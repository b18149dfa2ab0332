"""An ordinary locustfile: the same tasks of FastHttpUser or LeanHttpUser (DROP_IN), that get, post or check (DROP_IN_TASK)."""

import os

from locust import FastHttpUser, constant, task

from bizra_load import LeanHttpUser

BASE = {"FastHttpUser": FastHttpUser, "LeanHttpUser": LeanHttpUser}[os.environ["DROP_IN"]]
WHAT = os.environ["DROP_IN_TASK"]


class Visitor(BASE):
    wait_time = constant(0)

    @task
    def visit(self):
        if WHAT == "get":
            self.client.get("/api/v1/items")
        elif WHAT == "post":
            self.client.post("/api/v1/poi/generate", json={"evidence": "e" * 40})
        else:
            with self.client.post("/api/v1/poi/generate", json={"evidence": "e" * 40}, catch_response=True) as response:
                if len(response.json()["signature"]) != 128:
                    response.failure("not an attestation")
