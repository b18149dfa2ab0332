"""What an assessment says of how its run was made."""

import json

import pytest

from bizra_load.archive import checksums
from bizra_load.judging.judge import judge_folder
from tests.unit.judging.test_huge_numbers import folder  # noqa: F401  # fixture


def test_the_target_is_not_among_them_where_no_user_was_one_of_ours(folder):  # noqa: F811
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"insecure": True, "foreign_users": True}))
    checksums.seal(folder)
    (message,) = [note for note in judge_folder(folder)[0].notes if "--insecure" in note]
    assert message == "no TLS certificate was verified, of /metrics, Prometheus or Grafana (--insecure)"


@pytest.mark.parametrize("insecure", [True, False])
def test_a_run_with_insecure_says_whose_certificates_were_not_verified(folder, insecure):  # noqa: F811
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"insecure": insecure}))
    checksums.seal(folder)
    message = [note for note in judge_folder(folder)[0].notes if "--insecure" in note]
    assert len(message) == insecure
    for of in ("the target", "/metrics", "Prometheus", "Grafana"):
        assert all(of in note for note in message)
