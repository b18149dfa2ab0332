"""When a master counts as silent."""

import pytest

from bizra_load.measure.master_silence import CHECK_EVERY_S, MASTER_SILENT_S, STOPS_WITHIN_S, Silence


class Worker:
    """Signs and a clock that the test moves on."""

    def __init__(self, signs=1):
        self.signs, self.now_s = signs, 100.0
        self.silence = Silence(lambda: self.signs, lambda: self.now_s)
        self.silence.silent_s()

    def checks(self, for_s, every_s=CHECK_EVERY_S):
        for _ in range(round(for_s / every_s)):
            self.now_s += every_s
            silent_s = self.silence.silent_s()
        return silent_s


def test_silence_lasts_from_the_last_sign():
    worker = Worker()
    assert worker.checks(5) == pytest.approx(5)
    worker.signs += 1
    assert worker.checks(CHECK_EVERY_S) == 0
    assert worker.checks(3) == pytest.approx(3)


def test_nobody_is_silent_who_has_not_been_heard_yet():
    worker = Worker(signs=0)
    assert worker.checks(1000) == 0
    worker.signs = 1
    assert worker.checks(7) == pytest.approx(7 - CHECK_EVERY_S)


def test_a_worker_that_was_stopped_itself_has_not_lost_its_master():
    worker = Worker()
    worker.checks(2)
    assert worker.checks(60, every_s=60) <= 3.01


def test_fewer_signs_are_signs_of_another_run():
    worker = Worker(signs=50)
    worker.checks(5)
    worker.signs = 3
    assert worker.checks(CHECK_EVERY_S) == 0


def test_a_worker_stops_within_what_the_count_of_lost_operations_takes_for_granted():
    assert MASTER_SILENT_S + 2 * CHECK_EVERY_S < STOPS_WITHIN_S
