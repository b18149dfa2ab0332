"""Where the target runs, and what is known of its process."""

import os
import socket

import pytest

from bizra_load.io.ports import free_port
from bizra_load.measure.clock import SteadyClock
from bizra_load.runtime import server_scrapes
from bizra_load.runtime.server_scrapes import ServerMetrics, are_due
from bizra_load.settings.settings import resolve
from sla.values.machine import TARGET
from sla.values.snapshot import Snapshot


def server(host):
    return ServerMetrics(resolve(None), SteadyClock(), host, ())


@pytest.mark.parametrize("name", ["127.0.0.1", "127.9.9.9", "localhost", "0.0.0.0", "[::1]"])
def test_a_target_at_an_address_of_this_machine_is_local_though_its_process_can_not_be_seen(name):
    target = server(f"http://{name}:{free_port()}")
    assert target.is_local
    assert target.read_process() == []


def test_a_process_of_another_user_is_local_as_well(monkeypatch):
    monkeypatch.setattr(server_scrapes, "listener_on_this_machine", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert server(f"http://127.0.0.1:{listening.getsockname()[1]}").is_local


@pytest.mark.parametrize("host", ["http://192.0.2.1:80", "http://192.0.2.1", "", "http://127.0.0.1:99999"])
def test_a_target_elsewhere_or_nowhere_is_not_local(host):
    target = server(host)
    assert not target.is_local
    assert target.read_process() == []


@pytest.mark.parametrize("name", ["127.0.0.1", "0.0.0.0"])
def test_the_process_that_answers_is_read_by_whatever_address_it_is_reached(name):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        target = server(f"http://{name}:{listening.getsockname()[1]}")
        [second] = target.read_process()
    assert second.process == TARGET
    assert second.cpu_s >= 0
    assert second.cores == os.cpu_count()


def scrapes(name, *at_s):
    return [Snapshot(round(s * 1e9), 0, (("instance", name),), {"n_total": 1.0}) for s in at_s]


@pytest.mark.parametrize(
    ("other", "due"),
    [
        ((1, 6, 11, 16), True),  # its scrape after the load has not come yet
        ((1, 6, 11, 16, 21), False),
        ((1, 6), False),  # it left in the middle
        ((18,), True),
        ((), False),
    ],
)
def test_every_node_is_waited_for_that_was_scraped_until_the_end(other, due):
    """Of the one that is scraped later the last interval was in no count."""
    assert are_due([*scrapes("a", 0, 5, 10, 15, 20), *scrapes("b", *other)], 19 * 10**9) is due


def test_the_first_scrape_of_all_is_waited_for():
    assert are_due(scrapes("a", 3), 19 * 10**9)
    assert not are_due(scrapes("a", 20), 19 * 10**9)
