"""Requests of Locust's event as samples: the short way of a plain success gives what the long one gives."""

import pytest

from bizra_load.measure.recorder import Recorder
from bizra_load.runtime import due_task
from bizra_load.runtime.request_names import RequestNames
from bizra_load.runtime.request_samples import RequestSamples
from bizra_load.settings.name_folding import AUTO, Folding

SECOND_NS = 1_000_000_000
DONE_NS = 5 * SECOND_NS + SECOND_NS // 2


def samples_of(paced=False, group_by=()):
    recorder = Recorder(0, 0)
    return recorder, RequestSamples(recorder, RequestNames(Folding(AUTO), group_by), paced, lambda: None)


def windows(recorder):
    return [
        (w.operation, w.second, w.ok, w.response_sum_ns, w.service_sum_ns)
        for w in recorder.take(9 * SECOND_NS, everything=True)
    ]


def test_the_short_way_records_what_the_long_one_does():
    recorder, samples = samples_of()
    assert not samples.succeeded(DONE_NS, "GET", "/items/17", 1.25)
    samples.take(DONE_NS, name="/items/17", request_type="GET", response_time=1.25)
    assert samples.succeeded(DONE_NS + SECOND_NS, "GET", "/items/17", 1.25)
    assert windows(recorder) == [
        ("GET /items/{id}", 5, 1, 1_250_000, 1_250_000),
        ("GET /items/{id}", 6, 1, 1_250_000, 1_250_000),
    ]


@pytest.mark.parametrize("ms", [None, float("nan"), float("inf"), -1.0, 60_001.0, 1, True, "1.0"])
def test_a_time_that_is_none_or_out_of_the_ordinary_takes_the_long_way(ms):
    _, samples = samples_of()
    samples.take(DONE_NS, name="a", request_type="GET", response_time=1.0)
    assert not samples.succeeded(DONE_NS, "GET", "a", ms)


def test_names_that_are_no_plain_texts_take_the_long_way():
    _, samples = samples_of()
    samples.take(DONE_NS, name=["a"], request_type="GET", response_time=1.0)
    samples.take(DONE_NS, name="a", request_type=None, response_time=1.0)
    assert not samples.succeeded(DONE_NS, "GET", ["a"], 1.0)
    assert not samples.succeeded(DONE_NS, None, "a", 1.0)
    assert samples.take_bad() == 1


def test_where_the_context_decides_there_is_no_short_way():
    recorder, samples = samples_of(group_by=("tenant",))
    for tenant in ("a", "b"):
        samples.take(DONE_NS, name="x", request_type="GET", response_time=1.0, context={"tenant": tenant})
        assert not samples.succeeded(DONE_NS, "GET", "x", 1.0)
    assert [row[0] for row in windows(recorder)] == ["GET x [tenant=a]", "GET x [tenant=b]"]


def test_the_first_request_of_a_due_task_counts_from_when_that_was_due():
    recorder, samples = samples_of(paced=True)
    samples.take(DONE_NS, name="x", request_type="GET", response_time=1.0)
    due_task.begin(DONE_NS - 4_000_000)
    try:
        assert samples.succeeded(DONE_NS + SECOND_NS, "GET", "x", 1.0)
        assert samples.succeeded(DONE_NS + 2 * SECOND_NS, "GET", "x", 1.0)
    finally:
        due_task.end()
    assert [row[3] for row in windows(recorder)] == [1_000_000, SECOND_NS + 4_000_000, 1_000_000]
