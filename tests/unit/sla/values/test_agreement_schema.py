"""The schema that editors check agreements by, against the parser, by a library that knows JSON Schema."""

import copy

import pytest
from jsonschema import Draft202012Validator

from bizra_load.io import yaml_text
from bizra_load.products import packaged_files
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.agreement_schema import agreement_schema
from sla.values.section import AgreementError
from tests.architecture.markdown import ROOT, blocks
from tests.unit.sla.values.test_objective_words import HEAD

SCHEMA = agreement_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
PAGES = ("README.md", "docs/agreement.md", "docs/coming-from.md", "CONTRIBUTING.md")
EXAMPLES = [
    document
    for page in PAGES
    for block in blocks((ROOT / page).read_text())
    if block.language == "yaml"
    and isinstance(document := yaml_text.load(block.text), dict)
    and document.get("schema") == "bizra-load/agreement/1"
]
WORDS = HEAD | {"objectives": ["GET /items/{id} p95 < 100 ms", "error rate < 1 %, warning", "throughput >= 95 % of plan"]}
FULL = EXAMPLES[[example["name"] for example in EXAMPLES].index("every key")] | {"environments": {"testnet": {"accepted": []}}}


def parsed(document):
    try:
        return bool(agreement_from_mapping(copy.deepcopy(document)))
    except AgreementError:
        return False


def test_it_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", packaged_files("agreements", ".yaml"), ids=lambda path: path.stem)
def test_every_packaged_agreement_is_one_by_the_schema(path):
    assert not list(VALIDATOR.iter_errors(yaml_text.load(path.read_text())))


def test_every_example_of_the_pages_is_one_by_the_schema():
    assert len(EXAMPLES) >= 4
    for example in EXAMPLES:
        assert parsed(example)
        assert not list(VALIDATOR.iter_errors(example)), example["name"]


def changes(document, path=()):
    """The document with each of its values, wherever it stands, left out or replaced by something else."""
    values = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in values:
        for other in (
            None,
            3,
            True,
            "",
            "nonesuch",
            [],
            {},
            "< 5 ms",
            ">= 5 ops/s",
            ">= 5 %",
            "< 5 %",
            "3 parsecs",
            "5 ms",
            "5 %",
        ):
            if other != value:
                yield (*path, key), other
        yield (*path, key), changes
        yield (*path, key, "nonesuch") if isinstance(value, dict) else (*path, key), "nonesuch"
        yield from changes(value, (*path, key))


def changed(document, path, other):
    document = copy.deepcopy(document)
    place = document
    for key in path[:-1]:
        place = place[key]
    if other is changes:
        del place[path[-1]]
    else:
        place[path[-1]] = other
    return document


def refers(path, other):
    """What the schema does not know: whether a name, or a figure's, is one of those that stand elsewhere or are installed."""
    names = ("operations", "accepted", "baseline", "histogram", "target", "acceptable")
    return bool({*path} & set(names)) and (isinstance(other, str) or other is changes or other in ([], {}))


@pytest.mark.parametrize("document", [FULL, WORDS], ids=["every key", "words"])
def test_what_the_schema_refuses_the_parser_refuses_and_the_other_way_round(document):
    assert parsed(document)
    refused = 0
    for path, other in changes(document):
        mutant = changed(document, path, other)
        by_schema, by_parser = VALIDATOR.is_valid(mutant), parsed(mutant)
        if by_parser or not refers(path, other):
            assert by_schema == by_parser, (path, other)
        refused += not by_schema
    assert refused > 50


@pytest.mark.parametrize(
    "words",
    [
        *("checkout p95 < 100 ms", "p99.9<2s", "all p99 < 2 s, warning", "p50 < 1,000 us ,CRITICAL", "service p95 < .5 s"),
        *("error rate < 1 %", "GET /a, b error rate < 0.5%", "success rate >= 99 %", "throughput >= 1,000 ops/s, Warning"),
        *("x throughput >= 95 % of plan", "p0.1 < 1 s", "p.5 < 1 s"),
        *("", "x", "p95", "p95 < 100", "p95 <= 1 s", "p95 >= 1 s", "p(95) < 1 s", "p0 < 1 s", "p00.0 < 1 s", "p100 < 1 s"),
        *("p9.9.9 < 1 s", "P95 < 1 s", "avg < 1 s", "< 1 s", "p95 < 0,5 s", "p95 < 1 s, warn", "p95 < 10 x baseline"),
        *("eror rate < 1 %", "Error rate < 1 %", "error rate >= 1 %", "throughput < 3 ops/s", "success rate >= 3 ops/s"),
        *("x" * 990 + " p95 < 1 s", "x" * 1000 + " p95 < 1 s"),
        *("xp95 < 1 s", "xerror rate < 1 %", "p95 < 1 s warning", "success rate >= 95 % of plan"),
    ],
)
def test_words_are_right_to_both_or_to_neither(words):
    assert VALIDATOR.is_valid(HEAD | {"objectives": [words]}) == parsed(HEAD | {"objectives": [words]})
    assert VALIDATOR.is_valid(HEAD | {"objectives": {"k": words}}) == parsed(HEAD | {"objectives": {"k": words}})
