"""What is judged: windows by operation, and failed checks of another tool's script as a line names them."""

import pytest

from sla.values.health_rows import HealthRows
from sla.values.measurements import FailedCheck, Measurements, RunFacts, failed_checks_text
from sla.values.window import Health, Window


@pytest.mark.parametrize(
    ("count", "ending"),
    [(1, "c1 (1)"), (5, "c5 (5)"), (6, "c5 (5); and 1 more"), (40, "c5 (5); and 35 more")],
)
def test_a_line_names_five_failed_checks_and_counts_the_others(count, ending):
    text = failed_checks_text([FailedCheck(f"c{n}", n) for n in range(1, count + 1)])
    assert text.startswith("c1 (1)")
    assert text.endswith(ending)
    assert text.count("(") == min(count, 5)


def test_a_check_is_named_with_how_often_it_failed():
    checks = [FailedCheck("body is right", 12_345), FailedCheck("status is 200", 2)]
    assert failed_checks_text(checks) == "body is right (12,345); status is 200 (2)"


def test_windows_of_an_operation_come_by_second_and_health_as_columns():
    rows = [Window(3, "b"), Window(2, "a"), Window(1, "b"), Window(2, "b")]
    measured = Measurements(tuple(rows), (Health(7, "w1"), Health(5, "w1")), (), RunFacts(0, 1))
    assert [w.second for w in measured.windows_of("b")] == [1, 2, 3]
    assert measured.windows_of("a") == (rows[1],)
    assert measured.windows_of("c") == ()
    assert isinstance(measured.health_rows, HealthRows)
    assert measured.health_rows.list_of("second") == [7, 5]
