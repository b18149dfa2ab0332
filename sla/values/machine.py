"""What a process and the machine under it went through in one second: who was late, and why."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN = -1.0  # a figure that this machine does not give; it is never read as good


@dataclass(frozen=True)
class MachineSecond:
    """One process in one second of the Unix epoch. A figure that this system does not report is UNKNOWN (-1).

    process          whose: a worker's name, or TARGET
    cores            cores of the machine
    cpu_s            CPU seconds that the process used
    waited_s         seconds for which its threads were ready to run and waited for a core (/proc/<pid>/schedstat)
    steal            share of the machine's CPU time that the hypervisor gave to others (/proc/stat), 0 to 1
    pressure         share of the second in which some task of the machine waited for a core (/proc/pressure/cpu), 0 to 1
    throttled_s      seconds for which the CPU quota of its control group stopped it (cpu.stat)
    """

    second: int
    process: str
    cores: int = 0
    cpu_s: float = UNKNOWN
    waited_s: float = UNKNOWN
    steal: float = UNKNOWN
    pressure: float = UNKNOWN
    throttled_s: float = UNKNOWN


TARGET = "(target)"  # the process under test, where it runs on the generator's own machine
