"""An ordinary FastHttpUser, measured by the same recorder: install(environment) is all it takes.

A closed model: each user waits for its response before the next request, so response time equals service time here.
"""

from locust import FastHttpUser, constant_throughput, events, task

from bizra_load import install


@events.init.add_listener
def measure(environment, **_):
    install(environment)


class AnyUser(FastHttpUser):
    wait_time = constant_throughput(10)

    @task
    def generate(self):
        self.client.post("/api/v1/poi/generate", json={"evidence": "any locustfile can be measured"}, name="generate")
