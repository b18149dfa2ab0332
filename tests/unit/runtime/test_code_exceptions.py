"""What a run's note says of exceptions in a locustfile's own code."""

import pytest

from bizra_load.runtime.code_exceptions import MOST, exceptions_note

TRACE = '  File "/venv/locust/user/task.py", line 9, in run\n    go()\n  File "/mine/shop.py", line 7, in items\n    raise\n'


def row(count, message, trace=TRACE):
    return {"count": count, "msg": message, "traceback": trace, "nodes": {"local"}}


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ([], ""),
        ([row(1, "x")], "1 exception in the locustfile's code, such as in items, line 7 of shop.py: x"),
        (
            [row(2, "y"), row(1_000, "a\nb")],
            "1,002 exceptions in the locustfile's code, such as in items, line 7 of shop.py: a b",
        ),
        ([row(1, "")], "1 exception in the locustfile's code, such as in items, line 7 of shop.py"),
        ([row(3, "x", "")], "3 exceptions in the locustfile's code, such as one: x"),
        (
            [row(1, "Bearer s3cret-of-mine")],
            "1 exception in the locustfile's code, such as in items, line 7 of shop.py: Bearer ***",
        ),
    ],
)
def test_they_are_counted_with_the_commonest(rows, note):
    shown = exceptions_note(rows, ["s3cret-of-mine"])
    assert shown == (f"{note} (Locust's own report has all of them)" if note else "")


def test_a_long_message_is_cut():
    assert len(exceptions_note([row(1, "y" * 10_000)], [])) < MOST + 150
