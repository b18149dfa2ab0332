"""Facts of a run that are shown: what is known comes back from JSON, and what is not known is told from what is nothing."""

import json

import pytest

from sla.values.shown_facts import NO_FACTS, ShownFacts

# each of them known, though some of them are nothing
KNOWN = ShownFacts(
    name="a run",
    started="2026-11-26T01:00:00Z",
    folder="20261126T010000Z-a-run",
    measured_sha256="5e" * 32,
    target="",
    command=("bizra-load", "run"),
    versions={"locust": "2.32"},
    host={"cores": 2},
    arrivals="poisson",
    rehearsal=False,
    seed=0,
    workers=2,
    agreement_sha256="ab12",
    planned_per_s=900.5,
)


def test_facts_come_back_from_json_as_they_were():
    document = json.loads(json.dumps(KNOWN.as_json()))
    assert set(document) == set(ShownFacts.__dataclass_fields__)
    assert ShownFacts.from_json(document) == KNOWN
    assert ShownFacts.from_json(NO_FACTS.as_json()) == NO_FACTS


def test_what_is_not_known_is_left_out_but_for_the_planned_rate():
    assert NO_FACTS.as_json() == {"planned_per_s": None}
    assert ShownFacts(seed=0, planned_per_s=5.0).as_json() == {"seed": 0, "planned_per_s": 5.0}


def test_null_is_not_known_and_names_of_later_versions_are_passed_over():
    assert ShownFacts.from_json({"name": None, "later": [1], "workers": 2}) == ShownFacts(workers=2)
    assert ShownFacts.from_json({"command": ["run", 1], "planned_per_s": 900}) == ShownFacts(
        command=("run", "1"), planned_per_s=900
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([1], "run: [1] (allowed: facts of the run, by name)"),
        ({"name": 3}, "run: name is 3 (allowed: text)"),
        ({"command": "run"}, "run: command is 'run' (allowed: a list)"),
        ({"versions": []}, "run: versions is [] (allowed: an object)"),
        ({"rehearsal": 1}, "run: rehearsal is 1 (allowed: true or false)"),
        ({"seed": True}, "run: seed is True (allowed: a whole number)"),
        ({"seed": 1.5}, "run: seed is 1.5 (allowed: a whole number)"),
        ({"planned_per_s": False}, "run: planned_per_s is False (allowed: a number)"),
        ({"planned_per_s": "9"}, "run: planned_per_s is '9' (allowed: a number)"),
    ],
)
def test_a_fact_of_another_type_is_named_with_what_is_allowed(document, message):
    with pytest.raises(ValueError, match=r"^run: ") as caught:
        ShownFacts.from_json(document)
    assert str(caught.value) == message


def test_a_reader_is_told_what_is_unknown_and_what_was_not_given():
    assert NO_FACTS.named_text == "start unknown"
    assert KNOWN.named_text == "20261126T010000Z-a-run, started 2026-11-26T01:00:00Z"
    assert ShownFacts(name="a run").named_text == "a run, start unknown"
    targets = (None, "", "http://127.0.0.1:8080")
    assert [ShownFacts(target=t).target_text for t in targets] == ["unknown", "none", "http://127.0.0.1:8080"]
    assert KNOWN.titled("workers", "rehearsal", "seed") == [("Workers", "2"), ("Rehearsal", "False"), ("Seed", "0")]
