"""Latencies of open models: of others from what they write, over the measurement alone."""

import stat

import pytest

from benchmarks import tools
from benchmarks.latencies import H2LOAD_LOG, LOG, Latency, of_h2load_log, of_wrk2_output, whole_seconds
from benchmarks.measuring import Throughput

MEASURED = Throughput(100.0, 1.0, 0.0, 0.0, began_s=1_000.4, took_s=4.0)
WRK2 = """Running 10s test @ http://127.0.0.1:80
  Latency Distribution (HdrHistogram - Recorded Latency)
 50.000%  730.00us
 90.000%    1.20ms
 99.000%    2.56ms
 99.900%    1.02s
100.000%    1.02s
Requests/sec:   999.47
"""


def test_whole_seconds_lie_in_the_measurement():
    assert list(whole_seconds(MEASURED)) == [1_001, 1_002, 1_003]


def test_a_log_of_h2load_counts_from_the_beginning_of_the_measurement(tmp_path):
    rows = [(999_000_000, 200, 50_000)]  # while it warmed up
    rows += [(1_000_500_000 + i, 200, i) for i in range(1, 1_000)]
    text = "".join(f"{start}\t{status}\t{us}\n" for start, status, us in rows)
    (tmp_path / H2LOAD_LOG).write_text(text + "1000500")  # cut off
    latency = of_h2load_log(tmp_path, MEASURED)
    assert (latency.response_p50_us, latency.response_p99_us) == (500.0, 990.0)
    assert latency.lag_p50_us == -1.0
    (tmp_path / H2LOAD_LOG).write_text("")
    assert of_h2load_log(tmp_path, MEASURED) is None


def test_wrk2_prints_its_own_percentiles_with_units(tmp_path):
    (tmp_path / LOG).write_text(WRK2)
    assert of_wrk2_output(tmp_path, MEASURED) == Latency(730.0, 2_560.0)
    (tmp_path / LOG).write_text("unable to connect")
    assert of_wrk2_output(tmp_path, MEASURED) is None


def test_the_peers_of_an_open_model_follow_it_at_the_same_rate(tmp_path, monkeypatch):
    monkeypatch.setattr(tools, "wrk2_binary", lambda: "wrk2")
    every = tools.all_tools("")
    for share, percent in ((0.5, "50 %"), (0.7, "70 %")):
        ours, h2load, wrk2 = (tool for tool in every if tool.row == f"open model at {percent}")
        place = every.index(ours)
        assert every[place : place + 3] == (ours, h2load, wrk2)
        target = tools.Target("http://127.0.0.1:1", "", tmp_path, b"{}")
        commands = [tool.command(target, tmp_path, 10_000.0) for tool in (ours, h2load, wrk2)]
        options = ("--target-ops", "--rps", "-R")
        rates = [float(command[command.index(option) + 1]) for command, option in zip(commands, options, strict=True)]
        assert rates == [10_000 * share, 10_000 * share / tools.CONNECTIONS, 10_000 * share]
        assert all(tool.latency for tool in (ours, h2load, wrk2))


@pytest.mark.processes
@pytest.mark.parametrize(
    ("programs", "name"),
    [
        ({"wrk2": "", "wrk": "-R, --rate"}, "wrk2"),
        ({"wrk": "  -R, --rate  <T>  work rate (throughput)"}, "wrk"),
        ({"wrk": "  -c, --connections <N>"}, "wrk2"),
        ({}, "wrk2"),
    ],
)
def test_wrk2_is_known_by_its_name_or_by_its_option(tmp_path, monkeypatch, programs, name):
    for program, usage in programs.items():
        path = tmp_path / program
        path.write_text(f'#!/bin/sh\necho "{usage}"\nexit 1\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.wrk2_binary() == name
    assert ("wrk" in {tool.name for tool in tools.all_tools("")}) == (name == "wrk2")
