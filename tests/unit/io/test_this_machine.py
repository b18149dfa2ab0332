"""What is known of the machine that we run on: its cores, its addresses, who listens at them."""

import os
import socket

import psutil
import pytest

from bizra_load.io import this_machine
from bizra_load.io.this_machine import is_this_machine, listener_on_this_machine, usable_cores


@pytest.mark.parametrize(("text", "cores"), [("150000 100000", 2), ("max 100000", None), ("50000 100000", 1), ("x", None)])
def test_a_containers_quota_counts_and_no_quota_is_none(tmp_path, monkeypatch, text, cores):
    path = tmp_path / "cpu.max"
    path.write_text(text)
    monkeypatch.setattr(this_machine, "_CPU_MAX", path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert usable_cores() == (cores or 8)
    path.unlink()
    assert usable_cores() == 8


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1"])
def test_every_loopback_address_is_this_machine(host):
    assert is_this_machine(host)


def test_an_address_of_one_of_its_interfaces_is_this_machine():
    own = {a.address for addresses in psutil.net_if_addrs().values() for a in addresses if a.family == socket.AF_INET}
    assert all(is_this_machine(address) for address in own)


@pytest.mark.parametrize("host", ["192.0.2.1", "", "not a name"])  # the first is nobody's (RFC 5737)
def test_what_this_machine_does_not_have_is_elsewhere(host):
    assert not is_this_machine(host)


def test_a_name_that_nobody_knows_is_not_this_machine(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert not is_this_machine("nowhere.invalid")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
def test_who_listens_on_this_machine_is_found_by_its_address(host):
    with socket.create_server((host, 0)) as server:
        port = server.getsockname()[1]
        assert listener_on_this_machine(host, port) == os.getpid()
        assert listener_on_this_machine("127.0.0.3", port) is None
        assert listener_on_this_machine("192.0.2.1", port) is None  # an address of nobody (RFC 5737)
    assert listener_on_this_machine(host, port) is None


def test_who_listens_at_every_address_is_found_by_each_of_them():
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        assert listener_on_this_machine("localhost", port) == os.getpid()
        assert listener_on_this_machine("127.0.0.2", port) == os.getpid()
