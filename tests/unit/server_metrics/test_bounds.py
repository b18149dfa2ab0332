"""Metrics without end do not fill the memory or take longer than a scrape may."""

import contextlib
import gzip
import time
import tracemalloc

import pytest

from bizra_load.server_metrics.exposition import MAX_METRICS_BYTES, MAX_SAMPLES, MetricsReader, ScrapeError, parse
from bizra_load.server_metrics.prometheus import PrometheusSource
from tests.cpu_time import cpu_s
from tests.unit.engine.hostile_server import hostile_server


def endless(head: bytes, piece: bytes, pause_s: float = 0.0):
    def script(connection):
        connection.recv(65_536)
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            time.sleep(pause_s)

    return script


def redirects(connection):
    while connection.recv(65_536):
        connection.sendall(REDIRECT + b"Content-Length: 0\r\n\r\n")


GIGABYTE = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
BOMB = gzip.compress(b"a 1\n" * 25_000_000, 1)
GZIP = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB)
REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: /x\r\n"
HOSTILE = {
    "a body of 1 GB": endless(GIGABYTE, b"# x\n" * 16_384),
    "endless chunks": endless(CHUNKED, CHUNK),
    "endless headers": endless(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 1000 + b"\r\n"),
    "a slow drip": endless(GIGABYTE, b"#", 0.05),
    "a dripping head": endless(b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.05),
    "a dripping status line": endless(b"HTTP/1.1 200 O", b"K", 0.05),
    "an endless line in the head": endless(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65_536),
    "redirects without end": redirects,
    "a redirect with an endless body": endless(REDIRECT + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK),
    "a redirect with a dripping body": endless(REDIRECT + b"Content-Length: 1000\r\n\r\n", b"a", 0.05),
    "a redirect with a gzip bomb": endless(REDIRECT + GZIP, BOMB),
    "a gzip bomb": endless(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB),
}


@pytest.mark.parametrize("host", ["a..b", "a" * 64])
def test_a_redirect_to_a_host_that_can_be_no_name_is_one_failed_scrape(host):
    def script(connection):
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://%s/\r\nContent-Length: 0\r\n\r\n" % host.encode())

    with hostile_server(script) as url, pytest.raises(ScrapeError) as refused:
        MetricsReader(url + "/metrics", timeout_s=1.0).read()
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_metrics_endpoint_is_one_failed_scrape(name):
    with hostile_server(HOSTILE[name]) as url:
        begin = time.monotonic()
        tracemalloc.start()
        with pytest.raises(ScrapeError) as refused:
            MetricsReader(url + "/metrics", timeout_s=0.5).read()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert time.monotonic() - begin < 10
    assert peak < 8 * MAX_METRICS_BYTES
    assert str(refused.value).isprintable()


def test_a_line_that_keeps_the_parser_busy_is_refused_at_once():
    def refused():
        with pytest.raises(ScrapeError, match="a line of more than 8,192 bytes"):
            parse(b'm{a="' + b"\\\\" * 3_900_000 + b'"} 1\n', "http://x/metrics", 1, 1)

    assert cpu_s(refused) < cpu_s(lambda: parse(page_of(USUAL), "http://x/metrics", 1, 1, ["b"]))


def test_a_long_line_that_nobody_asked_for_refuses_nothing():
    """The parser's time goes with the square of a line's length: it does not see these."""
    long = b"x" * 20_000
    page = b"# HELP other_total " + long + b'\nother_total{a="' + long + b'"} 7\nb_total 2\n'
    assert parse(page, "http://x/metrics", 1, 1, ["b_total"]).counters == {"b_total": 2}
    with pytest.raises(ScrapeError, match=r"a line of more than 8,192 bytes: other_total$"):
        parse(page, "http://x/metrics", 1, 1)
    with pytest.raises(ScrapeError, match=r"a line of more than 8,192 bytes: b_total$"):
        parse(page + b'b_total{a="' + long + b'"} 7\n', "http://x/metrics", 1, 1, ["b_total"])


@pytest.mark.parametrize(
    ("head", "body", "value"),
    [
        (b"", b"a_total 1\nb_total 1234\n", 1234),
        (b"", b"a_total 1\nb_total 12", None),  # of 1234: cut where the connection ended
        (b"Content-Length: 20\r\n", b"a_total 1\nb_total 12", 12),  # all of it, though its last line has no end
    ],
)
def test_a_page_that_may_be_cut_within_a_number_is_no_scrape(head, body, value):
    def serve(connection):
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"Connection: close\r\n\r\n" + body)

    with hostile_server(serve) as url:
        reader = MetricsReader(url + "/metrics", timeout_s=2.0)
        if value is None:
            with pytest.raises(ScrapeError, match="the page ends within a line, and its response says no length"):
                reader.read()
        else:
            assert reader.read().counters["b_total"] == value


def test_too_many_samples_are_refused():
    text = b"".join(b"a%d 1\n" % n for n in range(MAX_SAMPLES + 1))
    with pytest.raises(ScrapeError, match="more than 50,000 samples"):
        parse(text, "http://x/metrics", 1, 1)


USUAL = b'requests_total{method="get",code="200"} 1'
LINES = {
    "labels": b"a{" + b"".join(b'x%d="y",' % n for n in range(750)) + b"} 1",
    "escaped quotes": b'a{x="' + b'\\"' * 4000 + b'"} 1',
    "backslashes": b'a{x="' + b"\\\\" * 4000 + b'"} 1',
}


def page_of(line):
    """An eighth of what a page may hold."""
    return b"\n".join([line] * (MAX_METRICS_BYTES // len(line) // 8))


@pytest.mark.parametrize("name", LINES)
def test_no_page_keeps_the_parser_busy(name):
    """Its time goes with the square of a line's length: a line of 8 MB took minutes."""
    with pytest.raises(ScrapeError, match="a line of more than 8,192 bytes"):
        parse(LINES[name] * 500, "http://x/metrics", 1, 1)
    taken_s = [cpu_s(lambda: parse(page_of(line), "http://x/metrics", 1, 1, ["b"])) for line in (LINES[name], USUAL)]  # noqa: B023
    assert taken_s[0] < 10 * taken_s[1]


def test_a_prometheus_that_answers_without_end_or_nonsense_is_refused():
    nonsense = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"

    def answers(connection):
        with contextlib.suppress(OSError):
            connection.recv(65_536)
            connection.sendall(nonsense)

    for script in (endless(GIGABYTE, b"x", 0.05), answers):
        with hostile_server(script) as url, pytest.raises(ScrapeError):
            PrometheusSource(url, (), timeout_s=1.0).check()


def test_a_password_in_the_address_is_not_in_the_message():
    with pytest.raises(ScrapeError) as refused:
        MetricsReader("http://me:planted@127.0.0.1:1/metrics").read()
    assert "planted" not in str(refused.value)
