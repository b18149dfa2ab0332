"""docs/agreement.md and docs/stages.md hold what the parsers accept, and nothing else: the parsers themselves are asked.

Both parsers answer an unknown key or word with "(allowed: ...)"; that list is what the page must hold.
"""

import copy
import re

import pytest

from bizra_load.engine.load_curve import LoadCurve
from bizra_load.engine.stages import curve_from_stages
from bizra_load.io import yaml_text
from bizra_load.io.units import duration_s, rate_per_s
from reports.results.promises import sentence
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.objective_words import objective_in
from tests.architecture.markdown import ROOT, blocks, table_cells

AGREEMENT_PAGE = (ROOT / "docs/agreement.md").read_text()
STAGES_PAGE = (ROOT / "docs/stages.md").read_text()
UNKNOWN = "no-such-word"
NAMES = {"operations": "OPERATION", "objectives": "OBJECTIVE", "environments": "ENVIRONMENT"}


def yaml_examples(page):
    return [b.text for b in blocks(page) if b.language == "yaml"]


EVERY_KEY = yaml_text.load(yaml_examples(AGREEMENT_PAGE)[-1])


def rows():
    """The page's rows: key -> (default, allowed, example)."""
    return {cells[0].strip("`"): (cells[3], cells[4], cells[5]) for cells in table_cells(AGREEMENT_PAGE) if len(cells) == 6}


def changed(path, value):
    """The example with every key, with another value at this path."""
    document = copy.deepcopy(EVERY_KEY)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


def allowed(document, parse):
    """The words that the parser's refusal lists."""
    with pytest.raises(ValueError, match=UNKNOWN) as refusal:
        parse(document)
    listed = re.search(r"\(allowed: ([^)]*)\)$", str(refusal.value))
    assert listed, refusal.value
    return set(listed[1].split(", "))


def mappings(value, path=()):
    """The paths of all mappings with fixed keys."""
    if isinstance(value, dict) and path != ("evidence",):
        if path not in ((name,) for name in NAMES):
            yield path
        for key, inner in value.items():
            yield from mappings(inner, (*path, key))


def shown(path):
    """A path as the page writes it: names of one's own in capitals."""
    return ".".join([*path[:1], *(NAMES[path[0]] for _ in path[1:2]), *path[2:]] if path and path[0] in NAMES else path)


def test_the_page_of_the_agreement_holds_every_key_that_the_parser_accepts_and_no_other():
    accepted = {
        shown((*path, key))
        for path in mappings(EVERY_KEY)
        for key in allowed(changed((*path, UNKNOWN), 1), agreement_from_mapping)
    }
    assert set(rows()) - {"key"} == accepted


def test_the_last_example_holds_every_key():
    used = {shown((*path, key)) for path in mappings(EVERY_KEY) for key in _at(path)}
    assert used == set(rows()) - {"key"}


def _at(path):
    place = EVERY_KEY
    for key in path:
        place = place[key]
    return place


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (("objectives", "verify_p99", "measure", "kind"), "objectives.OBJECTIVE.measure.kind"),
        (("objectives", "verify_p99", "measure", "latency"), "objectives.OBJECTIVE.measure.latency"),
        (("objectives", "verify_p99", "measure", "failures"), "objectives.OBJECTIVE.measure.failures"),
        (("failures",), "failures"),
        (("objectives", "verify_p99", "severity"), "objectives.OBJECTIVE.severity"),
        (("operations", "verify", "timer"), "operations.OPERATION.timer"),
    ],
)
def test_the_allowed_words_of_a_key_are_those_of_the_parser(path, key):
    assert set(re.findall(r"`(\w+)`", rows()[key][1])) == allowed(changed(path, UNKNOWN), agreement_from_mapping)


def test_every_kind_of_objective_has_a_row_of_its_own():
    kinds = allowed(changed(("objectives", "verify_p99", "measure", "kind"), UNKNOWN), agreement_from_mapping)
    assert {cells[0].strip("`") for cells in table_cells(AGREEMENT_PAGE) if cells[0].strip("`") in kinds} == kinds


def test_a_default_that_is_written_out_changes_nothing():
    defaults = {key: default.strip("`") for key, (default, _, _) in rows().items() if default.startswith("`")}
    assert len(defaults) >= 10
    for key, value in defaults.items():
        written = yaml_text.load(yaml_examples(AGREEMENT_PAGE)[1])  # the small one in the longer form
        section, name = key.split(".")[0], key.split(".")[-1]
        places = {"operations": written["operations"]["pay"], "objectives": written["objectives"]["pay_p99"]["measure"]}
        place = written if section == name else places.get(section) or written.setdefault(section, {})
        place.pop(name, None)
        without = agreement_from_mapping(copy.deepcopy(written))
        place[name] = value
        assert agreement_from_mapping(written) == without, key


def test_every_row_of_words_says_what_agreement_show_says_of_them():
    shown = [
        cells for cells in table_cells(AGREEMENT_PAGE) if len(cells) == 2 and re.search("[<>]", cells[0]) and "%" in cells[1]
    ]
    assert len(shown) >= 6
    for words, meaning in shown:
        assert meaning == sentence(objective_in(words.strip("`"), "the page"), {})


@pytest.mark.parametrize("text", yaml_examples(AGREEMENT_PAGE))
def test_every_example_of_an_agreement_is_one(text):
    agreement = agreement_from_mapping(yaml_text.load(text))
    assert agreement.objectives


def test_every_required_key_is_required_and_every_other_is_not():
    needed = {key for key, (default, _, _) in rows().items() if default.startswith("required")}
    for path in mappings(EVERY_KEY):
        for key in _at(path):
            name, document = shown((*path, key)), copy.deepcopy(EVERY_KEY)
            place = document
            for step in path:
                place = place[step]
            del place[key]
            if name in needed:
                with pytest.raises(ValueError, match=re.escape(key)):
                    agreement_from_mapping(document)
            elif not _named_elsewhere(name):
                agreement_from_mapping(document)


def _named_elsewhere(name):
    """Optional keys that the example's other keys refer to: without them the example contradicts itself."""
    return name in ("operations", "operations.OPERATION.histogram", "objectives.OBJECTIVE.baseline")


def test_every_form_of_a_limit_is_understood_for_its_kind_and_no_other():
    forms = [cells for cells in table_cells(AGREEMENT_PAGE) if len(cells) == 3 and cells[0].startswith(("`<", "`>"))]
    assert len(forms) >= 6
    for form, use, _ in forms:
        for kind, word in (("server_quantile", "quantiles"), ("throughput", "throughput"), ("success", "success")):
            document = copy.deepcopy(EVERY_KEY)
            objective = document["objectives"]["verify_inside_p99"]
            objective["measure"]["kind"] = kind
            objective["target"] = form.strip("`")
            if word == use:
                agreement_from_mapping(document)
            else:
                with pytest.raises(ValueError, match="verify_inside_p99"):
                    agreement_from_mapping(document)


def test_the_page_of_stage_files_holds_every_key_that_the_parser_accepts_and_no_other():
    kinds = allowed({"stages": [{UNKNOWN: {}}]}, curve_from_stages)
    accepted = {f"{kind}.{key}" for kind in kinds for key in allowed({"stages": [{kind: {UNKNOWN: 1}}]}, curve_from_stages)}
    written = {c[0].strip("`"): c for c in table_cells(STAGES_PAGE) if len(c) == 5 and c[0] != "key"}
    assert set(written) == accepted
    for key, (_, kind, _, _, example) in written.items():
        parse = {"number": rate_per_s, "duration": duration_s}[kind]
        assert parse(yaml_text.load(example.strip("`"))) > 0, key


@pytest.mark.parametrize("text", yaml_examples(STAGES_PAGE))
def test_every_example_of_a_stage_file_is_one(text):
    assert isinstance(curve_from_stages(yaml_text.load(text)), LoadCurve)


def test_the_example_of_a_stage_file_is_told_as_it_is():
    curve = curve_from_stages(yaml_text.load(yaml_examples(STAGES_PAGE)[0]))
    assert [(s.duration_s, s.from_per_s, s.to_per_s) for s in curve.segments] == [
        (10, 0, 1000), (60, 1000, 1000), (30, 2000, 2000), (5, 5000, 5000), (60, 2000, 2000),
    ]  # fmt: skip
