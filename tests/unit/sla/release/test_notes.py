"""Boxes of a note: wherever Markdown lets one stand, only [x] and [X] are done."""

import pytest

from sla.release.deployment import of_text
from sla.values.assessment import Status
from tests.cpu_time import cpu_s


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
        "\u2022 [ ] ingress",
        "\u2013 [ ] ingress",
        "1.1 [ ] ingress",
        "1.1. [-] ingress",
        "a. [ ] ingress",
        "(1) [-] ingress",
        "## [ ] ingress",
        "ingress: [ ] not yet",
        "**[ ]** ingress",
        "- **[-] ingress**",
        "- \\[ \\] ingress",
        "- [ ](optional) ingress",
        "- [ ]: ingress",
        "- \u2610 ingress",
        "\u2b1c ingress",
        "| ingress | \u2610 |",
        "- &#9744; ingress",
        "- \u274c ingress",
        "ingress \u2718",
        '- <input type="checkbox"> ingress',
        "<li><INPUT class=a type=checkbox disabled/> ingress</li>",
        "- [TODO] ingress",
        "- [FAIL] ingress",
        "- [not-done] ingress",
        "- [--] ingress",
        "- [&nbsp;] ingress",
        "- \u2612 ingress",
        "- [WIP] ingress",
        "- [In Progress] ingress",
        "- [1] ingress",
        "- [~]: ingress",
        "- ingress [-]",
        "- [not yet] ingress",
        "- :x: ingress",
        "- \u25fd ingress",
        "- &#9744 ingress",
        "- ingress [no] yet",
        "- \uff3b \uff3d ingress",
        "- <input type='checkbox' title='not checked'> ingress",
        '- <input\ntype="checkbox"\ndata-x="> checked"> ingress',
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
        ("- [x] built: [ ] rolled out\n", "1 of 2 boxes of the note are open: rolled out"),
        ("```\n- [ ] never closed\n", "1 of 1 boxes of the note are open: never closed"),
        (
            "- a\n  ```\n- [ ] a fence that its list ends\n  ```\n",
            "1 of 1 boxes of the note are open: a fence that its list ends",
        ),
        ("```\n~~~\n```\n- [ ] b\n~~~\n", "1 of 1 boxes of the note are open: b"),
        ("```a``` b\n- [ ] c\n```\n", "1 of 1 boxes of the note are open: c"),
        ("<!--\n```\n-->\n- [ ] c\n<!--\n```\n-->\n", "1 of 1 boxes of the note are open: c"),
    ],
)
def test_a_box_ends_with_its_line(text, reason):
    [e] = of_text(text)
    assert e.reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "1. [x] a\n> - [X] b\n",
        "- [\u2713] a\n- [\u2714] b\n",
        "| [x] | a |\n|---|---|\n| b | [X] |\n",
    ],
)
def test_all_that_are_ticked_are_counted(text):
    [e] = of_text(text)
    assert (e.status, e.reason) == (Status.PASS, "2 of 2 boxes of the note are ticked; given by the operator")


@pytest.mark.parametrize(
    "text",
    [
        "[1]: https://a.example",
        "- [a](https://a.example)",
        "- [notes] of it",
        "- see [x] there",
        "[1]: see below",
        "- a [b] and a[-1] and [-] between",
        "- [1] of it\n\n[1]: https://a.example\n",
        "```sh\n- [ ] a\nargs: []\n```\n",
        "~~~\n- [ ] a\n```\n\u2610\n~~~~\n",
        '- <input type="checkbox" checked> a <input type="text">\n',
        "```\n[ ]\n```\nand\n```\n[]\n```\n",
        "## [2.2.0] - 2026-11-01\n- [notes] of it\n",
    ],
)
def test_links_words_and_code_are_no_boxes(text):
    [e] = of_text(text)
    assert (e.status, e.reason) == (Status.PASS, "given by the operator")


@pytest.mark.parametrize("legend", ["[-]: not done", "[-]: open", "  [-]: in progress, see below", '[-]: "open"'])
def test_a_legend_hides_no_box(legend):
    [e] = of_text(f"- [x] image\n- [-] ingress\n\n{legend}\n")
    assert e.status is Status.INCONCLUSIVE


def test_a_long_note_is_read_in_one_pass():
    def taken_s(n):
        marks = ("- " * 2 * n, "\n", "[" * 2 * n, "1." * 2 * n, "\n", "[ " * n, "<input " * n)
        return cpu_s(lambda: of_text("".join(("```a\n" * n, *marks))))

    assert taken_s(50_000) < 40 * taken_s(5_000)  # ten times the length; a hundred times as much if each mark saw all others


def test_a_heading_without_words_is_none():
    assert of_text("#\n\ntext")[0].facts == {}
