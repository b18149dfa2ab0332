"""A load test is marked in Grafana from its beginning to its end, in Unix milliseconds."""

from bizra_load.monitoring.grafana import GrafanaSettings, annotate
from tests.e2e.replayed_grafana import KEY, replayed_grafana


def test_an_annotation_spans_the_run_in_milliseconds():
    begin_ns = 1_800_000_000_123_456_789
    with replayed_grafana() as grafana:
        annotate(GrafanaSettings(grafana.url, KEY), begin_ns, begin_ns + 61_500_000_000, "a run", ["load-test", "GO"])
    [marked] = grafana.annotations
    assert (marked["time"], marked["timeEnd"]) == (1_800_000_000_123, 1_800_000_061_623)
    assert (marked["text"], marked["tags"]) == ("a run", ["load-test", "GO"])
