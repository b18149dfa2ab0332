"""docs/limits.md holds each number by which a run is judged: who changes one sees it there, and has a reason."""

from tests.architecture.limits import PAGE, limits, page


def test_the_page_holds_every_limit_with_its_value():
    assert PAGE.read_text() == page(), "python -m tests.architecture.limits writes it anew"


def test_each_limit_says_what_it_is_of_or_why():
    all_limits = list(limits())
    assert len(all_limits) > 80
    assert [f"{limit.path}: {limit.name}" for limit in all_limits if len(limit.why) < 5] == []
