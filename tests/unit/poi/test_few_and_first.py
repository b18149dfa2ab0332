"""Rules on counters that are lazy, that end, that begin with a burst, or count next to nothing, carried out by promtool."""

import pytest

from tests.unit.poi.test_played_series import assert_alerts


def node(labels="", start="0x120", failures="0+5x120", **other):
    """A node that generates and lacks nothing, in promtool's notation; `other`: series by their metric's name."""
    where = f'job="bizra-node", instance="n:1"{labels}'
    values = {"up": "1x120", "process_start_time_seconds": start, "bizra_poi_generate_fail_total": failures}
    values |= {"bizra_poi_generate_total": "0+60x120"} | other
    buckets = dict.fromkeys(("1", "+Inf"), values["bizra_poi_generate_total"])
    series = {f"{name}{{{where}}}": played for name, played in values.items() if played}
    series |= {f'bizra_poi_generate_seconds_bucket{{{where}, le="{le}"}}': played for le, played in buckets.items()}
    return [{"series": name, "values": played} for name, played in series.items()]


AGAIN = "0+60x29 60+60x90"  # counts of a process that starts again half an hour after the first


@pytest.mark.processes
@pytest.mark.parametrize("start", ["0x29 1800x90", ""])
def test_failures_that_are_exposed_with_the_first_one_are_not_missed_after_a_restart(tmp_path, start):
    """Whether the start of the process is exposed, or is known by its counters alone."""
    series = node(start=start, failures="0+5x29 stale", bizra_poi_generate_total=AGAIN)
    assert_alerts(tmp_path, "RustMetricsAbsent", series, {f"{t}m": 0 for t in range(28, 100, 4)})


@pytest.mark.processes
def test_failures_that_end_a_while_after_a_restart_are_missed_where_the_start_is_known(tmp_path):
    series = node(start="0x29 1800x90", failures="0+5x29 stale _x9 5+5x9 stale", bizra_poi_generate_total=AGAIN)
    assert_alerts(tmp_path, "RustMetricsAbsent", series, {"49m": 0, "53m": 1, "60m": 1, "100m": 1, "112m": 0})


@pytest.mark.processes
@pytest.mark.parametrize("lazy", ["total", "seconds_bucket"])
def test_what_a_process_that_is_idle_after_a_restart_does_not_expose_yet_is_not_missed(tmp_path, lazy):
    """Its other series begin at 0, and the rate of these still is that of the process before."""
    played = {"total": [""], "seconds_bucket": [', le="1"', ', le="+Inf"']}
    verify = [
        {"series": f'bizra_poi_verify_{name}{{job="bizra-node", instance="n:1"{le}}}',
         "values": "0+60x29 stale" if name == lazy else "0+60x29 0x60"}
        for name, edges in played.items() for le in edges
    ]  # fmt: skip
    series = node(start="0x29 1800x90", bizra_poi_generate_total="0+60x29 0x60") + verify
    assert_alerts(tmp_path, "RustMetricsAbsent", series, {f"{t}m": 0 for t in range(25, 60)})


@pytest.mark.processes
def test_a_pod_that_takes_anothers_place_on_its_machine_lacks_nothing_that_the_other_had(tmp_path):
    """`instance` is the machine's name: the other one's series are of the same instance."""
    process = {"process_resident_memory_bytes": "1x29 stale", "process_cpu_seconds_total": "0+1x29 stale"}
    before = node(
        ', pod="a"', "0x29 stale", "0+5x29 stale", up="1x29 stale", bizra_poi_generate_total="0+60x29 stale", **process
    )
    after = node(', pod="b"', "_x31 1800x80", "", up="_x31 1x80", bizra_poi_generate_total="_x31 60+60x80")
    assert_alerts(tmp_path, "RustMetricsAbsent", before + after, {f"{t}m": 0 for t in range(20, 100, 2)})


@pytest.mark.processes
@pytest.mark.parametrize("start", ["0x120", ""])
def test_a_burst_of_failures_before_the_first_sample_of_their_counter_counts(tmp_path, start):
    """rate() sees nothing of it; for the five minutes of the window the value is what began at 0 in them."""
    series = node(start=start, failures="_x30 5000x60")
    assert_alerts(tmp_path, "PoISuccessRateCritical", series, {"31m": 0, "33m": 1, "34m": 1, "36m": 0, "50m": 0})


@pytest.mark.processes
def test_a_burst_counts_after_a_restart_too(tmp_path):
    series = node(start="0x29 1800x90", failures="0+0x29 stale _x12 5000x60", bizra_poi_generate_total=AGAIN)
    assert_alerts(tmp_path, "PoISuccessRateCritical", series, {"42m": 0, "46m": 1, "50m": 0})


@pytest.mark.processes
@pytest.mark.parametrize(
    "series",
    [
        # the store is new, and the node is not
        node(failures="_x30 900000x60", up="_x30 1x60", bizra_poi_generate_total="_x30 900000+60x60"),
        # a second replica of Prometheus is new
        node(', replica="a"', failures="900000x90") + node(', replica="b"', "_x30 0x60", "_x30 900000x60", up="_x30 1x60",
                                                           bizra_poi_generate_total="_x30 900000+60x60"),
        # all series get one more label
        node(failures="900000x29 stale", bizra_poi_generate_total="0+60x29 stale")
        + node(', zone="z"', failures="_x30 900000x60", bizra_poi_generate_total="_x30 1800+60x60"),
        # the counter is away for three minutes
        node(failures="900000x29 stale _x2 900000x60"),
        # of what began in the same minute a thousandth failed
        node(failures="", bizra_poi_generate_total="9x90", bizra_poi_verify_total="_x30 99900x60",
             bizra_poi_verify_fail_total="_x30 100x60"),
    ],
    ids=["a new store", "a new replica", "a new label", "a gap", "a burst of successes"],
)  # fmt: skip
def test_a_counter_that_is_new_to_the_store_alone_is_no_burst_of_failures(tmp_path, series):
    assert_alerts(tmp_path, "PoISuccessRateCritical", series, {f"{t}m": 0 for t in range(25, 60)})


@pytest.mark.processes
@pytest.mark.parametrize("alert", ["PoISuccessRateCritical", "PoIErrorBudgetBurn"])
@pytest.mark.parametrize("failures", ["0x30 1x60", "_x31 1x60", "0x30 1x10 2x30 3x20"])
def test_one_failure_of_three_requests_in_an_idle_hour_pages_nobody(tmp_path, alert, failures):
    series = node(failures=failures, bizra_poi_generate_total="5x20 6x10 7x60")
    assert_alerts(tmp_path, alert, series, {f"{t}m": 0 for t in range(25, 80)})


@pytest.mark.processes
@pytest.mark.parametrize("alert", ["PoISuccessRateCritical", "PoIErrorBudgetBurn"])
@pytest.mark.parametrize("succeeded", ["7x90", "7+8x90"])
def test_two_failures_a_minute_do(tmp_path, alert, succeeded):
    """Where nothing else happens, and where a fifth fails."""
    series = node(failures="0x30 2+2x60", bizra_poi_generate_total=succeeded)
    assert_alerts(tmp_path, alert, series, {"30m": 0, "50m": 1, "70m": 1})
