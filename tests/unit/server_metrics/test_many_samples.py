"""A response of Prometheus with more samples than fit the memory is refused before it is parsed."""

import pytest

from bizra_load.server_metrics import prometheus_api
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
