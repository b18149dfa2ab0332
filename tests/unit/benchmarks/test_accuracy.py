"""The accuracy benchmark: what our response times are held against."""

from benchmarks import accuracy


def test_response_times_are_held_against_a_socket_that_has_a_schedule_too():
    keys = ("response_p50_us", "socket_response_p50_us", "service_p50_us", "socket_service_p50_us", "lag_p50_us")
    near, far = (dict(zip(keys, values, strict=True)) for values in ((620, 600, 590, 580, 20), (700, 610, 590, 580, 50)))
    lines = accuracy.report({1_000.0: [near, near, far]})
    assert lines[4].startswith("| 1,000/s | +20 us [+20, +90] | +10 us [+10, +10] | 620 us [620, 700] |")
    assert lines[-1] == "Response p50 at 1,000/s: within 30 us of a blocking socket's (+20 us)."
    assert accuracy.report({1_000.0: [near, far, far]})[-1].startswith("Response p50 at 1,000/s: not within 30 us")
