"""One generator for each seed that a user may give, negative ones too."""

import numpy as np
import pytest

from sla.estimators.random_numbers import generator


@pytest.mark.parametrize(("seed", "taken"), [(0, 0), (5, 5), (200, 200), (-1, 2**64 - 1), (2**64 + 5, 5)])
def test_a_seed_is_taken_as_a_whole_number_of_64_bits(seed, taken):
    assert generator(seed).integers(2**63) == np.random.default_rng(taken).integers(2**63)
