"""How far a worker's clocks are off the master's, by a round trip."""

import bizra_load.measure.exchange as exchange
from bizra_load.measure.clock import ClockReading, SteadyClock, reading


def test_a_clock_is_compared_with_the_middle_of_the_round_trip_and_is_unsure_by_half_of_it():
    assert reading(sent_ns=1_000, received_ns=1_400, master_ns=1_200, wall_ahead_ns=7) == ClockReading(0, 7, 200)
    assert reading(sent_ns=1_000, received_ns=1_400, master_ns=700, wall_ahead_ns=-7) == ClockReading(500, 493, 200)


def test_a_round_trip_is_never_shorter_than_nothing():
    assert reading(sent_ns=1_400, received_ns=1_000, master_ns=1_200, wall_ahead_ns=0).error_ns == 0


def test_a_report_that_was_sent_again_before_its_first_sending_was_acknowledged_makes_no_clock_look_wrong(monkeypatch):
    monkeypatch.setattr(exchange, "RESEND_AFTER_S", -1.0)
    clock, sent = SteadyClock(0), []
    receiver = exchange.Receiver("r", lambda *_: None)
    sender = exchange.Sender("r", "w", sent.append, clock=clock)
    for now_s in (1, 5):  # the same clock at both ends; the master reads it at 3 s
        monkeypatch.setattr(clock, "unix_ns", lambda now_s=now_s: now_s * 10**9)
        sender.report(b"1") if now_s == 1 else sender.resend()
    response = receiver.receive(sent[0])
    assert len(sent) == 2
    assert response is not None
    acknowledgement = {**response, "master_ns": 3 * 10**9}
    monkeypatch.setattr(clock, "unix_ns", lambda: 6 * 10**9)
    sender.acknowledged(acknowledgement)
    measured = sender.take_reading()
    assert abs(measured.label_ns) <= measured.error_ns
