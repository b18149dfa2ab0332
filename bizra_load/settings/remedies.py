"""What a reader can do, in the words of this command line: the one table that names options for it."""

from __future__ import annotations

from sla.values.remedies import Remedy, RemedyWords

WORDS: RemedyWords = {
    Remedy.GIVE_AGREEMENT: "no objectives were given: nothing was judged (--agreement states some)",
    Remedy.MEASURE_BASELINE: "measure one (bizra-load baseline node --out FILE.json) and give it (--baseline FILE.json)",
    Remedy.NAME_LOAD_TEST: "name the load test (--run), or an agreement with ops/s",
    Remedy.GIVE_SERVER_METRICS: "give --metrics-url URL, or --prometheus-url URL",
    Remedy.CHECK_SERVER_METRICS: "see whether --metrics-url or --prometheus-url can be read from where the master runs",
    Remedy.MORE_USERS: "more users (-u, or a smaller --ops-per-user) or workers: planned operations found no free connection",
    Remedy.MORE_CONNECTIONS: "more connections (--ops-per-user {ops:.3g}, or -u {users} where the run had -u)",
    Remedy.MORE_USERS_FOR_A_SLOW_TARGET: (
        "more users (-u, or a smaller --ops-per-user) or workers, where the target is slow; else see the schedule lag"
    ),
    Remedy.LESS_CPU_A_WORKER: "raise --workers, on more cores, until they use less than {limit:.2f} of one",
    Remedy.LESS_WORK_A_WORKER: "more workers, so that each has fewer operations (--workers)",
    Remedy.CORE_USED_UP: "more workers: one core is nearly used up (--workers)",
    Remedy.FEWER_WORKERS: "stop what else runs on that machine, or fewer workers (--workers)",
    Remedy.PLAN_THE_RATE: "give --target-ops: what the generator adds is measured then; or stop what else runs on its machine",
    Remedy.COVER_THE_JUDGED_PART: "give --metrics-url or --prometheus-url",
    Remedy.EVIDENCE: "--evidence {key}=FILE",
    Remedy.FEWER_OPERATIONS_A_USER: (
        "lower --ops-per-user (or raise -u where the run had it): a slow response then holds up fewer operations behind it"
    ),
    Remedy.FIND_THE_STALL: (
        "no response within the client's time-out (--request-timeout, or one of the locustfile's own): "
        "look for a stall in the response times before raising it"
    ),
    Remedy.HIGHER_RATE: "raise --target-ops",
    Remedy.LONGER_RUN: "about {seconds:,.0f} s more at this rate would decide it (--duration)",
    Remedy.LONGER_RUN_TO_BOUND: "at least about {seconds:,.0f} s more at this rate are needed to bound it (--duration)",
    Remedy.MOVE_THE_TARGET: "a run of a day (--duration) would not decide it: the estimate is too near the target",
    Remedy.JUDGE_REAL_TRAFFIC: "bizra-load metrics",
    Remedy.PART_TARGETS: "exclude one of them with --prometheus-selector, or ask for a longer window",
    Remedy.RUN_THE_BASELINE: "compare with a run of the baseline's version on this machine (bizra-load compare)",
    Remedy.RUN_WITH_SERVER_METRICS: "a run with --metrics-url or --prometheus-url",
    Remedy.READ_REPORT: "bizra-load report {run} --format html -o report.html",
    Remedy.STATE_OBJECTIVES: "bizra-load assess {run} --objective {objective}",
    Remedy.MEASURE_LONG_ENOUGH: "a longer run (-t, --duration): from less than 5 s at a constant rate nothing is estimated",
    Remedy.MEASURE_FOR: "the same with --duration {whole:.0f}s or such a stage (at least about {more:,.0f} s more)",
    Remedy.SCRAPE_EACH: "scrape each process at its own address, or choose another --window",
}
