"""A SequentialTaskSet within a TaskSet, which gives back to the user."""

from locust import FastHttpUser, SequentialTaskSet, TaskSet, constant, task


class Order(SequentialTaskSet):
    @task
    def add(self):
        self.client.post("/basket", json={}, name="1 add")

    @task
    def pay(self):
        self.client.post("/pay", json={}, name="2 pay")
        self.interrupt()


class Visit(TaskSet):
    tasks = [Order]

    @task
    def look(self):
        self.client.get("/items")


class Customer(FastHttpUser):
    wait_time = constant(0.02)
    tasks = [Visit]
