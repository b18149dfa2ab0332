"""A first agreement as a text with comments, for somebody to put his own promises in: what `bizra-load init` writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bizra_load.products import ANY_SERVICE
from sla.values.agreement_parser import SCHEMA, agreement_from_mapping
from sla.values.objective_words import percentile_in_words

USUAL_ERRORS, USUAL_PLAN = "error rate < 1 %", "throughput >= 95 % of plan"
UNMEASURED = ("p95", "< 500 ms")  # k6's own example of a threshold
_HEAD = """\
# {what}
# Put in what you promise: docs/agreement.md has the words, `bizra-load agreement show FILE` says what they mean.
# An editor completes them after: bizra-load agreement schema -o agreement.schema.json
# yaml-language-server: $schema=agreement.schema.json
"""


@dataclass(frozen=True)
class Proposal:
    """An objective in words, with a comment on where its figure is from; without words only the comment stands there."""

    words: str
    comment: str


@dataclass(frozen=True)
class Draft:
    """`what`: a sentence on what it is made of; `left_out`: what it could not be made of, in a line each."""

    name: str
    what: str
    proposals: tuple[Proposal, ...]
    left_out: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The objectives alone."""
        return tuple(p.words for p in self.proposals if p.words)

    @property
    def text(self) -> str:
        """As YAML. A string of JSON is one of YAML."""
        lines = [f"schema: {SCHEMA}", f"name: {_quoted(self.name)}", f"product: {ANY_SERVICE}", "objectives:"]
        for proposal in self.proposals:
            lines.append(f"  # {proposal.comment}")
            lines += [f"  - {_quoted(proposal.words)}"] if proposal.words else []
        lines += [f"# left out: {line}" for line in self.left_out]
        return _HEAD.format(what=self.what) + "\n".join(lines) + "\n"


def checked(draft: Draft) -> Draft:
    """The same: what is written must be an agreement. Raises AgreementError where it is none, such as one of no objective."""
    agreement_from_mapping({"schema": SCHEMA, "name": draft.name, "objectives": list(draft.words)})
    return draft


def of_names(names: Sequence[str], what: str, name: str) -> Draft:
    """For operations that nothing was measured of. Raises AgreementError where there is none that words can name."""
    in_words = {n: percentile_in_words(n, *UNMEASURED) for n in names}
    proposals = [Proposal(words, "nothing was measured: put in your own") for words in in_words.values() if words]
    left_out = tuple(f"{_quoted(n)}: no words name it" for n, words in in_words.items() if not words)
    usual = [
        Proposal(USUAL_ERRORS, "of all requests together"),
        Proposal(USUAL_PLAN, "does the service keep up? of a load with --target-ops alone: without it leave this out"),
    ]
    return checked(Draft(name, what, (*proposals, *usual), left_out))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())
