"""Everything behind https with a private authority, and tokens for metrics: node, its page of metrics, Prometheus."""

import pytest

from tests.e2e.real_prometheus import prometheus
from tests.e2e.running import Running
from tests.e2e.web_servers.nginx import nginx

TOKENS = {"BIZRA_LOAD_TOKEN": "for-the-node", "METRICS_TOKEN": "for-metrics", "PROMETHEUS_TOKEN": "for-prometheus"}
LOAD = ("--target-ops", "200", "--ramp", "1s", "--duration", "6s", "--workers", "1", "--agreement", "local")
ONLY = 'if ($http_authorization != "Bearer {token}") {{ return 401; }} proxy_pass {url}; '
PLACES = """
    proxy_http_version 1.1;
    location /api/ {{ {node} }}
    location /metrics {{ {metrics} }}
    location /prometheus/ {{ {prometheus} }}
"""


@pytest.fixture(scope="module")
def front(tmp_path_factory, shared_node):
    """nginx with https in front of a node, its metrics and a Prometheus, each behind a token of its own."""
    folder = tmp_path_factory.mktemp("https")
    with prometheus(folder, shared_node.metrics_url.split("/")[2]) as prometheus_url:
        settings = PLACES.format(
            node=ONLY.format(token=TOKENS["BIZRA_LOAD_TOKEN"], url=shared_node.url),
            metrics=ONLY.format(token=TOKENS["METRICS_TOKEN"], url=shared_node.metrics_url),
            prometheus=ONLY.format(token=TOKENS["PROMETHEUS_TOKEN"], url=f"{prometheus_url}/"),
        )
        with nginx(folder, settings) as server:
            yield server


def metrics_of(front, kind):
    url = front.urls["https"]
    return ("--metrics-url", f"{url}/metrics") if kind == "metrics" else ("--prometheus-url", f"{url}/prometheus/")


@pytest.mark.parametrize("kind", ["metrics", "prometheus"])
def test_a_run_trusts_the_authority_for_the_servers_own_metrics_too(tmp_path, front, kind):
    running = Running(tmp_path, *front.options("https"), *metrics_of(front, kind), *LOAD, environment=TOKENS)
    ended = running.end()
    assert ended.code in (0, 3, 4), ended.out + ended.err  # how quick the node is is not asked here
    assert sum(ended.finished().values()) > 1000
    assert not any(w.failed for w in ended.measurements.windows)
    assert ended.check("server_data")["status"] == ended.check("counters_generate")["status"] == "PASS"
    assert ended.objective("poi_generate_p99")["estimate"]["n"] > 300  # by the server's own histogram
    written = b"".join(path.read_bytes() for path in ended.folder.rglob("*") if path.is_file())
    assert not any(token.encode() in written for token in TOKENS.values())


def test_two_hundred_users_share_what_tls_needs_to_know(tmp_path, front):
    """A context of authorities and keys for each took 0.8 MB and 48 ms: the worker was lost before it had all of them."""
    many = ("--target-ops", "400", "--ops-per-user", "2", "--ramp", "1s", "--duration", "6s", "--workers", "1")
    ended = Running(tmp_path, *front.options("https"), *many, "--agreement", "local", environment=TOKENS).end()
    assert sum(ended.finished().values()) > 2000
    assert not any(w.failed for w in ended.measurements.windows)
    assert max(h.slots for h in ended.measurements.health) == 200
    assert max(h.rss_bytes for h in ended.measurements.health) < 150e6  # a worker with a few users holds about 70 MB


@pytest.mark.parametrize("kind", ["metrics", "prometheus"])
@pytest.mark.parametrize("left_out", ["authority", "token"])
def test_without_the_authority_or_the_token_nothing_is_sent_and_one_line_says_why(tmp_path, front, kind, left_out):
    node = f"http://127.0.0.1:{front.urls['http'].rpartition(':')[2]}"
    trust = () if left_out == "authority" else ("--ca-file", str(front.ca_file))
    tokens = TOKENS if left_out == "authority" else TOKENS | {"METRICS_TOKEN": "", "PROMETHEUS_TOKEN": ""}
    ended = Running(tmp_path, "-H", node, *trust, *metrics_of(front, kind), *LOAD, environment=tokens).end()
    assert ended.code == 5
    [line] = [line for line in ended.err.splitlines() if line.startswith("bizra-load run: ")]
    assert ("certificate" in line) if left_out == "authority" else ("401" in line)
    assert not list(tmp_path.glob("*/windows.jsonl"))
    assert not any(token in ended.err for token in TOKENS.values())
