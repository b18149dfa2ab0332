"""RustMetricsEndpointDown on nodes that are there now and then, carried out by promtool."""

import pytest

from tests.unit.poi.test_played_series import assert_alerts


@pytest.mark.processes
@pytest.mark.parametrize(("every_s", "lost", "fires"), [
    (15, 2, True), (30, 2, True), (60, 2, True), (120, 2, True), (15, 3, False), (30, 3, False), (60, 3, False),
])  # fmt: skip
def test_an_endpoint_that_every_second_scrape_fails_on_is_down_and_every_third_is_not(tmp_path, every_s, lost, fires):
    """However often it is scraped, and without a pause."""
    values = [1] * (1200 // every_s) + [int(n % lost > 0) for n in range(1800 // every_s)]
    series = {"series": 'up{job="bizra-node", instance="n:1"}', "values": " ".join(map(str, values))}
    firing = {f"{t}s": int(fires) for t in range(1200 + 900 if fires else 600, 2990, 10)}
    assert_alerts(tmp_path, "RustMetricsEndpointDown", [series], firing, f"{every_s}s", "10s")


def restarts(life_s, every_s, start=True, traffic=True, lives=99):
    """A node whose process ended after an hour, and so many after it after `life_s`."""
    times = range(0, 7200, every_s)
    starts = [0 if t < 3600 else 3600 + min((t - 3600) // life_s, lives) * life_s for t in times]
    series = {
        "up": [1] * len(times),
        "bizra_poi_generate_total": [10 * (t - s) if traffic else 0 for t, s in zip(times, starts, strict=True)],
    }
    if start:
        series["process_start_time_seconds"] = starts
    of = '{job="bizra-node", instance="n:1"}'
    return [{"series": f"{name}{of}", "values": " ".join(map(str, values))} for name, values in series.items()]


@pytest.mark.processes
@pytest.mark.parametrize("life_s", [30, 60])
@pytest.mark.parametrize(
    ("every_s", "start", "traffic"),
    [(15, True, True), (60, True, True), (120, True, True), (15, True, False), (15, False, True)],
)
def test_a_process_that_starts_over_and_over_is_down(tmp_path, life_s, every_s, start, traffic):
    """Whatever of it shows that: the start, or counters that begin anew."""
    series = restarts(life_s, every_s, start, traffic)
    assert_alerts(tmp_path, "RustMetricsEndpointDown", series, {"59m": 0, "75m": 1, "90m": 1, "110m": 1}, f"{every_s}s", "30s")


@pytest.mark.processes
@pytest.mark.parametrize("lives", [0, 1])
@pytest.mark.parametrize("start", [True, False])
def test_one_or_two_restarts_are_none_of_its_business(tmp_path, lives, start):
    series = restarts(120, 15, start, lives=lives)
    assert_alerts(tmp_path, "RustMetricsEndpointDown", series, {f"{t}m": 0 for t in range(55, 100)}, "15s", "30s")


@pytest.mark.processes
def test_a_young_node_and_a_start_time_that_varies_are_no_restarts(tmp_path):
    young = {"series": 'process_start_time_seconds{job="bizra-node", instance="n:1"}', "values": "_x9 600x20"}
    varies = {"series": 'process_start_time_seconds{job="bizra-node", instance="n:2"}', "values": "0 1 0 2 1 " * 6}
    up = [{"series": f'up{{job="bizra-node", instance="n:{n}"}}', "values": v} for n, v in ((1, "_x9 1x20"), (2, "1x29"))]
    assert_alerts(tmp_path, "RustMetricsEndpointDown", [young, varies, *up], {f"{t}m": 0 for t in range(30)}, evaluated="30s")


@pytest.mark.processes
@pytest.mark.parametrize(("every_s", "several"), [(90, 3), (120, 2)])
def test_of_seldom_scrapes_one_may_be_lost_and_several_in_a_row_may_not(tmp_path, every_s, several):
    """Until the next one it holds for longer than the rule's minute."""
    good = 1200 // every_s + 1
    for lost, times in ((1, range(0, 3000, 30)), (several, ((good + several) * every_s - 1,))):
        values = [1] * good + [0] * lost + [1] * 20
        series = {"series": 'up{job="bizra-node", instance="n:1"}', "values": " ".join(map(str, values))}
        firing = {f"{t}s": int(lost > 1) for t in times}
        assert_alerts(tmp_path, "RustMetricsEndpointDown", [series], firing, f"{every_s}s", "30s")


@pytest.mark.processes
def test_a_target_that_can_not_be_scraped_from_the_first_time_on_is_down(tmp_path):
    series = {"series": 'up{job="bizra-node", instance="n:1"}', "values": "_x9 0x20"}
    assert_alerts(tmp_path, "RustMetricsEndpointDown", [series], {"17m": 0, "20m": 1}, "2m", "30s")


@pytest.mark.processes
@pytest.mark.parametrize(("start", "fires"), [(True, False), (False, True)])
def test_a_counter_that_goes_back_and_forth_is_no_restart_where_the_start_says_so(tmp_path, start, fires):
    """Two processes behind one address, which count alike."""
    values = {"up": "1x120", "bizra_poi_generate_total": " ".join(str(60 * n + 5000 * (n % 2)) for n in range(120))}
    if start:
        values["process_start_time_seconds"] = "0x120"
    series = [{"series": f'{name}{{job="bizra-node", instance="n:1"}}', "values": v} for name, v in values.items()]
    assert_alerts(tmp_path, "RustMetricsEndpointDown", series, {f"{t}m": int(fires) for t in range(20, 110, 5)})
