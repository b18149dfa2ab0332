"""The mutants that make mutants tries: one change each, of what a test can notice."""

from tests.mutating import mutants

SOURCE = '''
LIMIT = 0.5

def over(values: list[float], limit: float = LIMIT) -> bool:
    """More than one over it."""
    found = [v for v in values if v >= limit]
    if not found:
        return False
    return len(found) > 1 and max(found) - min(found) < 40
'''


def test_each_mutant_has_one_change_and_says_which():
    found = mutants("x.py", SOURCE)
    changes = {(m.line, m.change) for m in found}
    assert {
        (2, "0.5 -> 0.4"),
        (2, "0.5 -> 0.6"),
        (6, "v >= limit -> v > limit"),
        (6, "[v for v in values if v >= limit] -> [v for v in values]"),
        (7, "not found -> found"),
        (8, "False -> True"),
        (9, "max -> min"),
        (9, "len(found) > 1 -> len(found) >= 1"),
        (9, "40 -> 48"),
    } <= changes
    assert any(" and " in c and " or " in c for _, c in changes)
    assert not any("float" in c or "More" in c for _, c in changes)  # neither types nor texts
    assert len({m.source for m in found}) == len(found)
    for m in found:
        compile(m.source, m.path, "exec")


def test_the_same_source_gives_the_same_mutants_in_the_same_order():
    assert mutants("x.py", SOURCE) == mutants("x.py", SOURCE)
    assert mutants("x.py", "") == []
