"""One file twice is no service that does twice as much."""

import random

import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.imports import repeated
from bizra_load.imports.read import read_import
from tests.unit.imports.test_imports import JMETER_HEADER, K6_HEADER, START, jmeter_row, k6_row, written

K6 = K6_HEADER, [k6_row(START + n // 20, 1 + 0.001 * n) for n in range(600)]
JMETER = JMETER_HEADER, [jmeter_row(START * 1000 + 50 * n, 1 + n % 7) for n in range(600)]
TOOLS = pytest.mark.parametrize("tool", [K6, JMETER], ids=["k6", "jmeter"])


def successful(tmp_path, *lines):
    return sum(w.ok for w in read_import(written(tmp_path, "r.csv", *lines)).measurements.windows)


@TOOLS
@pytest.mark.parametrize("between", ["a header", "no header"])
@pytest.mark.parametrize(
    ("part", "first"), [(slice(0, 600), 2), (slice(0, 150), 2), (slice(100, 600), 102), (slice(540, 600), 542)]
)
def test_a_file_that_was_put_behind_itself_is_refused_with_both_places(tmp_path, tool, between, part, first):
    """Also a part of it, such as an older copy of the file that the tool was still writing, or one that was cut in front."""
    header, own = tool
    more = [header] if between == "a header" else []
    message = (
        rf"line {602 + len(more)}: samples from line {first} on come again, \d+ % of all are there twice: import each file once"
    )
    with pytest.raises(UsageError, match=message):
        successful(tmp_path, header, *own, *more, *own[part])


@TOOLS
@pytest.mark.parametrize("order", ["AAB", "ABA", "ABB"])
def test_one_of_several_files_that_is_there_twice_is_found_whichever_it_is(tmp_path, tool, order):
    """Of generators that began in the same second the first rows may be the same."""
    header, own = tool
    start = [k6_row(START, 2.0, metric="vus")] if tool is K6 else []
    files = {"A": [*start, *own[::2]], "B": [*start, *own[1::2]]}
    with pytest.raises(UsageError, match=r"come again, 6[67] % of all are there twice"):
        successful(tmp_path, *(line for name in order for line in (header, *files[name])))
    assert successful(tmp_path, *(line for name in "AB" for line in (header, *files[name]))) == 600


@TOOLS
def test_a_file_that_was_merged_with_itself_by_time_is_found(tmp_path, tool):
    header, own = tool
    with pytest.raises(UsageError, match="each sample is there twice, side by side: import each file once"):
        successful(tmp_path, header, *(row for row in own for _ in range(2)))


def test_rows_that_are_no_samples_may_be_the_same_in_two_files(tmp_path):
    """Both instances of k6 wait for a minute in their setup()."""
    waits = [k6_row(START + n, 2.0, metric=metric) for n in range(60) for metric in ("vus", "vus_max")]
    files = ([k6_row(START + 60 + n, 1 + 0.001 * n + 0.0001 * i) for n in range(50)] for i in range(2))
    assert successful(tmp_path, *(line for own in files for line in (K6_HEADER, *waits, *own))) == 100


def test_rows_that_are_alike_are_many_requests(tmp_path):
    """As many in one millisecond, of the same name and as slow."""
    row = jmeter_row(START * 1000, 5)
    later = jmeter_row(START * 1000 + 1500, 5)
    assert successful(tmp_path, JMETER_HEADER, *[row] * 300, JMETER_HEADER, *[row] * 300, later) == 601


@pytest.mark.parametrize("per_ms", [1, 5, 20])
def test_a_fast_load_in_whole_milliseconds_repeats_rows_by_chance(tmp_path, per_ms):
    """Of a JMeter that writes no names of threads."""
    rng = random.Random(per_ms)
    rows = [jmeter_row(START * 1000 + n // per_ms, rng.randrange(1, 10)) for n in range(4000)]
    assert successful(tmp_path, JMETER_HEADER, *rows) == 4000


def test_a_little_that_comes_again_moves_no_figure(tmp_path):
    header, own = JMETER
    assert successful(tmp_path, header, *own, *own[:8]) == 608


def test_of_a_long_file_so_many_are_kept_as_tell_it(tmp_path, monkeypatch):
    monkeypatch.setattr(repeated, "MOST_KEPT", 100)
    header, own = K6
    assert successful(tmp_path, header, *own) == 600
    with pytest.raises(UsageError, match="come again"):
        successful(tmp_path, header, *own, *own[300:])
