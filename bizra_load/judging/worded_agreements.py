"""Agreements with objectives in words that were given beside a file, or alone: their text, as a run folder keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from bizra_load.exit_codes import UsageError
from bizra_load.io import yaml_text
from bizra_load.products import ANY_SERVICE
from bizra_load.settings.defaults import OBJECTIVE
from sla.values.agreement_parser import SCHEMA
from sla.values.objective_words import objective_in
from sla.values.section import AgreementError

NAME = "objectives in words"
_WIDTH = 1000  # characters: an objective stays on its line
_MADE = f"# by {OBJECTIVE} of the command line\n"


def with_objectives(content: str, words: Sequence[str]) -> str:
    """The YAML of an agreement (a right one; "": none) with objectives added, or of one that they make alone, on any service.
    Raises UsageError with one line for a wrong objective, and for one that is there already.
    """
    read = [_key_and_operation(text) for text in words]
    for number, (key, _) in enumerate(read):
        if key in (earlier for earlier, _ in read[:number]):
            raise UsageError(f"{OBJECTIVE}: {key[:100]!r} is given twice (allowed: once)")
    if not content:
        return _made({"schema": SCHEMA, "name": NAME, "product": ANY_SERVICE, "objectives": list(words)})
    document = yaml_text.load(content)
    assert isinstance(document, dict), "it has been read as an agreement"
    return _made(_added(document, words, dict(read)))


def _added(document: dict[str, Any], words: Sequence[str], named: Mapping[str, str]) -> dict[str, Any]:
    there = document["objectives"]
    if isinstance(there, list):
        objectives: Any = [*there, *words]
    else:
        if taken := next((key for key in named if key in there), ""):
            raise UsageError(f"{OBJECTIVE}: {taken[:100]!r} is an objective of the agreement already (allowed: another one)")
        objectives = {**there, **dict(zip(named, words, strict=True))}
    changed = {**document, "name": f"{document['name']}, and {OBJECTIVE}", "objectives": objectives}
    if operations := document.get("operations"):  # an objective of a file may name only these
        changed["operations"] = {**{name: {} for name in named.values() if name}, **operations}
    return changed


def _key_and_operation(text: str) -> tuple[str, str]:
    """Raises UsageError."""
    try:
        objective = objective_in(text, OBJECTIVE)
    except AgreementError as error:
        raise UsageError(str(error)) from None
    return objective.key, next(iter(objective.operations), "")


def _made(document: Mapping[str, Any]) -> str:
    return _MADE + yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=_WIDTH)
