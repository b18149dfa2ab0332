"""The mutants that make mutants tries: one change each, of what a test can notice."""

import subprocess
import sys

import pytest

from tests.architecture.markdown import ROOT
from tests.mutants import reasons
from tests.mutating import mutants

SOURCE = '''
LIMIT = 0.5

def over(values: list[float], limit: float = LIMIT) -> bool:
    """More than one over it."""
    high = [v for v in values if v >= limit]
    if not high:
        return False
    return len(high) > 1 and max(high) - min(high) < 40
'''


def test_each_mutant_has_one_change_and_says_which():
    mutated = mutants("x.py", SOURCE)
    changes = {(m.line, m.change) for m in mutated}
    assert {
        (2, "0.5 -> 0.4"),
        (2, "0.5 -> 0.6"),
        (6, "v >= limit -> v > limit"),
        (6, "[v for v in values if v >= limit] -> [v for v in values]"),
        (7, "not high -> high"),
        (8, "False -> True"),
        (9, "max -> min"),
        (9, "len(high) > 1 -> len(high) >= 1"),
        (9, "40 -> 48"),
    } <= changes
    assert any(" and " in c and " or " in c for _, c in changes)
    assert not any("float" in c or "More" in c for _, c in changes)  # neither types nor texts
    assert len({m.source for m in mutated}) == len(mutated)
    for m in mutated:
        compile(m.source, m.path, "exec")


def test_the_same_source_gives_the_same_mutants_in_the_same_order():
    assert mutants("x.py", SOURCE) == mutants("x.py", SOURCE)
    assert mutants("x.py", "") == []


@pytest.mark.slow
def test_a_fork_runs_the_tests_of_the_copy_and_notices_a_change(tmp_path):
    """In a process of its own, as `make mutants` does: warnings are errors there too."""
    code = """
import importlib, pathlib, sys
from tests import mutants
for name in mutants.LIBRARIES:
    importlib.import_module(name)
folder, change, mutants.FIRST = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
mutants.copy_packages(folder)
if change:
    path = folder / "sla/values/number.py"
    path.write_text(path.read_text().replace("else None", "else 0"))
file = "tests/unit/sla/values/test_number.py::"
tests = [file + "test_digits_one_point_and_an_exponent_are_a_number[12-12]", file + "test_a_whole_number_has_digits_only[1.5]"]
sys.exit(mutants.notices(folder, tests))
"""

    def noticed(change, first):
        command = [sys.executable, "-c", code, str(tmp_path / f"copy{change}{first}"), change, str(first)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
        assert not ended.stderr.startswith(b"Traceback"), ended.stderr
        return ended.returncode

    # the second of the tests notices it, whether it is among the first or comes behind them
    assert [noticed(change, first) for change in ("", "changed") for first in (1, 12)] == [0, 0, 1, 1]


def test_each_reason_why_a_change_can_not_be_noticed_is_of_one_that_there_is():
    assert len(reasons()) > 100
