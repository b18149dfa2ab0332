"""Numbers as ranges are the same set."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bizra_load.measure.ranges import Ranges

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda s: (s[0], s[0] + s[1])), max_size=20)


def numbers(ranges):
    return {n for first, last in ranges for n in range(first, last + 1)}


@given(SPANS, SPANS)
def test_they_hold_what_was_added_in_as_few_ranges_as_there_are(spans, more):
    ranges, others = Ranges(), Ranges()
    for target, added in ((ranges, spans), (others, more)):
        for first, last in added:
            target.add(first, last)
    ranges.join(others)
    wanted = numbers(spans) | numbers(more)
    assert numbers(ranges) == wanted
    assert len(ranges) == len(wanted)
    assert ranges.highest == max(wanted, default=-1)
    assert {n for n in range(60) if n in ranges} == wanted
    pairs = list(ranges)
    assert all(one[1] + 1 < other[0] for one, other in itertools.pairwise(pairs))
