"""What a worker makes of its master's options: files of the master's are not on its disk."""

from types import SimpleNamespace

import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.settings.defaults import CONTENTS
from bizra_load.settings.settings import contents_of, resolve


def test_stages_and_patterns_come_with_their_contents(tmp_path):
    (tmp_path / "stages.yaml").write_text("stages:\n  - step: {to: 70, for: 5s}\n")
    (tmp_path / "names").write_text("/items/.* -> item\n")
    options = {"stages": str(tmp_path / "stages.yaml"), "fold_names": str(tmp_path / "names")}
    sent = {**options, CONTENTS: contents_of(SimpleNamespace(**options))}
    for name in options.values():
        (tmp_path / name).unlink()
    settings = resolve(SimpleNamespace(**sent), on_a_worker=True)
    assert (settings.curve.peak_per_s, settings.curve.duration_s) == (70, 5)
    assert settings.fold_names.folded("/items/3") == "item"
    with pytest.raises(UsageError, match="No such file or directory"):
        resolve(SimpleNamespace(**sent))


def test_nothing_is_sent_of_names_and_of_files_that_may_hold_secrets(tmp_path):
    (tmp_path / "headers").write_text("X-Key: planted\n")
    options = SimpleNamespace(stages="spike", fold_names="auto", headers_file=str(tmp_path / "headers"))
    assert contents_of(options) == {}


def test_a_worker_needs_no_folder_of_runs_but_the_files_that_its_connections_need():
    resolve(SimpleNamespace(out="/proc/none"), on_a_worker=True)
    for name in ("ca_file", "headers_file"):
        with pytest.raises(UsageError, match="/none: No such file or directory"):
            resolve(SimpleNamespace(**{name: "/none"}), on_a_worker=True)
