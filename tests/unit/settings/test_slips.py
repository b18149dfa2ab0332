"""A word in a path's place that is nearly one of the names that may stand there is answered with what was meant."""

import pytest

from bizra_load.settings.inputs import folding, folding_there, stages, stages_there


@pytest.mark.parametrize(
    ("check", "word", "meant"),
    [(stages, "spik", "spike"), (stages, "step", "steps"), (folding, "of", "off"), (folding, "atuo", "auto")],
)
def test_a_slip_is_answered_with_the_names_there_are(tmp_path, monkeypatch, check, word, meant):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError, match=rf"^'{word}' is unknown, did you mean '{meant}'\? \(allowed: .*, or a file that is there\)$"
    ):
        check(word)


def test_a_path_stays_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("spik.yaml", "./spik"):
        with pytest.raises(FileNotFoundError):
            stages(path)
    (tmp_path / "of").write_text("/items/.* -> item\n")
    assert folding("of").folded("/items/x") == "item"
    (tmp_path / "of").unlink()
    assert folding_there("of", "/items/.* -> item\n").folded("/items/x") == "item"  # a worker is sent what it holds
    assert stages_there("spik", "stages: [{step: {to: 10, for: 60s}}]")
