"""Certificates and secrets of /metrics and of Prometheus: a private authority, a wrong one, none; headers that stay at home."""

import contextlib

import pytest
import trustme

from bizra_load.io.trust import Trust, headers_for
from bizra_load.judging.agreements import read_agreement
from bizra_load.judging.real_traffic import REPORT, query_of_last, validate_and_print
from bizra_load.server_metrics.exposition import MetricsReader, ScrapeError
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from tests.unit.engine.hostile_server import hostile_server, secured

PAGE = b"# TYPE n_total counter\nn_total 5\n"
MATRIX = b'{"status": "success", "data": {"resultType": "matrix", "result": []}}'
VECTOR = b'{"status": "success", "data": {"resultType": "vector", "result": []}}'


def responds(body, seen, status=b"200 OK", extra=b""):
    def script(connection):
        with contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(65_536)
            seen.append(request)
            connection.sendall(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(body), extra, body))

    return script


@contextlib.contextmanager
def https(authority, body):
    with hostile_server(secured(authority, "127.0.0.1", responds(body, []))) as url:
        yield url.replace("http:", "https:")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


def ask_metrics(url, trust):
    return MetricsReader(f"{url}/metrics", trust=trust).read().counters == {"n_total": 5.0}


def ask_prometheus(url, trust):
    return PrometheusClient(url, timeout_s=2.0, trust=trust).query("up") == []


@pytest.mark.parametrize(("ask", "body"), [(ask_metrics, PAGE), (ask_prometheus, VECTOR)])
def test_a_private_authority_is_trusted_when_it_is_named_and_by_nobody_else(authority, ca_file, monkeypatch, ask, body):
    with https(authority, body) as url:
        assert ask(url, Trust(ca_file))
        assert ask(url, Trust(insecure=True))
        with pytest.raises(ScrapeError, match=r"TLS: certificate verify failed \(--ca-file names further authorities\)"):
            ask(url, Trust())
        monkeypatch.setenv("SSL_CERT_FILE", ca_file)  # as openssl, curl and Python know it
        assert ask(url, Trust())


@pytest.mark.parametrize("insecure", [True, False])
def test_a_judgement_says_that_the_certificate_of_prometheus_was_not_verified(authority, ca_file, tmp_path, capsys, insecure):
    trust = Trust("" if insecure else ca_file, insecure)
    with https(authority, MATRIX) as url:
        validate_and_print(url, "", query_of_last(60, read_agreement("local"), None), tmp_path, trust=trust)
    assert ("not verified (--insecure)" in " ".join(capsys.readouterr().out.split())) is insecure
    assert ("not verified (--insecure)" in (tmp_path / REPORT).read_text()) is insecure


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("http://node:8080/metrics", True),
        ("http://node:9464/metrics", False),
        ("https://node:8080/metrics", False),
        ("http://other:8080/metrics", False),
        ("http://node:8080@other:8080/metrics", False),
    ],
)
def test_headers_go_to_the_scheme_host_and_port_that_they_were_given_for(url, goes):
    given = {"X-Api-Key": "planted"}
    assert headers_for(url, given, "http://node:8080/base") == (given if goes else {})


def test_default_ports_are_the_schemes():
    assert headers_for("https://node/metrics", {"A": "b"}, "https://node:443") == {"A": "b"}


def test_headers_of_metrics_follow_no_redirect():
    seen, elsewhere = [], []
    with hostile_server(responds(PAGE, elsewhere)) as other:
        moved = responds(b"", seen, b"302 Found", b"Location: %b/metrics\r\n" % other.encode())
        with hostile_server(moved) as url, pytest.raises(ScrapeError, match="status 302"):
            MetricsReader(f"{url}/metrics", headers={"X-Api-Key": "planted"}).read()
        assert b"planted" in seen[0]
        assert elsewhere == []
        with hostile_server(moved) as url:  # without any, a redirect is followed
            assert MetricsReader(f"{url}/metrics").read().counters == {"n_total": 5.0}


def test_the_token_of_prometheus_follows_no_redirect_to_another_host():
    seen, elsewhere = [], []
    with hostile_server(responds(b'{"data": {"result": []}}', elsewhere)) as other:
        moved = responds(b"", seen, b"302 Found", b"Location: %b/api/v1/query\r\n" % other.encode())
        with hostile_server(moved) as url:
            assert PrometheusClient(url, "planted").query("up") == []
    assert b"Bearer planted" in seen[0]
    assert elsewhere
    assert not [request for request in elsewhere if b"planted" in request]
