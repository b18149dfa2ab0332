"""The node's operations alone, measured with a clock and operations of the test's own."""

import gc
import json

import pytest

from bizra_load.exit_codes import InvalidRunError
from bizra_load.node import baseline
from bizra_load.node.baseline import PAUSE_S, measure, node_operations
from sla.values.baseline import baseline_from_mapping

US = 1000


class Bench:
    """A clock that only operations and pauses move, in steps of 10 ns."""

    def __init__(self, **took_ns):
        self.now_ns = 0
        self.preemptions = 0
        self.calls = []
        self.slept = 0
        self.operations = {name: lambda name=name, ns=ns: self._operate(name, ns) for name, ns in took_ns.items()}

    def _operate(self, name, ns):
        self.calls.append((self.slept, name))
        self.now_ns += ns(len(self.calls)) if callable(ns) else ns
        return {"done": True}

    def clock_ns(self):
        self.now_ns += 10
        return self.now_ns

    def sleep(self, seconds):
        self.slept += 1
        self.now_ns += int(seconds * 1e9)

    def measure(self, duration_s=1.0):
        return measure(duration_s, -1, self.operations, self.clock_ns, self.sleep, lambda: self.preemptions)


def by_name(node_baseline):
    return {o.name: o for o in node_baseline.operations}


def test_each_operation_is_timed_alone_and_a_second_gives_hundreds_of_rounds():
    operations = by_name(Bench(generate=40 * US, verify=90 * US, finality=1 * US).measure())
    for name, ns in (("generate", 40_010), ("verify", 90_010), ("finality", 1_010)):
        paced = operations[name].paced
        assert {name: e.point for name, e in paced.estimates.items()} == dict.fromkeys(("p50", "p75", "p90", "p99", "mean"), ns)
        assert paced.n > 800
        assert operations[name].hot_mean.point == pytest.approx(ns - 10, rel=0.01)  # in batches the clock's own cost vanishes


def test_a_pause_comes_before_each_round_and_another_operation_first_in_each():
    bench = Bench(generate=40 * US, verify=90 * US, finality=1 * US)
    bench.measure(0.3)
    rounds = {}
    for slept, name in bench.calls:
        rounds.setdefault(slept, []).append(name)
    paced = [names for number, names in rounds.items() if len(names) == 3]
    assert [names[0] for names in paced[:6]] == ["generate", "verify", "finality"] * 2
    assert {tuple(sorted(names)) for names in paced} == {("finality", "generate", "verify")}
    assert PAUSE_S * len(paced) == pytest.approx(0.3, rel=0.2)


def test_timings_during_which_another_process_had_the_core_are_left_out_and_counted():
    bench = Bench(generate=40 * US, verify=90 * US)

    def interrupted(call):
        if call % 10 == 0:
            bench.preemptions += 1
            return 5000 * US
        return 1 * US

    bench.operations["finality"] = lambda: bench._operate("finality", interrupted)
    node_baseline = bench.measure(2.0)
    assert by_name(node_baseline)["finality"].paced.p99.point == 1_010
    assert node_baseline.machine["interrupted"] > 20


def test_slow_calls_show_in_the_p99_and_as_outliers():
    bench = Bench(generate=lambda call: (400 if call % 30 == 0 else 40) * US, verify=90 * US, finality=1 * US)
    generate = by_name(bench.measure())["generate"].paced
    assert generate.p50.point == 40_010
    assert generate.p99.point == 400_010
    assert generate.outliers.high_severe > 0


def test_an_operation_too_short_for_the_timer_is_named():
    node_baseline = Bench(generate=40 * US, verify=90 * US, finality=60).measure()
    assert node_baseline.tick_ns == 10
    assert node_baseline.coarse == ("finality",)


def test_what_is_written_is_what_an_agreement_reads():
    node_baseline = Bench(generate=40 * US, verify=90 * US, finality=1 * US).measure()
    read = baseline_from_mapping(json.loads(node_baseline.as_json()), "measured")
    assert read.values["poi_generate_p99_us"] == pytest.approx(40_010)
    assert read.values["poi_verify_p99_us"] == pytest.approx(90_010)
    assert read.values["finality_p99_ms"] == pytest.approx(1_010)
    assert set(read.intervals) == set(read.values)
    assert {"cpu", "cores", "python", "load_1m", "steal", "timer_tick_ns"} <= set(read.machine)


def test_too_little_to_say_anything_is_said():
    with pytest.raises(InvalidRunError, match="no baseline in"):
        Bench(generate=40 * US, verify=90 * US, finality=1 * US).measure(0.01)


def test_on_a_busy_machine_it_takes_longer_to_get_enough_rounds():
    bench = Bench(generate=40 * US, verify=90 * US, finality=1 * US)
    quick_sleep = bench.sleep
    bench.sleep = lambda seconds: quick_sleep(10 * seconds)  # woken late, again and again
    node_baseline = bench.measure(1.0)
    assert by_name(node_baseline)["generate"].paced.n == 300
    assert 2 < node_baseline.took_s < 5


def test_collections_are_off_while_it_measures_and_on_again_whatever_happens():
    seen = []

    def broken():
        seen.append(gc.isenabled())
        raise RuntimeError("broken")

    bench = Bench()
    bench.operations = {"generate": broken}
    with pytest.raises(RuntimeError):
        bench.measure()
    assert seen == [False]
    assert gc.isenabled()


@pytest.mark.parametrize("seed", [0, -1])
def test_the_nodes_own_operations_do_what_the_node_does(seed):
    operations = node_operations(seed)
    assert set(operations) == set(baseline.KEYS)
    assert operations["generate"]()["public_key"]
    assert operations["verify"]() == {"valid": True}
    assert operations["finality"]() == {"finalized": True}
