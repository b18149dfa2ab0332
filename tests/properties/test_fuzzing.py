"""Some tens of thousands of the inputs of `make fuzz`, always the same ones; and that it finds what is wrong."""

import json
import subprocess
import sys

import pytest

from tests.fuzzing.run import TOTAL, main, pieces_of, tried
from tests.fuzzing.target import Target, answer_of
from tests.fuzzing.targets import TARGETS

INPUTS, SEED = 30_000, 13
SHARES = {target.name: count for target, number, count in pieces_of(TARGETS, INPUTS) if number == 0}


@pytest.mark.slow
@pytest.mark.parametrize("target", [t for t in TARGETS if not t.locust], ids=lambda t: t.name)
def test_nothing_from_outside_crashes_or_gives_a_wrong_answer(target):
    piece = tried(target, SEED, 0, SHARES[target.name], None)
    assert piece.inputs == SHARES[target.name]
    assert not piece.failures, piece.failures


@pytest.mark.slow
@pytest.mark.parametrize("name", [t.name for t in TARGETS if t.locust])
def test_nothing_that_a_listener_hears_crashes_or_is_lost(name, tmp_path):
    words = ["--seed", str(SEED), "--only", name, "--piece", "0", "--inputs", str(SHARES[name]), "--keep", str(tmp_path)]
    done = subprocess.run([sys.executable, "-m", "tests.fuzzing", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    piece = json.loads(done.stdout.splitlines()[-1])
    assert (piece["inputs"], piece["failures"]) == (SHARES[name], [])


def one_in_a_hundred(rng):
    return rng.randrange(100)


def check(wrong):
    def asked(made):
        if made == 7:
            wrong()
        return answer_of(lambda: int("x") if made % 2 else made, ValueError)[1]

    return asked


def crash():
    raise KeyError("seven")


def lie():
    assert answer_of(lambda: int("7\n8"), ValueError) == (None, "")


@pytest.mark.parametrize(("wrong", "message"), [(crash, "KeyError in "), (lie, "AssertionError in ")])
def test_what_is_wrong_is_found_and_the_input_is_kept(wrong, message, tmp_path):
    target = Target("t", 1, one_in_a_hundred, check(wrong))
    piece = tried(target, 1, 0, 500, tmp_path)
    assert (piece.inputs, len(piece.failures)) == (500, 1)
    assert message in piece.failures[0]
    [saved] = tmp_path.glob("*.pickle")
    assert saved.with_suffix("").read_text() == "7"
    assert tried(target, 1, 0, 500, None).failures[0].startswith("7: ")  # the same seed, the same inputs
    with pytest.raises((KeyError, AssertionError)):
        main([target], ["--only", "t", "--input", str(saved)])


def test_a_full_run_tries_a_million_inputs_of_every_kind():
    whole = list(pieces_of(TARGETS, TOTAL))
    assert sum(count for _, _, count in whole) >= 1_000_000
    assert {t.name.partition("-")[0] for t in TARGETS} >= {
        "import",
        "metrics",
        "prometheus",
        "evidence",
        "listener",
        "run",
        "report",
    }
