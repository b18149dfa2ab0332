"""What is remembered of a run folder while its run goes."""

import os
from pathlib import Path

from bizra_load.archive.displaced import LARGEST_BESIDE_BYTES, beside


def test_small_files_are_remembered_but_not_what_is_open_hidden_linked_or_large(tmp_path):
    for name in ("run.json", "windows.jsonl", ".baseline.json.x1"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("run.json")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "large").open("wb") as large:
        os.truncate(large.fileno(), LARGEST_BESIDE_BYTES + 1)
    assert beside(tmp_path, {"windows.jsonl": 3}) == {"run.json": b"run.json"}


def test_a_file_that_goes_while_the_folder_is_read_is_not_missed(tmp_path, monkeypatch):
    (tmp_path / "run.json").write_text("{}")
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: [*listed(folder), folder / "gone.json"])
    assert beside(tmp_path, {}) == {"run.json": b"{}"}
