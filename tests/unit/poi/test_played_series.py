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
