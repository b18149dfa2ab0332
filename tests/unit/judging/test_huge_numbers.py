"""A number that no finite float holds, wherever it stands in what comes from outside: one line, or no figure at all."""

import json

import pytest

from bizra_load.archive import checksums
from bizra_load.archive.store import RunWriter, read_run
from bizra_load.exit_codes import UsageError
from bizra_load.judging.agreements import read_baseline
from bizra_load.judging.judge import judge_folder
from bizra_load.judging.junit import read_junit
from bizra_load.monitoring.panel_check import check_panels
from bizra_load.monitoring.panels import Panel
from bizra_load.server_metrics.exposition import ScrapeError, parse
from bizra_load.server_metrics.native import NativeHistogram
from bizra_load.server_metrics.prometheus import PrometheusSource
from reports.formats import json_report
from sla.judgement.evaluate import evaluate
from sla.release.dashboard_evidence import of_dashboard
from sla.release.drill_evidence import of_alert_drill
from sla.release.evidence_fields import EvidenceError
from sla.values.monitoring import MadeMonitoring, RequiredMonitoring
from tests.unit.cli.bad_files import run
from tests.unit.sla.synthetic import LOCAL, measurements

HUGE = 10**400


@pytest.fixture
def folder(tmp_path):
    run(tmp_path / "good", RunWriter, measurements(rate=5, hold_s=4))
    return tmp_path / "good"


def altered(folder, name, change):
    """A line or record changed by `change`, and sealed again."""
    path = folder / name
    first, *rest = [path.read_text()] if name == "run.json" else path.read_text().splitlines(keepends=True)
    document = json.loads(first)
    change(document)
    path.write_text(json.dumps(document) + "\n" + "".join(rest))
    checksums.seal(folder)


@pytest.mark.parametrize("field", ["load_started_ns", "load_ended_ns", "drained_ns", "seed", "missing_messages"])
def test_a_run_record_with_a_huge_fact_is_refused(folder, field):
    altered(folder, "run.json", lambda record: record["facts"].update({field: HUGE}))
    with pytest.raises(UsageError, match=r"run\.json: not a run record"):
        judge_folder(folder)


def test_a_plan_with_a_huge_rate_is_refused(folder):
    altered(folder, "run.json", lambda record: record["facts"]["plan"][0].update(to_per_s=HUGE))
    with pytest.raises(UsageError, match=r"run\.json: not a run record"):
        judge_folder(folder)


@pytest.mark.parametrize(("name", "field"), [("windows.jsonl", "ok"), ("health.jsonl", "slots"), ("server.jsonl", "at_ns")])
def test_a_row_with_a_huge_count_is_refused(folder, name, field):
    altered(folder, name, lambda row: row.update({field: HUGE}))
    with pytest.raises(UsageError, match=rf"{name}: line 1: "):
        judge_folder(folder)


def test_a_baseline_file_with_a_huge_figure_is_refused(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"schema": "bizra-load/baseline/1", "poi_generate_p99_us": HUGE}))
    with pytest.raises(UsageError, match=r"baseline mine\.json: poi_generate_p99_us: must be a finite number"):
        read_baseline(path)


@pytest.mark.parametrize("number", [str(HUGE), "NaN", "Infinity"])
def test_an_assessment_with_a_huge_number_is_refused(number):
    text = json_report.render(evaluate(measurements(rate=5, hold_s=4), LOCAL.agreement, LOCAL.baseline))
    assert '"exit_code": ' in text
    head, _, tail = text.partition('"exit_code": ')
    with pytest.raises(ValueError, match=r"larger than any number|is no number"):
        json_report.parse(f'{head}"exit_code": {number},{tail.partition(",")[2]}')


def test_evidence_with_a_huge_number_is_refused():
    drill = {"schema": "bizra-load/alert-drill/1", "agreement_sha256": "a", "passed": True, "rules_loaded": HUGE, "rules": []}
    with pytest.raises(EvidenceError, match="rules_loaded: must be a whole number"):
        of_alert_drill(drill, RequiredMonitoring(), MadeMonitoring(), "a")
    check = {"schema": "bizra-load/dashboard-check/1", "agreement_sha256": "a", "url": "", "passed": True, "scrape_s": HUGE}
    with pytest.raises(EvidenceError, match="scrape_s: must be seconds"):
        of_dashboard(check, RequiredMonitoring(), MadeMonitoring(), 4.0, "a")


@pytest.mark.parametrize("count", ["²", "٣", "1_0", "9" * 400])
def test_a_junit_count_that_is_no_plain_number_is_refused(count):
    with pytest.raises(EvidenceError, match="must be a whole number"):
        read_junit(f'<testsuite tests="{count}"/>'.encode())


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "1e999"])
def test_what_a_server_gives_as_no_finite_number_is_no_figure_and_the_run_stays_readable(folder, value):
    text = f"""b_seconds_bucket{{le="+Inf"}} 5
b_seconds_sum {value}
d {value}
e_total 7
"""
    snapshot = parse(text.encode(), "http://x/metrics", 10**18, 1)
    assert (set(snapshot.counters), set(snapshot.gauges), set(snapshot.histograms)) == ({"e_total"}, set(), {"b_seconds"})
    writer = RunWriter(folder)
    writer.snapshots([snapshot])
    writer.close()
    checksums.seal(folder)
    assert snapshot in read_run(folder)[0].snapshots


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "1e999", "-1"])
@pytest.mark.parametrize("series", ["c_fail_total", 'a_seconds_bucket{le="0.1"}'])
def test_a_count_that_is_none_is_not_taken_for_0(series, value):
    page = f'{series} {value}\na_seconds_bucket{{le="+Inf"}} 5\na_seconds_count 5\nc_total 7\n'
    with pytest.raises(ScrapeError, match=r"http://x/metrics: \S+.* is no count"):
        parse(page.encode(), "http://x/metrics", 10**18, 1)


@pytest.mark.parametrize("value", [{"count": HUGE, "sum": "1"}, {"count": "inf", "sum": "1"}, {"count": "nan", "sum": "1"}])
def test_a_native_histogram_with_an_impossible_count_is_refused(value):
    with pytest.raises(ScrapeError, match="can't be read"):
        NativeHistogram.of(value)


SERIES = {"metric": {"__name__": "a_total"}, "values": [[1.0, "7"]]}


@pytest.mark.parametrize(
    "response",
    [
        [SERIES | {"values": [[HUGE, "7"]]}],
        [SERIES | {"values": [["inf", "7"]]}],
        [SERIES | {"values": [[1.0, HUGE]]}],
        [SERIES | {"values": [[1.0]]}],
        [SERIES | {"values": [[1.0, "seven"]]}],
        [{"metric": {}, "values": []}],
        [{"metric": {"__name__": "a_total", "job": 5}, "values": [[1.0, "7"]]}],
        [{"metric": {"__name__": 5}, "values": [[1.0, "7"]]}],
        ["text"],
        {"a": 1},
    ],
)
def test_a_prometheus_that_answers_in_another_form_is_one_line(response, monkeypatch):
    source = PrometheusSource("http://127.0.0.1:9", ["n_total"])
    monkeypatch.setattr(source._client, "query", lambda *_: response)
    with pytest.raises(ScrapeError, match="does not respond as a Prometheus does"):
        source.snapshots(0, 2 * 10**9)


@pytest.mark.parametrize("series", [{"value": [0, HUGE]}, {"value": [0, "seven"]}, {"value": [0]}, {"value": None}, {}])
def test_a_panel_whose_answer_has_another_form_is_one_line(series):
    panel = Panel("A", "", "s", {"a": "up"})
    with pytest.raises(ScrapeError, match="no instant vector"):
        check_panels(lambda _: [series], [panel], LOCAL.agreement, "x")
