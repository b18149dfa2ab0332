"""A shop over HTTP, as plain Locust has it: nothing in here is ours. Its agreement is shop.yaml beside it.

bizra-load run -f locustfiles/shop.py -H URL --target-ops 50 --agreement locustfiles/shop.yaml
"""

from random import randint

from locust import FastHttpUser, between, task


class Customer(FastHttpUser):
    wait_time = between(0.5, 2)

    @task(3)
    def browse(self):
        self.client.get(f"/items/{randint(1, 1000)}")  # one operation: "GET /items/{id}"

    @task
    def buy(self):
        with self.client.post("/checkout", json={"item": 7}, catch_response=True) as response:
            if response.ok and not response.text:
                response.failure("no receipt")
