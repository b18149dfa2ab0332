"""Boxes of a note: wherever Markdown lets one stand, only [x] and [X] are done."""

import pytest

from sla.release.deployment import of_text
from sla.values.assessment import Status


@pytest.mark.parametrize(
    "line",
    [
        "- [ ] ingress",
        "* [ ] ingress",
        "+ [ ] ingress",
        "1. [ ] ingress",
        "10) [ ] ingress",
        "> - [ ] ingress",
        "> > 1. [ ] ingress",
        "    - [ ] ingress",
        "\t- [ ] ingress",
        "- 1. [ ] ingress",
        "- > * [ ] ingress",
        "[ ] ingress",
        "| [ ] | ingress |",
        "| ingress | [ ] |",
        "- [\u00a0] ingress",
        "- [  ] ingress",
        "- [] ingress",
        "- [ ]ingress",
        "- [-] ingress",
        "- [~] ingress",
        "- [/] ingress",
        "- [ x ] ingress",
        "- [\u2717] ingress",
        "- [ ]",
        "- [ ] ",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
def test_a_box_that_is_not_ticked_leaves_the_item_open(line, end):
    [e] = of_text(end.join(["# v2.2.0", "- [x] image", line, "- [x] service", "the end"]))
    assert e.status is Status.INCONCLUSIVE
    assert "1 of 3 boxes of the note are open" in e.reason
    assert e.facts == {"note": "v2.2.0"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- [ ]\n\n# next\n", "1 of 1 boxes of the note are open"),
        ("- [ ]\n- [ ] b\n", "2 of 2 boxes of the note are open: b"),
        ("- [-] a\n- [ ] b\n", "2 of 2 boxes of the note are open or marked otherwise than [x]: a; b"),
    ],
)
def test_a_box_ends_with_its_line(text, reason):
    [e] = of_text(text)
    assert e.reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "1. [x] a\n> - [X] b\n",
        "| [x] | a |\n|---|---|\n| b | [X] |\n",
    ],
)
def test_all_that_are_ticked_are_counted(text):
    [e] = of_text(text)
    assert (e.status, e.reason) == (Status.PASS, "2 of 2 boxes of the note are ticked; given by the operator")


@pytest.mark.parametrize("line", ["[1]: https://a.example", "- [a](https://a.example)", "- [notes] of it", "- see [x] there"])
def test_links_and_words_are_no_boxes(line):
    [e] = of_text(line)
    assert (e.status, e.reason) == (Status.PASS, "given by the operator")


def test_a_heading_without_words_is_none():
    assert of_text("#\n\ntext")[0].facts == {}
