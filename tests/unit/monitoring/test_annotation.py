"""A load test is marked in Grafana from its beginning to its end, in Unix milliseconds, once, with the decision that counts."""

from bizra_load.monitoring.grafana import GrafanaSettings, LoadTest, mark
from tests.e2e.replayed_grafana import KEY, replayed_grafana

BEGIN_NS = 1_800_000_000_123_456_789
END_NS = BEGIN_NS + 61_500_000_000
TEST = LoadTest("20270115T080000Z-a", "a", BEGIN_NS, END_NS)


def test_a_mark_spans_the_run_in_milliseconds():
    with replayed_grafana() as grafana:
        mark(GrafanaSettings(grafana.url, KEY), TEST, "GO", "every gate passes")
    [marked] = grafana.annotations
    assert (marked["time"], marked["timeEnd"]) == (1_800_000_000_123, 1_800_000_061_623)
    assert (marked["text"], marked["tags"]) == ("20270115T080000Z-a: GO (every gate passes)", ["load-test", "a", "GO"])


def test_a_later_decision_takes_the_place_of_the_first_and_leaves_others_alone():
    other = LoadTest("20270115T080000Z-a-2", "a", BEGIN_NS, END_NS)
    with replayed_grafana() as grafana:
        settings = GrafanaSettings(grafana.url, KEY)
        mark(settings, TEST, "GO", "every gate passes")
        mark(settings, other, "GO", "every gate passes")
        mark(settings, TEST, "NO-GO", "PoI success rate")
    assert [a["text"] for a in grafana.annotations] == [
        "20270115T080000Z-a: NO-GO (PoI success rate)",
        "20270115T080000Z-a-2: GO (every gate passes)",
    ]
    assert [a["tags"][2] for a in grafana.annotations] == ["NO-GO", "GO"]
    assert {(a["time"], a["timeEnd"]) for a in grafana.annotations} == {(1_800_000_000_123, 1_800_000_061_623)}
