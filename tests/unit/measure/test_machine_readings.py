"""What a process and its machine went through, read from files in proc(5)'s form."""

import os

import pytest

from bizra_load.measure import machine_readings
from bizra_load.measure.machine_readings import MachineReader
from sla.values.machine import UNKNOWN


@pytest.fixture
def proc(tmp_path, monkeypatch):
    """A /proc whose accounts the test moves on: call it with figures."""
    home = tmp_path / "42"
    (home / "task" / "42").mkdir(parents=True)
    (home / "task" / "43").mkdir()
    (tmp_path / "pressure").mkdir()
    (tmp_path / "cpu.stat").write_text("")
    (home / "cgroup").write_text("0::/nowhere\n")
    monkeypatch.setattr(machine_readings, "_CGROUPS", tmp_path)
    clock = {"s": 0.0}
    monkeypatch.setattr(machine_readings.time, "monotonic", lambda: clock["s"])

    def move(at_s, cpu_ticks, waited_ns, steal, idle, pressure_us, throttled="throttled_usec 0"):
        clock["s"] = at_s
        before = "42 (a (nasty) name) S " + " ".join(["0"] * 10)
        (home / "stat").write_text(f"{before} {cpu_ticks} {cpu_ticks} 0 0")
        for task in ("42", "43"):
            (home / "task" / task / "schedstat").write_text(f"1 {waited_ns} 3\n")
        (tmp_path / "stat").write_text(f"cpu  0 0 0 {idle} 0 0 0 {steal} 0 0\ncpu0 1\n")
        (tmp_path / "pressure" / "cpu").write_text(f"some avg10=0.00 avg60=0.00 total={pressure_us}\nfull avg10=0\n")
        (tmp_path / "cpu.stat").write_text(f"usage_usec 1\n{throttled}\n")

    move(0.0, 0, 0, 0, 0, 0)
    return tmp_path, move


def test_a_second_is_the_difference_of_two_readings(proc):
    folder, move = proc
    reader = MachineReader("x", 42, folder)
    hertz = os.sysconf("SC_CLK_TCK")
    move(2.0, hertz // 4, 10_000_000, 9, 91, 500_000, "throttled_usec 250000")
    account = reader.read(7)
    assert (account.second, account.process, account.cores) == (7, "x", os.cpu_count())
    assert account.cpu_s == pytest.approx(0.5, rel=0.05)
    assert account.waited_s == pytest.approx(0.02)  # of both threads
    assert account.steal == pytest.approx(0.09)
    assert account.pressure == pytest.approx(0.25)
    assert account.throttled_s == pytest.approx(0.25)
    assert reader.read(8).steal == UNKNOWN  # no time passed on this machine: nothing can be said


def test_of_this_process_the_waits_of_its_own_thread_are_read(proc):
    """schedstat: time on a core, time waiting for one, slices (proc(5))."""
    folder, _ = proc
    (folder / "self").mkdir()
    (folder / "self" / "cgroup").write_text("0::/nowhere\n")
    (folder / "self" / "schedstat").write_text("9000000000 1000000000 70\n")
    reader = MachineReader("x", proc=folder)
    (folder / "self" / "schedstat").write_text("9900000000 1250000000 99\n")
    assert reader.read(1).waited_s == pytest.approx(0.25)


def test_version_1_control_groups_count_in_nanoseconds(proc):
    folder, move = proc
    move(0.0, 0, 0, 0, 0, 0, "throttled_time 0")
    reader = MachineReader("x", 42, folder)
    move(1.0, 0, 0, 0, 1, 0, "throttled_time 300000000")
    assert reader.read(1).throttled_s == pytest.approx(0.3)


GROUPS = {
    "version 2": ("0::/mine\n", ["mine", ""], "mine"),
    "version 2, its container's root": ("0::/\n", [""], ""),
    "version 1": ("4:memory:/x\n2:cpu,cpuacct:/mine\n", ["cpu/mine", "cpu"], "cpu/mine"),
    "version 1, its container's root": ("2:cpuacct,cpu:/docker/1f\n", ["cpu"], "cpu"),
    "both": ("2:cpuacct:/\n1:cpu:/mine\n0::/\n", ["cpu/mine", "cpu", ""], "cpu/mine"),
    "both, listed the other way round": ("0::/mine\n1:cpu:/mine\n", ["mine", "cpu/mine", "cpu"], "cpu/mine"),
    "none": ("", [], None),
}


@pytest.mark.parametrize("kind", GROUPS)
def test_the_quota_is_that_of_the_group_whose_controller_it_is(proc, kind):
    folder, _ = proc
    text, there, group = GROUPS[kind]
    (folder / "cpu.stat").unlink()
    (folder / "42/cgroup").write_text(text)
    for name in there:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "cpu.stat").write_text("")
    assert machine_readings._cpu_stat_file(folder / "42") == (None if group is None else folder / group / "cpu.stat")


def test_what_this_system_does_not_tell_is_unknown_and_never_0(tmp_path):
    account = MachineReader("x", 42, tmp_path).read(1)
    assert (account.cpu_s, account.waited_s, account.steal, account.pressure) == (UNKNOWN,) * 4


def test_this_process_reads_itself():
    reader = MachineReader("me")
    account = reader.read(1)
    assert account.cpu_s >= 0
    reader.close()
