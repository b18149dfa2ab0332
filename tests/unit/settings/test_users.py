"""How many users share out a planned rate."""

import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.settings.inputs import MAX_USERS
from bizra_load.settings.pacing import paced_ops_per_user
from bizra_load.settings.settings import checked

RATES = (0.001, 0.7, 1, 10, 33.3, 1000, 1e7)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for variable in ("TARGET_OPS_SEC", "OPS_PER_USER", "STAGES"):
        monkeypatch.delenv(variable, raising=False)


def users_of(rate, ops_per_user):
    """By the options' texts, as they are handed on."""
    return checked({"target_ops": str(rate), "ops_per_user": str(ops_per_user)}).users


def test_there_are_as_many_users_as_were_asked_for():
    wrong = [
        (rate, users, users_of(rate, rate / users))
        for rate in RATES
        for users in (*range(1, 2001), 99_999, MAX_USERS)
        if users_of(rate, rate / users) != users
    ]
    assert not wrong


@pytest.mark.parametrize(("rate", "users"), [(0.5, 10), (11, 11), (61.5, 62), (997, 997), (1e5, 1000)])
def test_where_nobody_asks_there_is_one_for_each_task_a_second_within_limits(rate, users):
    assert users_of(rate, paced_ops_per_user(rate)) == users


def test_a_rate_that_does_not_fit_into_whole_slots_has_one_more():
    assert users_of(101, 50) == 3
    assert users_of(100.001, 50) == 3
    assert users_of(100, 50) == 2
    for ops_per_user in (0.0001, "1e-310"):
        with pytest.raises(UsageError, match="need more than 100,000 users"):
            users_of(101, ops_per_user)
