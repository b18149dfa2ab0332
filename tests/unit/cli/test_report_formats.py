"""`bizra-load report RUN --format junit | github | csv | hlog`, and --if-changed."""

import csv
import dataclasses
import io
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from bizra_load.archive import checksums
from bizra_load.archive.store import RunWriter, read_run
from bizra_load.cli.main import main
from bizra_load.judging.junit import read_junit
from bizra_load.measure.hlog_text import hlog_text
from sla.values.assessment import Steady
from sla.values.histogram import EMPTY, from_values, merge
from sla.values.window import Window
from tests.unit.cli.test_compare import saved

LATENCIES = """
schema: bizra-load/agreement/1
name: latencies
operations: {generate: {}}
objectives:
  p99: {title: Generate p99, severity: CRITICAL, target: '< 1 s',
        measure: {kind: client_quantile, operations: [generate], quantile: 0.99, latency: response}}
"""
NAMES = ("GET /a b,c", "100%25 €", "plain", "Tag=x,1,2")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = saved(tmp_path_factory.mktemp("runs"), "run", hold_s=30)
    main(["assess", folder])
    return folder


def written(run, form, path):
    assert main(["report", run, "--format", form, "-o", str(path)]) == 0
    return path.read_bytes().decode()


def test_a_dash_is_standard_output(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["report", run, "--format", "md", "-o", "-"]) == 0
    assert capsys.readouterr().out == written(run, "md", tmp_path / "report.md")
    assert not (tmp_path / "-").exists()


def renamed(tmp_path, names):
    """A run whose operations have these names, and one of which timed out in every second."""
    folder = Path(saved(tmp_path, "renamed", hold_s=30))
    measured, record = read_run(folder)
    (folder / "windows.jsonl").unlink()
    writer = RunWriter(folder)
    for name in names:
        of_one = (w for w in measured.windows if w.operation == "generate")
        writer.windows(timing_out(dataclasses.replace(w, operation=name)) for w in of_one)
    writer.record(record, measured.facts)
    writer.close()
    main(["assess", str(folder), "--agreement", _agreement(tmp_path)])
    return str(folder)


def timing_out(w):
    return dataclasses.replace(
        w, failed={"timeout": 1}, response=w.response.with_over_range(1), service=w.service.with_over_range(1)
    )


def _agreement(tmp_path):
    (tmp_path / "latencies.yaml").write_text(LATENCIES)
    return str(tmp_path / "latencies.yaml")


@pytest.mark.parametrize("form", ["junit", "github", "csv", "hlog"])
def test_a_file_holds_what_standard_output_shows(run, form, tmp_path, capsys):
    text = written(run, form, tmp_path / "out")
    capsys.readouterr()
    assert main(["report", run, "--format", form]) == 0
    assert capsys.readouterr().out == text


def test_an_unknown_format_is_refused_with_the_names_of_those_that_there_are(run, capsys):
    with pytest.raises(SystemExit, match="6"):
        main(["report", run, "--format", "xml"])
    [line] = capsys.readouterr().err.splitlines()
    for name in ("text", "json", "md", "html", "junit", "github", "csv", "hlog"):
        assert name in line


def test_junit_is_read_as_evidence_by_ourselves(run, tmp_path):
    counts = read_junit(written(run, "junit", tmp_path / "out.xml").encode())
    assert (counts.tests > 20, counts.failures, counts.errors) == (True, 0, 0)


def test_csv_adds_up_to_what_the_run_holds(run, tmp_path):
    rows = list(csv.DictReader(io.StringIO(written(run, "csv", tmp_path / "out.csv"), newline="")))
    windows = read_run(Path(run))[0].windows
    for column, field in (("planned", "planned"), ("started", "started"), ("successful", "ok")):
        assert sum(int(row[column]) for row in rows) == sum(getattr(w, field) for w in windows) > 0
    assert len(rows) == len({(w.operation, w.second) for w in windows})


def test_a_log_has_the_quantiles_of_the_judged_part_for_hdrhistograms_own_library(run, tmp_path):
    written(run, "hlog", tmp_path / "out.hlog")
    sums, seconds = defaultdict(lambda: HdrHistogram(1, 60_000_000_000, 3)), defaultdict(list)
    reader = HistogramLogReader(str(tmp_path / "out.hlog"), HdrHistogram(1, 60_000_000_000, 3))
    while (h := reader.get_next_interval_histogram()) is not None:
        sums[h.get_tag()].add(h)
        assert h.get_end_time_stamp() - h.get_start_time_stamp() == 1000
        seconds[h.get_tag()] += [h.get_start_time_stamp() // 1000] if h.total_count else []
    reader.close()
    steady = json.loads((Path(run) / "assessment.json").read_text())["steady"]
    for operation in ("generate", "verify", "finality"):
        windows = read_run(Path(run))[0].windows_of(operation)
        kept = merge(w.response for w in windows if steady["from_second"] <= w.second < steady["to_second"])
        assert sums[operation].total_count == kept.total > 1000
        assert seconds[operation] == list(range(steady["from_second"], steady["to_second"]))
        for q in (0.5, 0.9, 0.99, 1.0):
            assert sums[operation].get_value_at_percentile(100 * q) == pytest.approx(kept.quantile_ns(q), rel=1 / 1024)


def assessed(folder):
    return json.loads((Path(folder) / "assessment.json").read_text())


def imported(path, tmp_path):
    main(["assess", "--import", str(path), "--agreement", _agreement(tmp_path), "--out", str(tmp_path / "imported")])
    [folder] = (tmp_path / "imported").iterdir()
    return assessed(folder)


def test_a_log_that_is_imported_again_gives_the_same_quantiles_with_the_same_intervals(run, tmp_path):
    written(run, "hlog", tmp_path / "out.hlog")
    assessment = imported(tmp_path / "out.hlog", tmp_path)
    assert any("a log of our own, whose latencies count from the intended start" in note for note in assessment["notes"])
    back = {o["operation"]: o["response"] for o in assessment["operations"]}
    expected = {o["operation"]: o["response"] for o in assessed(run)["operations"]}
    assert set(back) == {"generate", "verify", "finality"}
    assert back == expected


def test_operations_of_any_name_and_time_outs_come_back_from_a_log(tmp_path):
    folder = renamed(tmp_path, NAMES)
    text = written(folder, "hlog", tmp_path / "out.hlog")
    assert all(len(line.split(",")) == 5 and " " not in line for line in text.splitlines() if line.startswith("Tag="))
    back = {o["operation"]: o for o in imported(tmp_path / "out.hlog", tmp_path)["operations"]}
    assert set(back) == set(NAMES)
    expected = {o["operation"]: o["response"] for o in assessed(folder)["operations"]}
    assert {name: o["response"] for name, o in back.items()} == expected
    assert back["plain"]["response"]["p99.9"]["point"] == "inf"


def test_a_log_of_anybody_else_keeps_the_names_that_it_has(run, tmp_path):
    text = written(run, "hlog", tmp_path / "out.hlog").replace("Tag=generate,", "Tag=a%20b,")
    (tmp_path / "other.hlog").write_text("\n".join(x for x in text.splitlines() if "percent-encoded" not in x) + "\n")
    assert {o["operation"] for o in imported(tmp_path / "other.hlog", tmp_path)["operations"]} == {
        "a%20b",
        "finality",
        "verify",
    }


def test_a_run_of_which_nothing_is_judged_is_in_the_log_as_a_whole():
    windows = [Window(s, "x", ok=1, response=from_values(np.array([5000]))) for s in (10, 11)]
    assert len([line for line in hlog_text(windows, None).splitlines() if line.startswith("Tag=x,1")]) == 2
    nothing = [Window(10, "x", failed={"timeout": 1}, response=EMPTY)]
    for steady in (None, Steady(5, 20, 0, 0, "")):
        assert [line for line in hlog_text(nothing, steady).splitlines() if line.startswith("Tag=")] == []


@pytest.mark.parametrize("form", ["csv", "hlog"])
def test_an_assessment_without_its_run_has_no_seconds_and_says_so(run, form, tmp_path, capsys):
    main(["assess", run, "--out", str(tmp_path / "alone")])
    capsys.readouterr()
    assert main(["report", str(tmp_path / "alone"), "--format", form, "-o", str(tmp_path / "out")]) == 6
    assert f"holds an assessment alone (--format {form} needs the run's own folder)" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def shown(words, capsys):
    capsys.readouterr()
    assert main(words) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("form", ["github", "md"])
def test_a_report_is_shown_the_first_time_and_again_when_the_decision_changed(run, form, tmp_path, capsys):
    words = ["report", run, "--format", form, "--if-changed", str(tmp_path / "new" / "decision")]
    plain = shown(words[:4], capsys)
    assert shown(words, capsys) == plain  # the first run
    assert (tmp_path / "new" / "decision").read_text() == "GO\n"
    assert shown(words, capsys) == ""  # the same verdict
    (tmp_path / "new" / "decision").write_text("NO-GO\n")
    assert shown(words, capsys) == f"The decision was NO-GO, and is GO now.\n\n{plain}"  # a changed one
    assert shown(words, capsys) == ""


def test_where_nothing_changed_the_file_of_the_time_before_is_emptied(run, tmp_path):
    words = ["report", run, "--format", "github", "--if-changed", str(tmp_path / "d"), "-o", str(tmp_path / "comment.md")]
    sizes = [main(words) or (tmp_path / "comment.md").stat().st_size > 0 for _ in range(2)]
    assert sizes == [True, False]


@pytest.mark.parametrize("more", [["--artifacts", "out"], ["--second-opinion"]])
def test_if_changed_is_of_a_report_that_has_a_decision(run, more, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["report", run, "--if-changed", "d", *more]) == 6
    assert f"--if-changed: not with {more[0]}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_sealed_run_that_was_altered_is_shown_in_no_format(tmp_path, capsys):
    folder = saved(tmp_path, "run", hold_s=8)
    main(["assess", folder])
    checksums.seal(Path(folder))
    with (Path(folder) / "windows.jsonl").open("a") as file:
        file.write("\n")
    for form in ("junit", "github", "csv", "hlog"):
        assert main(["report", folder, "--format", form, "-o", str(tmp_path / "out")]) == 6
    assert not (tmp_path / "out").exists()
