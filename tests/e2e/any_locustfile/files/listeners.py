"""Listeners of all kinds, which write what they saw, and an option of the file's own that has the name of one of ours."""

import json
from collections import Counter

from locust import FastHttpUser, events, task
from locust.runners import WorkerRunner

seen = Counter()


@events.init_command_line_parser.add_listener
def own_options(parser):
    parser.add_argument("--duration", type=int, default=7, help="of a visit, in ms")
    parser.add_argument("--seen", default="", help="where to write what was seen")


@events.init.add_listener
def on_init(environment, **_):
    seen["init"] += 1


@events.test_start.add_listener
def on_start(environment, **_):
    seen["test_start"] += 1


@events.request.add_listener
def on_request(request_type, name, response_time, exception, context, **_):
    seen["requests"] += 1


@events.quitting.add_listener
def on_quitting(environment, **_):
    if isinstance(environment.runner, WorkerRunner) and environment.parsed_options.seen:
        seen["duration"] = environment.parsed_options.duration
        with open(environment.parsed_options.seen, "a") as file:
            file.write(json.dumps(seen) + "\n")


class Visitor(FastHttpUser):
    @task
    def browse(self):
        self.client.get("/items")

    def wait_time(self):
        return self.environment.parsed_options.duration / 1e3
