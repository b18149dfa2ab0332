"""The client's counts are the server's: nginx, HAProxy and Apache, which end kept connections as they please and are reloaded
under load, log each operation once, and every operation that no log holds has its explanation.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from bizra_load.measure.categories import category_of_status
from tests.e2e.running import Running
from tests.e2e.web_servers.apache import apache
from tests.e2e.web_servers.haproxy import haproxy
from tests.e2e.web_servers.nginx import nginx

SCENARIO = ("-f", "tests/e2e/web_servers/numbered.py", "--fire-request-events")
# Servers keep a connection for a second. Gaps of all lengths, every twentieth of them longer; or all of them as long, so that
# requests cross the end of their connections again and again.
GAPS = (*SCENARIO, "--target-ops", "300", "--arrivals", "poisson", "--ops-per-user", "3", "--ramp", "0s", "--duration", "7s")
BEAT = (*SCENARIO, "--target-ops", "300", "--ops-per-user", "1", "--ramp", "0s", "--duration", "7s")
# The server ended the connection when the request had reached its machine and was not read yet. That may cross at any time (RFC
# 9112 section 9.5); the client can't know that it was not acted on, and a POST must not be sent again then (section 9.3.1).
RESET = "receiving on a kept connection failed: Connection reset by peer (ECONNRESET)"
ENDED = "the kept connection closed before any response"
STATUSES = {
    "look": 200,
    "read": 200,
    "write": 201,
    "accept": 204,
    "part": 206,
    "move": 302,
    "same": 304,
    "lack": 404,
    "fail": 503,
}
RELOADS = 3
SCHEMES = ("http", "https")


class Seen:
    """What client and server say of one load. `load` runs it, and reloads the server meanwhile."""

    def __init__(self, folder, operations):
        self.out, self.failures, self._operations = folder / "runs", folder / "failures", operations
        self.failures.mkdir()

    def load(self, server, scheme, how=GAPS):
        environment = {"OPERATIONS": self._operations, "FAILED": str(self.failures)}
        running = Running(self.out, *how, *server.options(scheme), environment=environment)
        for number in range(RELOADS):
            running.wait_for(200 * (number + 1), or_its_end=number > 0)  # which a machine that stops for seconds brings sooner
            server.reload()
        self.ended = running.end()
        assert "Traceback" not in self.ended.err, self.ended.err

    @property
    def counted(self):
        """Counts of the run folder: (operation, category) -> count; None is success."""
        counts = Counter()
        for window in self.ended.measurements.windows:
            counts[window.operation, None] += window.ok
            for category, count in window.failed.items():
                counts[window.operation, category] += count
        return +counts

    @property
    def unanswered(self):
        """path -> reason of each operation that got no response."""
        lines = [line for path in self.failures.iterdir() for line in path.read_text().splitlines()]
        result = dict(line.split(" ", 1) for line in lines)
        assert len(result) == len(lines)
        return {path: reason for path, reason in result.items() if not reason.startswith("http_")}


def logged(requests):
    """Counts of an access log, as `counted`."""
    return Counter((path.split("/")[1], None if status < 300 else category_of_status(status)) for status, path in requests)


def assert_agree(seen, requests, explained):
    paths = [path for _, path in requests]
    assert len(set(paths)) == len(paths)  # nothing was sent twice that the server took in twice
    unanswered = seen.unanswered
    assert not unanswered.keys() & set(paths)
    assert set(unanswered.values()) <= explained, unanswered
    transport = Counter((path.split("/")[1], "transport") for path in unanswered)
    assert logged(requests) + transport == seen.counted


@pytest.mark.quiet
def test_fewer_than_two_of_a_hundred_requests_in_gaps_of_all_lengths_cross_the_end_of_their_connection(tmp_path):
    """Where little runs beside the load, for how many cross depends on how soon an end is noticed."""
    loads = [(assert_nginx_agrees, "https"), (assert_haproxy_agrees, "http"), (assert_apache_agrees, "https")]
    for seen in at_once(tmp_path, loads):
        assert len(seen.unanswered) < 0.02 * sum(seen.counted.values())


@pytest.mark.parametrize(("scheme", "how"), [("http", BEAT), ("https", GAPS)])
def test_nginx_logs_what_the_client_counts_whatever_it_ends(tmp_path, scheme, how):
    assert_nginx_agrees(tmp_path, scheme, how)


def test_haproxy_logs_what_the_client_counts_and_what_its_queue_gave_up_is_5xx(tmp_path):
    at_once(tmp_path, [(assert_haproxy_agrees, scheme) for scheme in SCHEMES])


def test_apache_logs_what_the_client_counts_whatever_it_ends(tmp_path):
    at_once(tmp_path, [(assert_apache_agrees, scheme) for scheme in SCHEMES])


def at_once(tmp_path, loads):
    folders = [tmp_path / str(number) for number in range(len(loads))]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(len(loads)) as pool:
        return list(pool.map(lambda folder, load: load[0](folder, load[1]), folders, loads))


def assert_nginx_agrees(folder, scheme, how=GAPS):
    methods = {"look": "HEAD", "read": "GET"}
    seen = Seen(folder, " ".join(f"{name}={methods.get(name, 'POST')}" for name in STATUSES))
    with nginx(folder, "keepalive_timeout 1s; keepalive_requests 4;") as server:
        seen.load(server, scheme, how)
    requests = server.requests()
    assert {(path.split("/")[1], status) for status, path in requests} == set(STATUSES.items())
    # behind TLS the end is a message of its own, read before the reset that follows it
    assert_agree(seen, requests, {RESET} if scheme == "http" else {RESET, ENDED})
    categories = {name: {category for operation, category in seen.counted if operation == name} for name in STATUSES}
    for name in ("look", "read", "write", "accept", "part"):
        assert categories[name] - {"transport"} == {None}
    assert [categories[name] - {"transport"} for name in ("move", "same")] == [{"http_3xx"}] * 2
    assert [categories[name] - {"transport"} for name in ("lack", "fail")] == [{"http_4xx"}, {"http_5xx"}]
    return seen


def assert_haproxy_agrees(folder, scheme):
    seen = Seen(folder, "read=GET write=POST queue=POST fail=POST")
    (folder / "behind").mkdir()
    (folder / "front").mkdir()
    slow = "limit_req_zone $server_port zone=slow:1m rate=20r/s; limit_req zone=slow burst=1000;"  # one every 50 ms
    with (
        nginx(folder / "behind", outside=slow) as behind,
        haproxy(folder / "front", behind.urls["http"].partition("//")[2], "timeout http-keep-alive 1s") as server,
    ):
        seen.load(server, scheme)
    assert_agree(seen, server.requests(), {RESET, ENDED})
    passed_on = Counter(status for status, _ in behind.requests())
    assert passed_on == {200: seen.counted["queue", None]}
    assert seen.counted["queue", "http_5xx"] > 0 < seen.counted["queue", None]
    assert [category for operation, category in seen.counted if operation == "fail" and category != "transport"] == ["http_5xx"]
    return seen


def assert_apache_agrees(folder, scheme):
    seen = Seen(folder, "read=GET write=POST fail=POST")
    with apache(folder, "KeepAliveTimeout 1\nMaxKeepAliveRequests 4") as server:
        seen.load(server, scheme)
    assert_agree(seen, server.requests(), {RESET, ENDED})
    assert {(path.split("/")[1], status) for status, path in server.requests()} == {
        ("read", 200),
        ("write", 204),
        ("fail", 503),
    }
    return seen
