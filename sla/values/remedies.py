"""What a reader can do about what is missing or in the way. The pure layer names it; a program that has its own words for it,
such as options of its command line, passes them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Remedy(str, Enum):
    """The value is the plain text; a name in braces is filled in where it is used."""

    GIVE_AGREEMENT = "no objectives were given: nothing was judged"
    MEASURE_BASELINE = "measure one and give it"
    NAME_LOAD_TEST = "name the load test, or an agreement with ops/s"
    GIVE_SERVER_METRICS = "give the address of the server's metrics"
    CHECK_SERVER_METRICS = "see whether the server's metrics can be read from where the master runs"
    MORE_USERS = "more users or workers: planned operations found no free connection"
    MORE_CONNECTIONS = "more connections (users of {ops:.3g} operations/s each, which makes {users:,} of them)"
    MORE_USERS_FOR_A_SLOW_TARGET = "more users or workers, where the target is slow; else see the schedule lag"
    LESS_CPU_A_WORKER = "more workers, on more cores, until they use less than {limit:.2f} of one"
    LESS_WORK_A_WORKER = "more workers, so that each has fewer operations"
    CORE_USED_UP = "more workers: one core is nearly used up"
    FEWER_WORKERS = "stop what else runs on that machine, or fewer workers"
    # in documents
    PLAN_THE_RATE = "a planned rate, where what the generator adds is measured; or stop what else runs on its machine"
    COVER_THE_JUDGED_PART = "give the server's metrics over the whole judged part"
    EVIDENCE = "evidence of {key}"
    FEWER_OPERATIONS_A_USER = "fewer operations a user: a slow response then holds up fewer of the operations behind it"
    FIND_THE_STALL = "no response within the client's time-out: look for a stall in the response times before raising it"
    HIGHER_RATE = "a higher planned rate"
    LONGER_RUN = "about {seconds:,.0f} s more at this rate would decide it"
    LONGER_RUN_TO_BOUND = "at least about {seconds:,.0f} s more at this rate are needed to bound it"
    MOVE_THE_TARGET = "a run of a day would not decide it: the estimate is too near the target"
    JUDGE_REAL_TRAFFIC = "the agreement judged by the metrics of real traffic"
    PART_TARGETS = "exclude one of them, or ask for a longer window"
    RUN_THE_BASELINE = "compare with a run of the baseline's version on this machine"
    RUN_WITH_SERVER_METRICS = "a run with the address of the server's metrics"
    # what to do next
    READ_REPORT = "read the whole report of {run}"
    STATE_OBJECTIVES = "judge {run} by objectives, such as {objective}"
    MEASURE_LONG_ENOUGH = "a longer run: from less than 5 s at a constant rate nothing is estimated"
    MEASURE_FOR = "measure for {whole:,.0f} s, at least about {more:,.0f} s more at this rate"
    SCRAPE_EACH = "scrape each process at its own address, or choose a window without it"


RemedyWords = Mapping[Remedy, str]
PLAIN: RemedyWords = {remedy: remedy.value for remedy in Remedy}
