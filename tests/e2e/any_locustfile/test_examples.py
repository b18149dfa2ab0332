"""locustfiles/shop.py with its agreement, and locustfiles/line_protocol.py: as a user begins with them."""

import re
import socketserver
import threading
from contextlib import contextmanager

import pytest

from tests.e2e.any_locustfile.shop import serving
from tests.e2e.any_locustfile.test_any_locustfile import locust, our_totals, through_us, totals
from tests.e2e.running import ROOT

SHOP, AGREEMENT, LINES = (str(ROOT / "locustfiles" / name) for name in ("shop.py", "shop.yaml", "line_protocol.py"))


class Lines(socketserver.StreamRequestHandler):
    """Every tenth line of a connection is refused."""

    def handle(self):
        for number, line in enumerate(self.rfile, start=1):
            self.wfile.write(b"ERROR 7 try again\n" if number % 10 == 0 else b"OK " + line)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True


@contextmanager
def listening():
    with Server(("127.0.0.1", 0), Lines) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"tcp://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@pytest.mark.parametrize("file", [SHOP, LINES])
def test_an_example_is_short_and_knows_nothing_of_us(file):
    with open(file) as text:
        lines = text.read().splitlines()
    assert len(lines) < 60
    assert not any("import" in line and "bizra" in line for line in lines)


def test_the_shop_keeps_its_agreement_and_not_a_faster_one(tmp_path):
    # of the fewer ones, POST /checkout, each fifth of the run must have the samples that a p95 needs: a busy machine correlates
    plan = ("-f", SHOP, "--target-ops", "150", "--ramp", "1s", "--duration")
    with serving() as shop:
        kept = through_us(tmp_path, *plan, "40s", "-H", shop.url, "--agreement", AGREEMENT)
        missed = through_us(tmp_path, *plan, "10s", "-H", shop.url, "--objective", "throughput >= 500 ops/s")
    assert kept.code == 0, kept.out + kept.err
    assert {o["operations"][0]: o["status"] for o in kept.assessment["objectives"][:2]} == {
        "GET /items/{id}": "PASS",
        "POST /checkout": "PASS",
    }
    assert missed.code == 3, missed.out


def test_the_shop_runs_with_plain_locust_too(tmp_path):
    with serving() as shop:
        done = locust(tmp_path, "-f", SHOP, "-H", shop.url)
    assert done.returncode == 0, done.stderr
    assert totals(tmp_path / "plain.json")


def test_a_protocol_of_its_own_is_measured_and_its_errors_are_failures(tmp_path):
    with listening() as host:
        ended = through_us(tmp_path, "-f", LINES, "-H", host, "-u", "3", "-r", "3", "-t", "10s")
    assert ended.code == 0, ended.out + ended.err
    [(method, name)] = totals(ended.folder / "locust-stats.json")
    assert (method, name) == ("LINE", "READ")
    requests, failures = our_totals(ended)["LINE READ"]
    assert 0 < failures < requests / 5
    [failure] = ended.assessment["failures"]
    assert (failure["count"], failure["reason"]) == (failures, "ValueError: ERROR 7 try again")


def test_the_lean_user_of_the_page_runs_as_it_stands(tmp_path):
    [example] = re.findall(r"^```python\n(.*?LeanHttpUser.*?)^```", (ROOT / "docs/locustfiles.md").read_text(), re.M | re.S)
    (tmp_path / "mine.py").write_text(example)
    with serving() as shop:
        done = locust(tmp_path, "-f", "mine.py", "-H", shop.url)
        assert done.returncode == 0, done.stderr
        assert 0 < sum(requests for requests, _ in totals(tmp_path / "plain.json").values()) <= shop.total()
        ended = through_us(tmp_path, "-f", "mine.py", "-H", shop.url, "--target-ops", "20", "--ramp", "1s", "--duration", "5s")
    assert ended.code == 0, ended.out + ended.err
    counted = our_totals(ended)
    assert counted["GET /items"][0] == counted["task browse"][0] > 20
    assert counted["POST checkout"] == counted["task buy"]
