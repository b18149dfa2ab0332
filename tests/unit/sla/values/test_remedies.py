"""The pure layer says what can be done in plain words; a program has its own words for each of them, and no other."""

import string

import pytest

from bizra_load.settings.remedies import WORDS
from sla.judgement.evaluate import evaluate
from sla.values.agreement import FIGURES_ONLY
from sla.values.remedies import PLAIN, Remedy
from tests.unit.sla.synthetic import LOCAL, measurements


def fields(text):
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


@pytest.mark.parametrize("remedy", Remedy)
def test_the_command_line_has_its_words_for_every_remedy_with_the_same_figures(remedy):
    assert fields(WORDS[remedy]) == fields(PLAIN[remedy])
    for option in ("--", "bizra-load "):
        assert option not in PLAIN[remedy]
    assert "--" in WORDS[remedy] or "bizra-load " in WORDS[remedy]


def test_an_assessment_names_no_options_unless_its_program_does():
    run = measurements(hold_s=20, unsent=10_000)
    for agreement in (LOCAL.agreement, FIGURES_ONLY):
        plain, worded = (evaluate(run, agreement, words=words) for words in (PLAIN, WORDS))
        texts = [(a.summary, *(o.reason for o in a.objectives), *(c.advice for c in a.checks)) for a in (plain, worded)]
        assert not any("--" in text for text in texts[0])
        assert any("--" in text for text in texts[1])
        assert plain.decision is worded.decision
