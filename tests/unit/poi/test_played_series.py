"""Rules on series that rule_cases does not play, carried out by promtool: how many alerts of a rule fire, and when."""

import pytest
import yaml

from tests.unit.poi.test_rules import promtool, written_alone


def assert_alerts(folder, alert, series, firing, every="1m", evaluated=""):
    """`firing`: time -> how many alerts of that rule fire; `every`: from one scrape to the next; `evaluated`: the same of the
    rule, if it is another time.
    """
    rules, _ = written_alone(folder, alert)
    count = f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)'
    asked = [
        {"expr": count, "eval_time": at, "exp_samples": [{"labels": "{}", "value": number}]} for at, number in firing.items()
    ]
    test = {"interval": every, "input_series": series, "promql_expr_test": asked}
    document = {"rule_files": [rules.name], "evaluation_interval": evaluated or every, "tests": [test]}
    (folder / "own.yaml").write_text(yaml.safe_dump(document))
    tested = promtool("test", "rules", str(folder / "own.yaml"))
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.processes
@pytest.mark.parametrize("label", ["endpoint", "service", "route"])
@pytest.mark.parametrize(
    ("alert", "series"),
    [
        (
            "PoISuccessRateCritical",
            {
                "bizra_poi_generate_total": (3000, 9000), "bizra_poi_generate_fail_total": (156, 156),
                "bizra_poi_verify_total": (3000, 9000),
            },
        ),
        (
            "FinalityCheckP99Violation",
            {
                'bizra_finality_check_seconds_bucket{le="0.0001"}': (6000, 0),
                'bizra_finality_check_seconds_bucket{le="0.01"}': (6000, 2000),
                'bizra_finality_check_seconds_bucket{le="+Inf"}': (6000, 6000),
            },
        ),
    ],
)  # fmt: skip
def test_labels_of_a_program_by_the_name_of_a_monitors_hide_nothing(tmp_path, alert, series, label):
    """1.3 % fail, or a third is slow: in one of two parts, which are as large as each other or not."""
    played = [
        {"series": f'{name.rstrip("}")}{", " if "{" in name else "{"}job="bizra-node", instance="n:1", {label}="/v{part}"}}',
         "values": f"0+{each}x60"}
        for name, both in series.items() for part, each in enumerate(both)
    ]  # fmt: skip
    assert_alerts(tmp_path, alert, played, {"30m": 1})


@pytest.mark.processes
@pytest.mark.parametrize(("quick", "fires"), [(3000, True), (5930, True), (5950, False)])
def test_a_histogram_that_ends_at_the_limit_shows_what_is_beyond(tmp_path, quick, fires):
    """Half of the samples, 1.2 % or 0.8 %."""
    name, where = "bizra_finality_check_seconds_bucket", 'job="bizra-node", instance="n:1"'
    counts = {"0.0005": quick // 2, "0.001": quick, "+Inf": 6000}
    played = [{"series": f'{name}{{{where}, le="{le}"}}', "values": f"0+{n}x60"} for le, n in counts.items()]
    assert_alerts(tmp_path, "FinalityCheckP99Violation", played, {"30m": int(fires)})


@pytest.mark.processes
@pytest.mark.parametrize(
    ("up", "fires"),
    [
        ("1x9 0 0 1 0 0 1 0 0 1 0 0 1 0 0 1 0 0 1", True),
        ("1x9 0 1 1 0 1 1 0 1 1 0 1 1 0 1 1 0 1 1", False),
        ("1x9 0 1x16", False),
        ("_x9 0 0 1x14", False),  # it starts
    ],
)
def test_an_endpoint_that_most_scrapes_fail_on_is_down(tmp_path, up, fires):
    series = {"series": 'up{job="bizra-node", instance="n:1"}', "values": up}
    times = ["12m", "13m", "13m30s"] if fires else ["5m30s", "6m", "8m", "12m", "13m"]
    assert_alerts(tmp_path, "RustMetricsEndpointDown", [series], dict.fromkeys(times, int(fires)), every="30s")


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


def node(pod="", start="0x120", failures="0+5x120", **other):
    """A node that generates and lacks nothing, in promtool's notation; `other`: series by their metric's name."""
    where = f'job="bizra-node", instance="n:1"{f", pod={chr(34)}{pod}{chr(34)}" if pod else ""}'
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
def test_a_pod_that_takes_anothers_place_on_its_machine_lacks_nothing_that_the_other_had(tmp_path):
    """`instance` is the machine's name: the other one's series are of the same instance."""
    process = {"process_resident_memory_bytes": "1x29 stale", "process_cpu_seconds_total": "0+1x29 stale"}
    before = node("a", "0x29 stale", "0+5x29 stale", up="1x29 stale", bizra_poi_generate_total="0+60x29 stale", **process)
    after = node("b", "_x31 1800x80", "", up="_x31 1x80", bizra_poi_generate_total="_x31 60+60x80")
    assert_alerts(tmp_path, "RustMetricsAbsent", before + after, {f"{t}m": 0 for t in range(20, 100, 2)})
