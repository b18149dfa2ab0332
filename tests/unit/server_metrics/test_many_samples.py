"""More samples of a Prometheus than fit the memory are refused: of one response before it is parsed, and of all together."""

import pytest

from bizra_load.server_metrics import prometheus, prometheus_api
from bizra_load.server_metrics.exposition import ScrapeError
from bizra_load.server_metrics.prometheus import PrometheusSource
from tests.e2e.plain_http import answering


@pytest.mark.parametrize(("samples", "refused"), [(1_000, True), (90, False)])
def test_more_samples_than_allowed_are_refused(monkeypatch, samples, refused):
    values = ",".join(['[1,"0"]'] * samples)
    series = f'{{"metric":{{"__name__":"n_total","job":"a","instance":"b"}},"values":[{values}]}}'
    body = f'{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}'.encode()

    monkeypatch.setattr(prometheus_api, "MAX_LISTS", 100)
    with answering("application/json", lambda: body) as address:
        source = PrometheusSource(f"http://{address}", ["n_total"])
        if refused:
            with pytest.raises(ScrapeError, match="more than 100 samples"):
                source.snapshots(0, 60 * 10**9)
        else:
            assert source.snapshots(0, 60 * 10**9)


PLAIN = '"values":[{}]', '[{},"0"]', 1
NATIVE = '"histograms":[{}]', '[{},{{"count":"3","sum":"1","buckets":[[0,"1","2","1"],[0,"2","3","1"],[0,"3","4","1"]]}}]', 4


@pytest.mark.parametrize(("points", "point", "each"), [PLAIN, NATIVE])
@pytest.mark.parametrize("chunks", [3, 4])
def test_many_responses_that_are_small_by_themselves_are_bounded_in_all(monkeypatch, points, point, each, chunks):
    """Every chunk of the time gets the same response; its samples are spread over all of the time."""
    times = [c * prometheus.CHUNK_S + 10 + i for c in range(chunks) for i in range(10)]
    asked = []

    def respond():
        asked.append(1)
        end_s = (chunks - len(asked) + 1) * prometheus.CHUNK_S
        samples = [point.format(t) for t in times if end_s - prometheus.CHUNK_S < t <= end_s]
        series = f'{{"metric":{{"__name__":"n_total","job":"a","instance":"b"}},{points.format(",".join(samples))}}}'
        return f'{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}'.encode()

    monkeypatch.setattr(prometheus, "MAX_SAMPLES", 30 * each)
    with answering("application/json", respond) as address:
        source = PrometheusSource(f"http://{address}", ["n_total"])
        if chunks == 4:
            with pytest.raises(ScrapeError, match=rf"more than {30 * each} samples in 480 s \(allowed: .*-selector"):
                source.snapshots(0, chunks * prometheus.CHUNK_S * 10**9)
        else:
            assert len(source.snapshots(0, chunks * prometheus.CHUNK_S * 10**9)) == 30
    assert len(asked) == chunks
