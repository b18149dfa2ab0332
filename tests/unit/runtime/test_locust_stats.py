"""Locust's own statistics, from what workers reported. In a process of its own: importing Locust patches the library."""

import json
import subprocess
import sys

SCRIPT = """
import json, sys
import numpy as np
from locust.stats import RequestStats
from bizra_load.measure.report import Report
from bizra_load.runtime.locust_stats import LocustStatistics
from sla.values.histogram import from_values
from sla.values.window import Window

def window(second, milliseconds, in_flight_ns):
    h = from_values(np.array([int(ms * 1e6) for ms in milliseconds], np.int64))
    return Window(second, "generate", ok=h.total, in_flight_ns=in_flight_ns, response=h, service=h)

stats = RequestStats()
ours = LocustStatistics(stats, lambda operation: "PoI")
counts = []
for report in json.loads(sys.argv[1]):
    ours.add(Report('w', 0, False, tuple(window(*w) for w in report), (), (), ()))
    counts.append(stats.total.num_requests)
ours.every_second(0)
ours.end()
entry = stats.get("generate", "PoI")
by_second, by_time = dict(entry.num_reqs_per_sec), sum(entry.response_times.values())
print(json.dumps([counts, entry.num_requests, stats.total.num_requests, by_second, by_time]))
"""


def shown(*reports):
    """(requests in all before it is shown, of the operation, in all, by second, by response time) after `reports` of windows
    (second, response times in ms, in-flight integral).
    """
    command = [sys.executable, "-c", SCRIPT, json.dumps(reports)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)


def test_what_two_workers_report_of_a_second_counts_once_each():
    statistics = shown([(1, [1, 2], 1), (2, [3], 1)], [(1, [4], 1)])
    assert statistics == [[0, 0], 4, 4, {"1": 3, "2": 1}, 4]


def test_what_locust_has_counted_by_its_own_event_is_not_added_again():
    assert shown([(1, [1], 0)])[1:3] == [0, 0]


TYPES = """
import json
from bizra_load.poi.user import PoIUser
from bizra_load.runtime.users import OpenModelUser, operation_shares, request_type_of
from bizra_load.settings.settings import resolve
from locust import User

class Generating(PoIUser):
    @classmethod
    def operation_shares(cls, settings):
        return {"generate": 1.0}

class Paying(OpenModelUser):
    @classmethod
    def operation_shares(cls, settings):
        return {"pay": 1.0}

class Silent(OpenModelUser):
    pass

def types(*users):
    type_of = request_type_of(users, resolve(None))
    return [type_of(name) for name in ("generate", "pay", "other")]

def shares(*users, judged=("pay",)):
    return operation_shares(users, resolve(None), judged)

print(json.dumps({
    "types": [types(Generating, Paying), types(Silent), types(PoIUser), types(User)],
    "shares": [shares(Generating, Paying), shares(Silent), shares(Silent, judged=("a", "b")), shares(User, judged=())],
}))
"""


def test_the_user_classes_say_of_what_type_operations_are_and_how_many_arrivals_they_get():
    """The only operation that an agreement judges gets all, where no class says more."""
    done = subprocess.run([sys.executable, "-c", TYPES], capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout) == {
        "types": [["PoI", "HTTP", "HTTP"], ["HTTP"] * 3, ["PoI"] * 3, ["HTTP"] * 3],
        "shares": [{"generate": 1.0, "pay": 1.0}, {"pay": 1.0}, {}, {}],
    }
