"""Listeners and tasks that share what is in memory, and a task that ends the test: as it is with Locust in one process."""

from locust import FastHttpUser, constant, events, task

REQUESTS = 60
seen = []


@events.request.add_listener
def count(name, **_):
    seen.append(name)


@events.test_stop.add_listener
def write(environment, **_):
    with open("counted.txt", "a", encoding="utf-8") as out:
        print(len(seen), type(environment.runner).__name__, file=out)


class Visitor(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def look(self):
        self.client.get("/items")
        if len(seen) == REQUESTS:
            self.environment.runner.quit()
