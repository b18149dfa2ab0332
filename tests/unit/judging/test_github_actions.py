"""What a judgement leaves in a step of GitHub Actions."""

import pytest

from bizra_load.archive.names import ASSESSMENT
from bizra_load.judging import github_actions
from tests.unit.judging.test_artifacts import every, files, folder, run  # noqa: F401  # fixtures
from tests.unit.validation.test_suite import plan, validated  # noqa: F401  # fixtures


@pytest.fixture
def summary(tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    return tmp_path / "summary.md"


def test_a_validation_has_one_summary_of_its_own_decision_and_steps(validated, summary, capsys):  # noqa: F811
    report, _ = validated()
    github_actions.publish_validation(report)
    text = summary.read_text()
    assert text.startswith("## Validation: INCONCLUSIVE (agreement v2.2.0-rc1)\n\nMetrics validation skipped: PROMETHEUS")
    assert "| Load test | done | GO WITH CAUTION |" in text
    assert "| Metrics validation | skipped | - | PROMETHEUS\\_URL is not set |" in text
    assert "- Exit code: 4\n" in text
    assert "| PoI success rate, CRITICAL |" in text
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("::error title=bizra-load%3A INCONCLUSIVE::Metrics validation skipped")
    assert [line for line in lines[1:] if line.startswith("::error")] == []


def test_a_run_that_was_not_judged_leaves_nothing_and_an_altered_one_a_line(run, summary, capsys):  # noqa: F811
    altered = (run / ASSESSMENT).read_text().replace("GO", "NO-GO")
    (run / ASSESSMENT).write_text(altered)
    github_actions.publish_run(run)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("GITHUB_STEP_SUMMARY: without the run's figures: ")
    (run / ASSESSMENT).unlink()
    github_actions.publish_run(run)
    assert capsys.readouterr().err == ""
    assert not summary.exists()


def test_a_run_that_was_judged_is_published_from_its_folder(run, summary):  # noqa: F811
    github_actions.publish_run(run)
    assert summary.read_text().startswith("## Load test: ")
