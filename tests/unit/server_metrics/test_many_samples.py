"""A response of Prometheus with more samples than fit the memory is refused before it is parsed."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bizra_load.server_metrics import prometheus_api
from bizra_load.server_metrics.exposition import ScrapeError
from bizra_load.server_metrics.prometheus import PrometheusSource


@pytest.mark.parametrize(("samples", "refused"), [(1_000, True), (90, False)])
def test_more_samples_than_allowed_are_refused(monkeypatch, samples, refused):
    values = ",".join(['[1,"0"]'] * samples)
    series = f'{{"metric":{{"__name__":"n_total","job":"a","instance":"b"}},"values":[{values}]}}'
    body = f'{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}'.encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    monkeypatch.setattr(prometheus_api, "MAX_LISTS", 100)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        source = PrometheusSource(f"http://127.0.0.1:{server.server_port}", ["n_total"])
        if refused:
            with pytest.raises(ScrapeError, match="more than 100 samples"):
                source.snapshots(0, 60 * 10**9)
        else:
            assert source.snapshots(0, 60 * 10**9)
    finally:
        server.shutdown()
        server.server_close()
