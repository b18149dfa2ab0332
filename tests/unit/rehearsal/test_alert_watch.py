"""What was seen of alerts, with a Prometheus and an Alertmanager that follow a script."""

import time

from bizra_load.rehearsal.alert_watch import ActiveAlert, Sightings


class Scripted:
    """Alert "A": each look at Prometheus shows the next state (None, pending, firing); then Alertmanager knows it or not."""

    def __init__(self, *looks, true_for_s=5.0):
        self._looks = list(looks)
        self._true_for_s = true_for_s
        self._notified = False
        self.has_manager = True

    def notified(self):
        return {"A"} if self._notified else set()

    def active(self):
        state, self._notified = self._looks.pop(0)
        return {"A": ActiveAlert(state, time.time() - self._true_for_s)} if state else {}


def test_each_state_is_stamped_once_in_the_order_in_which_it_is_reached():
    seen = Sightings(Scripted((None, False), ("pending", False), ("firing", True), ("firing", True)), {"A": 2.0})
    assert [seen.all_fired() for _ in range(4)] == [False, False, False, True]
    times = seen.times["A"]
    assert 0 <= times["pending"] <= times["firing"] <= times["notified"]


def test_an_alert_that_reached_alertmanager_while_we_looked_was_firing_no_later():
    """Alertmanager learns of it after our question to it and before our question to Prometheus, or the other way round."""
    seen = Sightings(Scripted(("pending", True), ("firing", True)), {"A": 2.0})
    assert not seen.all_fired()
    assert seen.all_fired()
    assert seen.times["A"]["firing"] <= seen.times["A"]["notified"]


def test_pending_between_two_looks_is_known_from_how_long_the_expression_has_been_true():
    seen = Sightings(Scripted(("firing", True), ("firing", True)), {"A": 2.0})
    seen.all_fired()
    assert seen.all_fired()
    assert seen.times["A"]["pending"] <= seen.times["A"]["firing"]


def test_one_that_fires_without_having_waited_was_never_pending():
    for waits_s in (2.0, 0.0):  # 0: a rule that has no "for"
        seen = Sightings(Scripted(("firing", True), true_for_s=0.5), {"A": waits_s})
        seen.all_fired()
        assert "pending" not in seen.times["A"]


def test_only_what_has_fired_resolves_and_the_phase_ends_when_all_of_it_is_gone():
    seen = Sightings(Scripted(("firing", True), ("firing", True), (None, True)), {"A": 0.0})
    seen.all_fired()
    seen.cleared()
    assert not seen.none_is_left_of(["A"])
    assert seen.none_is_left_of(["A"])
    assert seen.times["A"]["resolved"] >= 0
    never = Sightings(Scripted((None, False)), {"A": 0.0})
    assert never.none_is_left_of(["A"])
    assert never.times["A"] == {}
