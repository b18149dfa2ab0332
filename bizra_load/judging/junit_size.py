"""How much of a JUnit file is read: as much as any tool writes, in seconds. Names in small letters."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from sla.release.evidence_fields import EvidenceError

MAX_ELEMENTS = 1_000_000  # a file of 20 MB holds as many that say something
MAX_SUITES = 50_000  # more classes than a program has
MAX_NAMES = 1000  # different ones, of elements and attributes: tools have a hundred
MAX_DEPTH = 50  # of elements in each other; suites of suites are ten deep


def in_small_letters(root: Element) -> None:
    """Names of elements and attributes, which some tools write as <TestCase Status="...">. Raises EvidenceError for a file of
    more than can be read.
    """
    names: set[str] = set()
    elements = suites = depth = 0
    level = [root]
    while level:
        depth += 1
        elements += len(level)
        _at_most(depth, MAX_DEPTH, "elements in each other")
        _at_most(elements, MAX_ELEMENTS, "elements")
        for element in level:
            _one_in_small_letters(element)
            names.update((str(element.tag), *element.attrib))
            suites += str(element.tag).endswith("testsuite")
            _at_most(len(names), MAX_NAMES, "different names of elements and attributes")
        _at_most(suites, MAX_SUITES, "suites")
        level = [inner for element in level for inner in element]


def _one_in_small_letters(element: Element) -> None:
    if isinstance(element.tag, str):
        element.tag = element.tag.lower()
    attributes = {str(key).lower(): value for key, value in element.attrib.items()}
    if len(attributes) < len(element.attrib):
        name = str(element.tag).rpartition("}")[2][:40]
        raise EvidenceError(f"<{name}>: an attribute is there twice, in other letters")
    element.attrib = attributes


def _at_most(count: int, most: int, what: str) -> None:
    if count > most:
        raise EvidenceError(f"has more {what} than are read (allowed: {most:,})")
