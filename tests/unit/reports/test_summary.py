"""The summary: whatever a run was, the verdict, what decides and what to do next stand on one screen."""

import dataclasses
import re
import shlex

import pytest
from rich.cells import cell_len

from bizra_load.settings.remedies import WORDS
from reports.documents.next_step import next_step
from reports.formats import summary, table
from sla.judgement.evaluate import evaluate
from sla.values.assessment import Decision, Status
from sla.values.failure import FailureReason
from sla.values.window import OTHER
from tests.unit.sla.synthetic import LOCAL, measurements


def judged(**changes):
    return evaluate(measurements(**changes), LOCAL.agreement, LOCAL.baseline, words=WORDS)


@pytest.fixture(scope="module")
def go():
    return judged()


@pytest.fixture(scope="module")
def failing():
    return judged(failures={"generate": 0.03})


def many(a, objectives=30, operations=300):
    """As many as of a large service, all that failed last."""
    passed = [o for o in a.objectives if o.status is Status.PASS]
    failed = [o for o in a.objectives if o.status is not Status.PASS]
    titled = [
        dataclasses.replace(passed[0], key=f"k{n}", title=f"GET /a/long/way/to/a/resource/{n}/with/a/name p95")
        for n in range(objectives)
    ]
    one = a.operations[0]
    named = [dataclasses.replace(one, operation=f"GET /a/long/way/to/a/resource/{n}/with/a/name") for n in range(operations)]
    return dataclasses.replace(a, objectives=(*titled, *failed), operations=(*named, *a.operations))


def lines(a, width=80, **how):
    return summary.render(
        a, next_step(a, WORDS, "20261124T100000Z-poi"), "runs/20261124T100000Z-poi", width, **how
    ).splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("size", [(30, 300), (0, 300), (30, 0), (2, 2)])
def test_it_fits_whatever_the_run_and_the_terminal_are(failing, size, width):
    a = many(failing, *size)
    for one in (
        a,
        dataclasses.replace(a, objectives=()),
        dataclasses.replace(a, operations=()),
        dataclasses.replace(a, summary="x y " * 400),
    ):
        shown = lines(one, width)
        assert len(shown) < summary.HEIGHT
        assert max(cell_len(line) for line in shown if not line.startswith("next: bizra-load ")) <= width


def test_the_verdict_and_why_come_first_and_what_to_do_next_and_the_place_last(failing):
    shown = [line for line in lines(failing) if not line.startswith("  ")]  # which goes on with the line before
    assert shown[0].startswith("NO-GO: critical: PoI success rate")
    assert [line.partition(":")[0] for line in shown[-4:]] == ["run", "rollout", "next", "saved"]


def test_what_failed_is_shown_where_not_all_fits_and_how_many_more_there_are(failing):
    shown = "\n".join(lines(many(failing)))
    assert re.search(r"^\* PoI success rate .* FAIL$", shown, re.MULTILINE)
    hidden = re.findall(r"^\.\.\. and ([\d,]+) more.* \(-v shows them\)$", shown, re.MULTILINE)
    objectives = len(re.findall(r"(PASS|FAIL|WARN|OPEN)$", shown, re.MULTILINE))
    assert int(hidden[0]) + objectives == len(many(failing).objectives)
    assert re.search(r"^generate .* [1-9]\d* of [\d,]+$", shown, re.MULTILINE)  # of 303 operations the one that fails


def test_numbers_are_those_of_the_tables(go, failing):
    for a in (go, failing):
        shown = "\n".join(lines(a))
        for o in a.objectives:
            [line] = [line for line in shown.splitlines() if o.title in line and line.endswith(o.status.value)]
            for text in (table.quantity(o.estimate.point, o.unit), table.quantity(o.target, o.unit)):
                assert text in line
            for end in (o.estimate.low, o.estimate.high):
                assert table.quantity(end, o.unit).split()[0] in line


def test_the_rate_is_called_that_of_what_succeeded(failing):
    """A row whose requests all failed has a rate of 0, however many were sent."""
    a = dataclasses.replace(failing, operations=(failing.operations[1],))
    [head, row] = [line for line in lines(a) if line.startswith(("by the client", "generate"))]
    assert head.split()[3:5] == ["ok", "rate"]
    sent = a.operations[0].ok + sum(a.operations[0].failed.values())
    seconds = a.steady.to_second - a.steady.from_second
    rate = float(row.split()[1])
    assert rate == pytest.approx(a.operations[0].ok / seconds, rel=0.01)
    assert rate < 0.98 * sent / seconds
    assert table.OPERATION_COLUMNS[1] == "Ok rate"


def test_marks_are_in_colour_where_colour_is_shown_alone(go):
    assert "\x1b[32mPASS\x1b[0m" in "\n".join(lines(go, colour=True))
    assert "\x1b" not in "\n".join(lines(go))


def test_names_are_no_commands_to_the_terminal(go):
    evil = "\x1b[31mred\n[bold]"
    a = dataclasses.replace(
        go,
        summary=evil,
        objectives=tuple(dataclasses.replace(o, title=evil) for o in go.objectives),
        operations=tuple(dataclasses.replace(o, operation=evil) for o in go.operations),
        failures=(FailureReason(evil, evil, evil, 1, 0, 0),),
        notes=(evil,),
    )
    assert all(line.isprintable() for line in lines(a))
    assert "[bold]" in "\n".join(lines(a))
    assert summary.verdict_line(a).isprintable()


def test_a_check_that_failed_is_named_with_its_reason():
    shown = " ".join(" ".join(lines(judged(lost_workers=("w2",)))).split())
    assert "run: 26 checks passed, 1 not; " in shown
    assert "Workers FAIL: workers lost: w2" in shown


NEXT = {
    Decision.GO: ({}, "bizra-load report RUN --format html -o report.html"),
    Decision.NO_GO: ({"failures": {"generate": 0.03}}, "says why it failed"),
    Decision.INCONCLUSIVE: (
        {"rate": 30, "hold_s": 10},
        r"the same with --duration \d+s or such a stage \(at least about \d+ s more",
    ),
    Decision.INVALID: ({"lost_workers": ("w2",)}, "its log"),
    Decision.GO_WITH_CAUTION: ({"server_us": {"generate": 150.0}}, "PoI generate p99: it needs at least 46 % less"),
}


@pytest.mark.parametrize("decision", NEXT)
def test_every_decision_says_what_to_do_next(decision, go):
    changes, message = NEXT[decision]
    a = judged(**changes)
    a = dataclasses.replace(a, run=dataclasses.replace(a.run, arrivals="constant"))
    assert a.decision is decision
    assert re.search(message, next_step(a, WORDS))
    assert next_step(dataclasses.replace(go, decision=decision, objectives=(), checks=(), gates=()))  # whatever is missing


def test_a_run_that_was_stopped_is_to_be_repeated_and_one_without_objectives_to_be_given_some(go):
    assert next_step(judged(interrupted=True), WORDS) == "repeat the run, and let it come to its end"
    step = next_step(dataclasses.replace(go, decision=Decision.NOT_JUDGED), WORDS, "latest")
    assert re.fullmatch(r"bizra-load assess latest --objective '(finality|generate|verify) p95 < 1 s'", step)


def test_no_objective_is_proposed_on_operations_that_were_too_many_to_be_told_apart(go):
    most = max(go.operations, key=lambda o: o.ok)
    many = [dataclasses.replace(o, operation=OTHER) if o is most else o for o in go.operations]
    step = next_step(dataclasses.replace(go, decision=Decision.NOT_JUDGED, operations=tuple(many)), WORDS, "latest")
    assert step == "bizra-load assess latest --objective 'all p95 < 1 s'"


def test_a_command_is_not_broken_and_names_are_quoted_for_a_shell(go):
    evil = "GET /items/$(touch x)/{id}/with/a/name/that/is/longer/than/any/line/of/a/terminal"
    one = dataclasses.replace(go.operations[0], operation=evil)
    a = dataclasses.replace(go, decision=Decision.NOT_JUDGED, operations=(one,))
    [line] = [line for line in lines(a) if line.startswith("next: ")]
    command = shlex.split(line.removeprefix("next: "))
    assert command == ["bizra-load", "assess", "20261124T100000Z-poi", "--objective", f"{evil} p95 < 1 s"]
    unnamed = dataclasses.replace(a, operations=(dataclasses.replace(one, operation="all"),))
    assert "--objective 'all p95 < 1 s'" in next_step(unnamed, WORDS)


def test_a_run_too_short_for_estimates_is_to_be_longer_and_a_closed_one_has_no_duration_of_ours(go):
    short = dataclasses.replace(go, decision=Decision.NOT_JUDGED, steady=None, operations=())
    assert next_step(short, WORDS).startswith("a longer run (-t, --duration)")
    a = judged(rate=30, hold_s=10)
    assert re.fullmatch(r"measure at least about \d+ s longer at this rate", next_step(a, WORDS))  # no arrivals are known of it


def test_objectives_of_long_names_are_told_apart(go):
    one = go.objectives[0]
    ends = ("p50", "p95", "error rate")
    titled = [dataclasses.replace(one, key=e, title=f"GET /api/v1/customers/{{id}}/orders/{{id}}/items {e}") for e in ends]
    shown = "\n".join(lines(dataclasses.replace(go, objectives=tuple(titled))))
    assert all(re.search(rf"\.\..*{end} ", shown) for end in ends)


ALIKE = [f"GET /{path}/{{id}} {figure}" for path in ("items", "missing") for figure in ("p95", "error rate")]


def titled(a, titles):
    """The assessment with one objective for each title, of figures that are wide."""
    o = dataclasses.replace(
        a.objectives[0], estimate=dataclasses.replace(a.objectives[0].estimate, point=1e6, low=1e3, high=5e8)
    )
    return dataclasses.replace(a, objectives=tuple(dataclasses.replace(o, key=t, title=t) for t in titles), notes=())


LONG = [f"GET /v1/customers/{path}/{{id}}/orders p95" for path in ("items", "missing")]


@pytest.mark.parametrize(("titles", "width"), [(ALIKE, 60), (ALIKE, 64), (LONG, 80)])
def test_names_that_would_be_cut_to_the_same_text_are_whole_on_lines_of_their_own(go, titles, width):
    shown = lines(titled(go, titles), width)
    for name in titles:
        place = shown.index(f"* {name}")
        assert re.match(r" +1.00 ms .* PASS$", shown[place + 1])
    assert len(shown) < summary.HEIGHT


def test_names_that_differ_once_they_are_cut_have_no_lines_of_their_own(go):
    shown = lines(titled(go, ["GET /a/long/way/to/items p95", "PUT /a/long/way/to/items p99"]), 66)
    assert sum(line.endswith("PASS") for line in shown) == 2
    assert any(re.match(r"\* GET .*\.\..* p95 .*PASS$", line) for line in shown)


def test_where_there_is_no_room_names_are_cut_where_they_differ(go):
    titles = [f"GET /{chr(97 + n)}/a/long/way/to/items p95" for n in range(12)]
    shown = [line for line in lines(titled(go, titles), 66) if line.endswith("PASS")]
    assert len({line[:16] for line in shown}) == len(shown) > 5


def test_wide_characters_take_two_columns(go):
    wide = "結論 " * 60
    a = dataclasses.replace(go, summary=wide, notes=(wide,), failures=(FailureReason(wide, "x", wide, 1, 0, 0),))
    assert max(map(cell_len, lines(a))) <= 80
