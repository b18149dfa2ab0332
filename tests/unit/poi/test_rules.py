"""The agreement's alert rules: what they are, that they are current, that promtool agrees."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from bizra_load.cli.main import main
from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring.rules import RUNBOOKS, promql_duration
from bizra_load.poi.rule_case import OTHER_JOB
from bizra_load.poi.rules import GROUPS, alert_rules, thresholds

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT / "k8s/monitoring"
AGREEMENT = read_agreement("v2.2.0-rc1").agreement
# CONTRACT section 4
EXPECTED = {
    "FinalityCheckP99Violation": (0, "critical"),
    "FinalityCheckStalled": (0, "critical"),
    "PoIGenerationP99Violation": (1, "warning"),
    "PoIVerificationP99Violation": (1, "warning"),
    "PoIThroughputDegraded": (1, "warning"),
    "PoISuccessRateCritical": (1, "critical"),
    "PoIErrorBudgetBurn": (1, "critical"),
    "RustProcessMemoryHigh": (2, "warning"),
    "RustProcessCPUHigh": (2, "warning"),
    "RustMetricsEndpointDown": (3, "critical"),
    "RustMetricsAbsent": (3, "critical"),
    "PrometheusScrapeSlow": (3, "warning"),
}


def promtool(*arguments):
    binary = shutil.which("promtool")
    assert binary, "promtool is missing: apt-get install -y --no-install-recommends prometheus"
    return subprocess.run([binary, *arguments], capture_output=True, text=True, check=False)


def test_there_are_twelve_rules_in_four_groups_with_the_agreed_names_and_severities():
    rules = alert_rules(AGREEMENT)
    assert {r.name: (GROUPS.index(r.group), r.severity) for r in rules} == EXPECTED
    severities = [(r.severity, r.kind == "resource") for r in rules]
    assert [severities.count(s) for s in (("critical", False), ("warning", False), ("warning", True))] == [6, 4, 2]


def test_thresholds_are_the_agreements_own():
    limits = thresholds(AGREEMENT)
    assert (limits.finality_p99_s, limits.generate_p99_s, limits.verify_p99_s) == pytest.approx((1e-3, 200e-6, 400e-6))
    assert (limits.throughput_per_s, limits.success, limits.scrape_s) == (50_000, 0.99, 4)


def test_the_committed_files_are_current(capsys):
    assert main(["alerts", "render", "--check", "--out", str(FILES)]) == 0, capsys.readouterr().err


def test_a_stale_file_is_found_and_nothing_is_written(tmp_path, capsys):
    assert main(["alerts", "render", "--out", str(tmp_path)]) == 0
    path = tmp_path / "prometheus-alerts.yaml"
    path.write_text(path.read_text().replace("0.001", "0.002"))
    before = path.read_text()
    assert main(["alerts", "render", "--check", "--out", str(tmp_path)]) == 3
    assert "prometheus-alerts.yaml" in capsys.readouterr().err
    assert path.read_text() == before


def written_alone(folder, alert, source=FILES):
    """The unit tests of one rule with that rule alone, in a folder: promtool evaluates all rules of a file for each test."""
    rules = yaml.safe_load((source / "prometheus-rules.yaml").read_text())
    for group in rules["groups"]:
        group["rules"] = [r for r in group["rules"] if r["alert"] == alert]
    rules["groups"] = [g for g in rules["groups"] if g["rules"]]
    unit_tests = yaml.safe_load((source / "prometheus-rules-test.yaml").read_text())
    assert unit_tests["rule_files"] == ["prometheus-rules.yaml"]
    of_each = [{case["alertname"] for case in t["alert_rule_test"]} for t in unit_tests["tests"]]
    assert set().union(*of_each) == set(EXPECTED)
    unit_tests["tests"] = [t for t, names in zip(unit_tests["tests"], of_each, strict=True) if names == {alert}]
    assert len(unit_tests["tests"]) == sum(alert in names for names in of_each) > 1
    (folder / "prometheus-rules.yaml").write_text(yaml.safe_dump(rules))
    (folder / "prometheus-rules-test.yaml").write_text(yaml.safe_dump(unit_tests))
    return folder / "prometheus-rules.yaml", folder / "prometheus-rules-test.yaml"


def test_promtool_accepts_every_rule():
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", str(FILES / "prometheus-rules.yaml"))
    assert checked.returncode == 0, checked.stderr
    assert "12 rules found" in checked.stdout


@pytest.mark.slow
@pytest.mark.parametrize("alert", EXPECTED)
def test_all_unit_tests_of_a_rule_pass(tmp_path, alert):
    tested = promtool("test", "rules", str(written_alone(tmp_path, alert)[1]))
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_rule_has_a_unit_test_in_which_it_fires_and_ones_in_which_it_is_silent():
    tests = yaml.safe_load((FILES / "prometheus-rules-test.yaml").read_text())["tests"]
    fires, silent = set(), set()
    for test in tests:
        for case in test["alert_rule_test"]:
            (fires if case["exp_alerts"] else silent).add(case["alertname"])
    assert fires == silent == set(EXPECTED)


@pytest.mark.parametrize("rule", alert_rules(AGREEMENT), ids=lambda r: r.name)
def test_every_rule_is_tried_with_two_nodes_jobs_and_replicas_with_restarts_and_without_each_of_its_series(rule):
    tests = yaml.safe_load((FILES / "prometheus-rules-test.yaml").read_text())["tests"]
    own = {t["name"].partition(", ")[2]: t["input_series"] for t in tests if t["name"].startswith(f"{rule.name}, ")}
    assert {
        "alone",
        "one of two nodes",
        "in two jobs and with restarts",
        "delivered by two replicas",
        "scraped every two minutes",
    } <= own.keys()
    together = {"cluster": {"PoIThroughputDegraded"}, "pod": {"PoIThroughputDegraded", "PoIErrorBudgetBurn"}}
    for label, of_all in together.items():
        apart = own.get(f"beside its like in another {label}", [])
        values = {value for s in apart for value in re.findall(rf'{label}="(\w+)"', s["series"])}
        assert values == (set() if rule.name in of_all else {"own", "other"})
    labels = r', (prometheus|prometheus_replica|receive_replica|replica|__replica__|endpoint|service)="[^"]*"'
    replicas = Counter(re.sub(labels, "", s["series"]) for s in own["delivered by two replicas"])
    assert set(replicas.values()) == {2}
    metrics = set(re.findall(r"\w+(?=\{)", rule.expr))
    assert metrics
    for metric in metrics:
        played = [{s["values"] for s in series if s["series"].partition("{")[0] == metric} for series in own.values()]
        assert any(all("stale _x" in values for values in of_case) for of_case in played), metric


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alert", "change"),
    [("FinalityCheckP99Violation", (">= 0.001", ">= 0.1")), ("PoIThroughputDegraded", ("for: 10m", "for: 1m"))],
)
def test_the_unit_tests_notice_a_rule_that_was_changed(tmp_path, alert, change):
    """Already the ones of its own alert, which pass without the change."""
    rules, unit_tests = written_alone(tmp_path, alert)
    text = rules.read_text()
    assert change[0] in text
    rules.write_text(text.replace(*change))
    assert promtool("test", "rules", str(unit_tests)).returncode == 1


@pytest.mark.parametrize(("file", "kind"), [("prometheus-alerts", "PrometheusRule"), ("servicemonitor-rust", "ServiceMonitor")])
def test_the_operators_objects_fit_its_schema_without_an_unknown_key(file, kind):
    from cloudcoil.models.prometheus_operator import v1  # thousands of models: two seconds, for whoever only collects tests too

    model = getattr(v1, kind)
    content = yaml.safe_load((FILES / f"{file}.yaml").read_text())
    read = model.model_validate(content).model_dump(by_alias=True, exclude_none=True, mode="json")
    assert read == content


def test_the_shortest_window_of_a_rule_holds_four_scrapes():
    """As many as the ServiceMonitor asks for; Grafana's $__rate_interval is made by the same rule."""
    [endpoint] = yaml.safe_load((FILES / "servicemonitor-rust.yaml").read_text())["spec"]["endpoints"]
    windows = re.findall(r"\[(\d+)([hms])\]", " ".join(r.expr for r in alert_rules(AGREEMENT)))
    assert 4 * int(endpoint["interval"].removesuffix("s")) <= min(
        int(n) * {"h": 3600, "m": 60, "s": 1}[unit] for n, unit in windows
    )


def test_the_object_and_the_rule_file_hold_the_same():
    rule_file = yaml.safe_load((FILES / "prometheus-rules.yaml").read_text())
    assert yaml.safe_load((FILES / "prometheus-alerts.yaml").read_text())["spec"] == rule_file


def test_every_alert_has_a_summary_a_description_and_a_section_in_the_runbooks():
    anchors = {h.lower() for h in re.findall(r"^## (\w+)$", (ROOT / "docs/runbooks.md").read_text(), re.MULTILINE)}
    for group in yaml.safe_load((FILES / "prometheus-rules.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["summary"]
            assert rule["annotations"]["description"]
            page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
            assert urlsplit(page).scheme == "https"
            assert urlsplit(page).netloc
            assert anchor in anchors


def test_runbooks_are_where_it_is_said_in_all_three_files(tmp_path):
    runbooks = "http://wiki.example/bizra/runbooks?v=2"
    assert main(["alerts", "render", "--runbooks", runbooks, "--out", str(tmp_path)]) == 0
    for name in ("prometheus-alerts.yaml", "prometheus-rules.yaml", "prometheus-rules-test.yaml"):
        urls = re.findall(r"runbook_url: (\S+)", (tmp_path / name).read_text())
        assert urls
        assert {url.partition("#")[0] for url in urls} == {runbooks}


@pytest.mark.parametrize(("more", "lines"), [((), 1), (("--runbooks", "http://wiki.example/runbooks"), 0)])
def test_a_default_base_of_the_runbooks_is_named_and_that_nothing_has_checked_it(tmp_path, capsys, more, lines):
    command = ["alerts", "render", "--out", str(tmp_path), *more]
    assert main(command) == 0
    error = capsys.readouterr().err
    assert error.count("\n") == lines
    assert error == "" or (RUNBOOKS in error and "nothing has checked" in error and "--runbooks URL" in error)
    assert main([*command, "--check"]) == 0
    assert RUNBOOKS not in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("job", ["staging-node", OTHER_JOB])
def test_rules_and_their_unit_tests_are_those_of_the_job_that_is_named(tmp_path, job):
    assert main(["alerts", "render", "--job", job, "--out", str(tmp_path)]) == 0
    rules = yaml.safe_load((tmp_path / "prometheus-rules.yaml").read_text())
    expressions = [r["expr"] for g in rules["groups"] for r in g["rules"]]
    assert {name for e in expressions for name in re.findall(r'job="([^"]+)"', e)} == {job}
    assert yaml.safe_load((tmp_path / "prometheus-alerts.yaml").read_text())["metadata"]["name"] == f"{job}-sla"
    for test in yaml.safe_load((tmp_path / "prometheus-rules-test.yaml").read_text())["tests"]:
        played = [s["series"] for s in test["input_series"]]
        assert len(set(played)) == len(played)
    for alert in ("RustMetricsAbsent", "PoIThroughputDegraded") if job == OTHER_JOB else ("PoIThroughputDegraded",):
        (tmp_path / alert).mkdir()
        tested = promtool("test", "rules", str(written_alone(tmp_path / alert, alert, tmp_path)[1]))
        assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize(
    ("agreement", "message"),
    [("local", "objectives.poi_throughput: a share of the plan"), ("nonesuch", "'nonesuch' is unknown")],
)
def test_an_agreement_that_gives_no_rules_is_refused_with_its_key(tmp_path, capsys, agreement, message):
    assert main(["alerts", "render", "--agreement", agreement, "--out", str(tmp_path / "out")]) == 6
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_limit_that_is_a_multiple_of_a_baseline_needs_one_for_its_rule(tmp_path, capsys):
    text = (ROOT / "bizra_load/poi/agreements/v2.2.0-rc1.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace('target: "< 200 us"', 'target: "< 10 x baseline"'))
    (tmp_path / "mine.json").write_text('{"poi_generate_p99_us": {"value": 50, "low": 45, "high": 60}}')
    command = ["alerts", "render", "--agreement", str(tmp_path / "mine.yaml"), "--out", str(tmp_path / "out")]
    (tmp_path / "none.json").write_text("{}")
    assert main([*command, "--baseline", str(tmp_path / "none.json")]) == 6
    error = capsys.readouterr().err
    assert "objectives.poi_generate_p99: its limit is 10 x baseline" in error
    assert "--baseline FILE" in error
    assert error.count("\n") == 1
    assert main([*command, "--baseline", str(tmp_path / "mine.json")]) == 0
    assert ">= 0.0005\n" in (tmp_path / "out" / "prometheus-rules.yaml").read_text()


@pytest.mark.parametrize(
    ("seconds", "text"), [(300, "5m"), (5, "5s"), (0.5, "500ms"), (21_600, "6h"), (90, "90s"), (1e-9, "1ms")]
)
def test_durations_are_whole_numbers_of_one_unit(seconds, text):
    assert promql_duration(seconds) == text
